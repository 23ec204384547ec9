"""Builds a container image, pushes it, points a Function App at it and proves that the app runs it.

The rooms, in the order a run passes them (`run.py` is the whole run, top to bottom):

=============== ===================================================== ==========================================
room            does                                                  may not
=============== ===================================================== ==========================================
`agent`         speaks with the pipelines agent                       touch Azure or Docker
`inputs`        task inputs and agent variables to `Inputs`           change anything
`plan`          decides everything, before anything is done           do input or output
`image`         builds and pushes with Docker                         call Azure
`cloud`         signs in; the one HTTP door                           know what a Function App is
`registry`      tokens, manifests and blobs of the registry           write to the registry
`functionapp`   finds, updates and proves the Function App            know Docker
=============== ===================================================== ==========================================

Below them lie `clock`, `model` (the records, in the order they come to be) and `errors` (every failure a person may
see). Imports go one way: `__main__`, `run`, `inputs`/`plan`/`report`, the rooms, `model`, `errors`.
"""

__version__ = "0.1.0"
