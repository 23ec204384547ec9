"""Builds a container image, pushes it, points a Function App at it and verifies that the app runs it.

The rooms, in the order a run passes them (`run.py` is the whole run, top to bottom):

=============== =================================================== ======================================
room            does                                                may not
=============== =================================================== ======================================
`agent`         speaks with the pipelines agent                     touch Azure or Docker
`inputs`        task inputs and agent variables to one `Plan`       change anything, or ask Azure
`stages`        preflight, push, inspect, update, verify, roll back be loaded before the build has begun
`builders`      builds and pushes, one package for each kind        call Azure Resource Manager
`inspection`    reads the layers of an image                        change anything
`cloud`         signs in; the one HTTP client                       know what a Function App is
`registry`      tokens, manifests and blobs of the registry         write to the registry
`targets`       finds, updates, observes, rolls back an app         know Docker
`verification`  the rounds of a verification, its verdict           know a platform
`report`        plan, log, outputs, summary, how things are left    change anything
=============== =================================================== ======================================

Below them lie `clock`, `model` (the records, in the order they come to be) and `errors` (every failure a person may
see). Imports go one way, from `__main__` and `run` down to `errors`; a test over the syntax trees holds it.
"""

__version__ = "1.0.0"
