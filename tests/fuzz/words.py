"""The words that the product's parsers look for."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache

from hypothesis import strategies as st

from tests.fuzz.texts import made_of
from tests.platform_lines import classic, classic_start, of_2025, start_of_2025

REFERENCES = (
    "contoso.azurecr.io",
    "localhost:5000",
    "shop",
    ":7",
    "@sha256:" + "a" * 64,
    "sha256:",
    "https://",
    "library/",
    "-",
    "_",
    ".",
    "application/vnd.oci.image.index.v1+json",
)
IDS = (
    "/subscriptions/s/resourceGroups/g/providers/",
    "Microsoft.Web/sites/shop",
    "/slots/blue",
    "Microsoft.ContainerRegistry/registries/contoso",
    "Microsoft.ManagedIdentity/userAssignedIdentities/i",
    "00000000-0000-0000-0000-000000000000",
    "{",
    '"loginServer"',
)
CHALLENGES = (
    "Bearer ",
    "Basic ",
    "realm=",
    '"https://contoso.azurecr.io/oauth2/token"',
    "service=",
    "scope=",
    "error=",
)
BUILD = (
    "#1 [internal] load build definition",
    "#5 [2/4] RUN make",
    "#5 ERROR: ",
    "#5 0.1 ",
    "#5 DONE",
    "ERROR: failed to solve: ",
    "------\n",
    " > [2/4] RUN make:\n",
    "Dockerfile:7\n",
    "   7 | >>> RUN make\n",
    'process "/bin/sh -c make" did not complete successfully: exit code: 1',
    "failed to compute cache key: ",
    '"/x": not found',
    "forbidden path outside the build context: ",
    ": no such file or directory",
    "pull access denied",
    "429 too many requests",
    "[internal] load metadata for docker.io/library/x:1",
    "FROM ",
    "--platform=",
    "unknown flag: ",
    "secret x: not found",
    "no space left on device",
    "Cannot connect to the Docker daemon",
    "exec format error",
    "x509: ",
)
PUSH = (
    "denied: ",
    "unauthorized",
    "403 Forbidden",
    "client with IP '1.2.3.4' is not allowed access",
    'Head "https://r.io/v2/": ',
    "dial tcp: lookup r.io: no such host",
    "x509: certificate",
    "EOF",
    "i/o timeout",
    "failed to fetch oauth token",
    "proxyconnect tcp",
    "toomanyrequests",
    "quota",
    "tag is locked",
    "manifest invalid",
    "\\u0027",
    "<html>",
)
DOCKERFILE = (
    "# syntax=docker/dockerfile:1\n",
    "# escape=`\n",
    "FROM ",
    "ARG A=",
    "RUN --mount=type=secret,id=x",
    "COPY --from=r.io/x ",
    "<<EOF",
    "EOF\n",
    "\\\n",
    "`\n",
    "$A",
    "${A:-r.io/x}",
    "ONBUILD ",
    "r.io/x:1",
    "AS b\n",
)
FLAGS = ("--build-arg ", "--label=", "A=b", "--secret", "--no-cache", "-t ", '"', "'", "\\\n", "--", "--add-host=", "%")
DATES = ("Fri, 27 Nov 2026 12:00:00 GMT", "Fri, ", "99", "-1", "+9999", "GMT", "Nov", "2026", "12:00:00", ":")
ARM = (
    "AuthorizationFailed",
    "LinkedAuthorizationFailed",
    "ScopeLocked",
    "RequestDisallowedByPolicy",
    'Policy identifiers: \'[{"policyAssignment":{"name":"x"}}]\'',
    "MissingSubscriptionRegistration",
    "namespace 'Microsoft.App'",
    "perform action 'x' over scope '/subscriptions/s'",
    "linked scope",
    "InvalidApiVersionParameter",
    "supported versions are '2024-01-01,2025-01-01-preview'",
    "another operation is in progress",
    "additionalInfo",
    "policyDefinitionDisplayName",
    "ExtendedCode",
    "Message",
    "Code",
    "odata.error",
    "error_description",
    "<html>",
)
ENTRA = (
    "AADSTS700016: ",
    "AADSTS7000215",
    "AADSTS70021",
    "invalid_client",
    "Correlation ID: ",
    "Trace ID: x",
    "Assertion audience claim",
    "issuer: 'x'",
    "subject: 'y'",
    "'https://management.azure.com'",
    "\r\n",
)
PEM = (
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----",
    "BEGIN ",
    "Proc-Type: 4,ENCRYPTED",
    "MIIB",
    "=",
    "ENCRYPTED",
)
_LOG_LINES = (
    *classic_start().splitlines(keepends=True),
    *start_of_2025().splitlines(keepends=True),
    classic(6, "Container shop_1_0a1b2c3d for site shop has exited, failing site start", "ERROR"),
    classic(6, "Container shop_1_0a1b2c3d didn't respond to HTTP pings on port: 80, failing site start", "ERROR"),
    classic(6, "Image pull failed: Verify docker image configuration", "ERROR"),
    classic(6, "DockerApiException: Docker API responded with status code=InternalServerError", "ERROR"),
    classic(1, "docker run -d --name shop_1_0a -e A="),
    of_2025(6, "Site container: shop terminated during site startup."),
    of_2025(6, "Container has finished running with exit code: 3."),
    of_2025(6, "Failed to pull image: x. Image pull failed."),
    "Error: Cannot find module express\n",
    "exec /start.sh: exec format error\n",
)
_LOG_WORDS = (
    "docker run -d ",
    "--name shop_1_0a",
    " -e A='",
    "Image ",
    "Pulling image: ",
    "contoso.azurecr.io/shop:7",
    "Container shop_1_0a for site shop ",
    " Digest: sha256:" + "a" * 64,
    "2026-11-27T12:00:01.000Z INFO  - ",
    "2026-11-27T12:00:01.1234567Z ",
    "2026-99-99T99:99:99.999Z ERROR - ",
)


def platform_logs() -> st.SearchStrategy[str]:
    """Return a strategy for the platform's log: whole lines in any order, and lines that are none."""
    lines = st.lists(st.sampled_from(_LOG_LINES) | made_of(*_LOG_WORDS), max_size=12).map("".join)
    return lines | made_of(*_LOG_WORDS)


def build_outputs() -> st.SearchStrategy[str]:
    """Return a strategy for the last lines of a build."""
    return st.lists(made_of(*BUILD), max_size=8).map("\n".join)


@cache
def folder() -> str:
    """Return a folder for what a parser reads from a file."""
    made = tempfile.mkdtemp(prefix="fuzz-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
