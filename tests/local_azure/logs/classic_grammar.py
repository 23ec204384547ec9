"""What the platform writes into its log in the classic form, step by step. Data only.

Taken from published logs, in the order in which they have the lines:
https://github.com/Azure/webapps-deploy/issues/454 (pull failures),
https://github.com/Azure/azure-functions-docker/issues/1053 (a Function App's start by tag, msiProxy, middleware),
https://github.com/kosli-dev/cli/blob/main/design-docs/azure_env_reporting_algorithm.md (by digest),
https://github.com/Azure-Samples/azure-search-openai-demo/issues/963 (an exit beside two containers that are ready),
https://github.com/Azure/data-api-builder/issues/2639 (no answer, and the middleware warmed up after it),
https://github.com/Azure/acr/issues/124 (msiProxy),
https://github.com/MicrosoftDocs/azure-docs/issues/113640 (Kudu in the other form, in the same log),
https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/ (user ids out of range).
"""

from __future__ import annotations

PULLING = "INFO Pulling image: {image}"
RECYCLING = "INFO Recycling container because of AppSettingsChange and isMainSite = True"
"""Instead of a line for the pull, where the image is known already."""
PULLED = ("INFO {tag} Pulling from {path}",)
LAYERS = (
    "INFO {layer} Pulling fs layer",
    "INFO {layer} Downloading 308KB / 308KB",
    "INFO {layer} Verifying Checksum",
    "INFO {layer} Download complete",
    "INFO {layer} Extracting 32KB / 308KB",
    "INFO {layer} Pull complete",
)
PULLED_AT_LAST = ("INFO  Digest: {digest}", "INFO  Status: {status} {image}")
TIME_TAKEN = (
    "INFO Pull Image successful, Time taken: {whole} Seconds",
    "INFO Pull Image successful, Time taken: 0 Minutes and {whole} Seconds",
)
NEW, SAME = "Downloaded newer image for", "Image is up to date for"
PULL_REFUSED = "ERROR DockerApiException: Docker API responded with status code={status}, response={response}"
LAYER_REFUSED = "ERROR {text}Err: 0, Message: {text}"
LOCAL_COPY = "WARN Image pull failed. Defaulting to local copy if present."
NO_LOCAL_COPY = (
    "ERROR Image pull failed: Verify docker image configuration and credentials (if using private repository)"
)
STARTING = ("INFO Starting container for site", "INFO docker run -d {port} --name {container} {variables}{run}  ", "")
NOT_LOGGED = (
    "INFO Logging is not enabled for this container.",
    "|Please use https://aka.ms/linux-diagnostics to enable logging to see container logs here.",
)
"""After the platform's own containers; the second line has nothing before it."""
WARMING_UP = "INFO Initiating warmup request to container {container} for site {site}"
WAITING = "INFO Waiting for response to warmup request for container {container}. Elapsed time = {seconds:.7f} sec"
READY = "INFO Container {container} for site {site} initialized successfully and is ready to serve requests."
EXITED = "ERROR Container {container} for site {site} has exited, failing site start"
SILENT = (
    "ERROR Container {container} for site {site} did not start within expected time limit. "
    "Elapsed time = {seconds:.7f} sec"
)
NO_ANSWER = (
    "ERROR Container {container} didn't respond to HTTP pings on port: {number}, failing site start. "
    "See container logs for debugging."
)
_BAD_REQUEST = "Docker API responded with status code=BadRequest, response={response}"
_AGGREGATE = "System.AggregateException, One or more errors occurred."
NOT_CREATED = (
    f"ERROR Container start failed for {{container}} with {_AGGREGATE} ({_BAD_REQUEST}",
    "|)",
    f"|InnerException: Docker.DotNet.DockerApiException, {_BAD_REQUEST}",
    "",
)
CRASHED = "ERROR Container {container} for site {site} has exited with code {code}, restarting"
FAILED = "INFO Stopping site {site} because it failed during startup."
KUDU_STOPPED = (
    "Container is terminating. Grace period: 0 seconds.",
    "Stopping container: {site}_kudu_{hash}.",
    "Deleting container: {site}_kudu_{hash}",
    "Container spec TerminationMessagePolicy path",
    "Container is terminated. Total time elapsed: 4585 ms.",
)
"""Kudu speaks in the other form, also beside a site that speaks in this one."""

SIDECARS = {
    "msiProxy": ("mcr.microsoft.com/appsvc/msitokenservice:stage4", 8081, ""),
    "middleware": (
        "mcr.microsoft.com/appsvc/middleware:stage5",
        8181,
        " /Host.ListenUrl=http://0.0.0.0:8181 /Host.DestinationHostUrl=http://172.16.3.4:80 /Host.UseFileLogging=true",
    ),
}
"""The platform's own containers: image, port, and what stands behind the image when they are run."""
MIDDLEWARE_DIGEST = "sha256:38bf08d2efff967c2eedd8375eacddca7d3fed318135893dc3d7556f0f532312"
