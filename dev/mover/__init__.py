"""The mover: rewrites a pipeline's YAML from the old tasks to FunctionAppContainerDeploy@1.

`npm run docs` joins these modules into docs/move_over.py, the one file that people download. Names at the top of a
module are therefore unique across all modules.
"""
