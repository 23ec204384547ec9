"""Builds a container image, pushes it, points a Function App at it and verifies that the app runs it.

The rooms, in the order a run passes them (`run.py` is the whole run, top to bottom):

=============== ===================================================== ==========================================
room            does                                                  may not
=============== ===================================================== ==========================================
`agent`         speaks with the pipelines agent                       touch Azure or Docker
`inputs`        task inputs and agent variables to one `Plan`         change anything, or ask Azure
`plan`          shows the plan, before anything is done               do input or output
`stages`        preflight, push, inspect, update, verify, roll back  be loaded before the build has begun
`image`         builds, inspects and pushes with Docker               call Azure Resource Manager
`cloud`         signs in; the one HTTP client                           know what a Function App is
`registry`      tokens, manifests and blobs of the registry           write to the registry
`functionapp`   finds, updates, verifies and explains the Function App  know Docker
`report`        outputs, summary, and the state things are in         change anything
=============== ===================================================== ==========================================

Below them lie `clock`, `model` (the records, in the order they come to be) and `errors` (every failure a person may
see). Imports go one way, from `__main__` and `run` down to `errors`; a test over the syntax trees holds it.
"""

__version__ = "1.0.0"
