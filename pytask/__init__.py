"""A pipeline task that builds and pushes a container image, points a Function App at it, and verifies the app.

The main packages and modules, roughly in the order in which a run uses them (`run.py` has one function per command):

=============== =================================================== ======================================
package         does                                                must not
=============== =================================================== ======================================
`agent`         talks to the pipelines agent                        use Azure or Docker
`inputs`        turns inputs and agent variables into one `Plan`    change anything, or call Azure
`build_stage`   builds the image while a preflight runs             load a vendor's library
`stages`        the preflight of each command; the push             be loaded before the build starts
`builders`      the `Builder` protocol; one package per kind        call Azure Resource Manager
`inspection`    reads the layers of an image                        change anything
`network`       the agent's proxy and certificates; retries         know what a Function App is
`cloud`         signs in; the one HTTP client                       know what a Function App is
`registry`      tokens, manifests and blobs of the registry         write to the registry
`access`        pull access: inspects, grants, waits                know what kind of app it is
`rollout`       pull access, update, verification, rollback         know a platform
`verification`  the rounds of a verification and its verdict        know a platform
`targets`       the `Target` protocol; one package per kind         know Docker
`journal`       what was attempted, and the result                  change or drop an event
`report`        plan, log, outputs, summary, state after a failure  decide anything
=============== =================================================== ======================================

All of them use `clock`, `decode` (foreign JSON, by shape), `model` (the records, in the order in which a run creates
them) and `errors` (every failure that a person may see). Imports go one way, from `edge` and `run` down to
`errors`; a test of the syntax trees enforces this.
"""

__version__ = "1.0.0"

DOCS = "docs"
"""Where the page of a failure is: in this repository, or at the address that `npm run package` puts here."""
