"""Builds a container image, pushes it, points a Function App at it and verifies that the app runs it.

The rooms, in the order a run passes them (`run.py` is the whole run: one function for each command):

=============== =================================================== ======================================
room            does                                                may not
=============== =================================================== ======================================
`agent`         speaks with the pipelines agent                     touch Azure or Docker
`inputs`        task inputs and agent variables to one `Plan`       change anything, or ask Azure
`build_stage`   builds the image beside a preflight                 load a library of a vendor
`stages`        a preflight for each command; the push              be loaded before the build has begun
`builders`      the `Builder` protocol; a package for each kind     call Azure Resource Manager
`inspection`    reads the layers of an image                        change anything
`cloud`         signs in; the one HTTP client                       know what a Function App is
`registry`      tokens, manifests and blobs of the registry         write to the registry
`access`        the app's right to pull: looks, grants, waits       know what kind of app it is
`rollout`       pull access, update, verification, rollback         know a platform
`verification`  the rounds of a verification, its verdict           know a platform
`targets`       the `Target` protocol; a package for each kind      know Docker
`journal`       what was attempted and what came of it              forget or change anything
`report`        plan, log, outputs, summary, how things are left    change anything
=============== =================================================== ======================================

Below them lie `clock`, `decode` (JSON of others, by shape), `model` (the records, in the order they come to be) and
`errors` (every failure a person may see). Imports go one way, from `__main__` and `run` down to `errors`; a test over
the syntax trees holds it.
"""

__version__ = "1.0.0"
