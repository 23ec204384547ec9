"""Exhibits whose image is broken."""

from __future__ import annotations

import base64
import os
import subprocess
from typing import TYPE_CHECKING

from tests.gallery.exhibit import Exhibit
from tests.images import ARM64_PROGRAM, BASE, push

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.pipeline import Pipeline

_API_KEY = "k7Qz-0815-of-the-orders-service"
_ACCOUNT_KEY = "bm90LWEtcmVhbC1rZXk="
_SETTINGS = {
    "ORDERS_API_KEY": _API_KEY,
    "ORDERS_STORAGE": f"DefaultEndpointsProtocol=https;AccountName=orders;AccountKey={_ACCOUNT_KEY};EndpointSuffix=x.y",
}
_FUNCTION = "HttpTriggerSample/__init__.py"


def dockerfile(*lines: str) -> Mapping[str, str]:
    """Return the checkout's Dockerfile: the example's functions on the base image, and these lines."""
    return {"Dockerfile": "\n".join([f"FROM {BASE}", "COPY . /home/site/wwwroot", *lines, ""])}


def program(text: str) -> Mapping[str, str]:
    """Return the checkout of an image that runs a Python program instead of the Functions host."""
    return {"main.py": text, **dockerfile("COPY main.py /main.py", 'CMD ["python3", "/main.py"]')}


_FOR_ARM64 = {
    "program.b64": base64.b64encode(ARM64_PROGRAM).decode(),
    "Dockerfile": 'FROM scratch\nCOPY program.b64 /program\nCMD ["/program"]\n',
}


def _arm64_in_the_registry(pipeline: Pipeline) -> Mapping[str, str]:
    reference = "contoso.azurecr.io/hello-function:for-arm64"
    for name, text in _FOR_ARM64.items():
        (pipeline.sources / name).write_text(text)
    machine = {**os.environ, "DOCKER_HOST": pipeline.azure.agent_engine.url, "DOCKER_BUILDKIT": "1"}
    # The library knows the classic builder only, which ignores the platform.
    command = ["/usr/bin/docker", "build", "--quiet", "--platform=linux/arm64", f"--tag={reference}", "."]
    subprocess.run(command, cwd=pipeline.sources, env=machine, check=True, stdout=subprocess.DEVNULL)
    push(pipeline.azure.agent_engine, reference, pipeline.principal)
    return {"command": "deploy", "imageName": reference}


IMAGES = (
    Exhibit(
        name="exits-at-once",
        title="The program in the image ends at once: a Python module is missing",
        code="container-exits",
        words=("ModuleNotFoundError: No module named 'requestz'",),
        files=program("import requestz\n"),
    ),
    Exhibit(
        name="exits-at-once-2025",
        title="The same, on an app whose platform log has the form of 2025",
        code="container-exits",
        words=("ModuleNotFoundError: No module named 'requestz'", "exit code: 1"),
        minutes="0.15",
        log="2025",
        files=program("import requestz\n"),
    ),
    Exhibit(
        name="exits-behind-a-login",
        title="The program ends at once, and the container that asks who calls is ready all the same",
        code="container-exits",
        words=("ModuleNotFoundError: No module named 'requestz'",),
        login=True,
        files=program("import requestz\n"),
    ),
    Exhibit(
        name="exits-behind-a-login-2025",
        title="The same, on an app whose platform log has the form of 2025",
        code="container-exits",
        words=("ModuleNotFoundError: No module named 'requestz'", "exit code: 1"),
        log="2025",
        login=True,
        files=program("import requestz\n"),
    ),
    Exhibit(
        name="wrong-port",
        title="The program listens on port 8080",
        code="container-silent",
        minutes="0.12",  # longer than the platform waits
        words=("port: 80", "Serving HTTP on 0.0.0.0 port 8080", "WEBSITES_PORT"),
        files=dockerfile('CMD ["python3", "-m", "http.server", "8080"]'),
    ),
    Exhibit(
        name="loopback-only-2025",
        title="The program listens on 127.0.0.1 only (log of 2025)",
        code="container-silent",
        minutes="0.12",  # longer than the platform waits
        words=("127.0.0.1",),
        log="2025",
        files=dockerfile('CMD ["python3", "-m", "http.server", "80", "--bind", "127.0.0.1"]'),
    ),
    Exhibit(
        name="never-answers",
        title="The program runs and never answers",
        code="container-silent",
        minutes="0.12",  # longer than the platform waits
        words=("didn't respond to HTTP pings",),
        files=dockerfile('CMD ["sleep", "infinity"]'),
    ),
    Exhibit(
        name="never-answers-behind-a-login-2025",
        title="The program runs and never answers, beside Kudu and two more containers (log of 2025)",
        code="container-silent",
        minutes="0.12",  # longer than the platform waits
        words=("startup probe failed",),
        log="2025",
        login=True,
        files=dockerfile('CMD ["sleep", "infinity"]'),
    ),
    Exhibit(
        name="slow-start",
        title="The Functions host takes longer to start than the platform waits",
        code="container-silent",
        minutes="0.12",  # longer than the platform waits
        words=("WEBSITES_CONTAINER_START_TIME_LIMIT",),
        files=dockerfile("ENV SANDBOX_START_SECONDS=60"),
    ),
    Exhibit(
        name="arm64-build",
        title="The image is built for arm64",
        code="wrong-platform",
        words=("linux/arm64", "linux/amd64"),
        ending="untouched",
        files=_FOR_ARM64,
        broken=lambda _: {"platform": "linux/arm64"},
    ),
    Exhibit(
        name="arm64-promoted",
        title="An image for arm64 that is in the registry already is deployed",
        code="wrong-platform",
        words=("linux/arm64", "linux/amd64"),
        ending="untouched",
        broken=_arm64_in_the_registry,
    ),
    Exhibit(
        name="arm64-program",
        title="The image says amd64, the program in it is for arm64",
        code="image-architecture",
        words=("exec format error",),
        files={
            "program.b64": base64.b64encode(ARM64_PROGRAM).decode(),
            **dockerfile(
                "RUN base64 -d /home/site/wwwroot/program.b64 >/program; chmod 755 /program", 'CMD ["/program"]'
            ),
        },
    ),
    Exhibit(
        name="script-without-first-line",
        title="The start script has no first line #!/bin/sh",
        code="image-architecture",
        words=("#!/bin/sh",),
        files=dockerfile("RUN echo 'exec python3 -m functions_host' >/start; chmod 755 /start", 'CMD ["/start"]'),
    ),
    Exhibit(
        name="script-with-windows-line-ends-2025",
        title="The start script has Windows line ends (log of 2025, where only the engine's own line tells)",
        code="image-architecture",
        words=("no such file or directory", "Windows line endings"),
        log="2025",
        files=dockerfile(
            r"RUN printf '#!/bin/sh\r\nexec python3 -m functions_host\r\n' >/start; chmod 755 /start", 'CMD ["/start"]'
        ),
    ),
    Exhibit(
        name="script-that-may-not-run",
        title="The start script has no permission to be executed",
        code="container-start-failed",
        words=("/start", "permission denied"),
        files=dockerfile("RUN printf '#!/bin/sh\\nexec python3 -m functions_host\\n' >/start", 'CMD ["/start"]'),
    ),
    Exhibit(
        name="uid-in-a-middle-layer",
        title="A file of uid 1000000000 in a middle layer, given to root later",
        code="owner-out-of-range",
        words=("/data", "1000000000", "RUN touch /data"),
        ending="untouched",
        files=dockerfile("RUN touch /data && chown 1000000000 /data", "RUN chown 0:0 /data"),
    ),
    Exhibit(
        name="no-functions",
        title="The image has no functions: /home/site/wwwroot is empty",
        code="no-functions",
        words=("/home/site/wwwroot",),
        files={"Dockerfile": f"FROM {BASE}\n"},
    ),
    Exhibit(
        name="storage-broken",
        title="The image brings a connection string for its storage that cannot be read",
        code="storage-broken",
        words=("AzureWebJobsStorage",),
        settings={"AzureWebJobsStorage": None},
        files=dockerfile("ENV AzureWebJobsStorage=stcontoso"),
    ),
    Exhibit(
        name="host-error",
        title="The Functions host runs, and cannot load the function",
        code="host-error",
        words=("HttpTriggerSample", "No module named 'requestz'"),
        files={_FUNCTION: "import requestz\n\ndef main(req):\n    return 'Bonjour'\n"},
    ),
    Exhibit(
        name="smoke-test-500",
        title="The function fails, and the smoke test sees it",
        code="smoke-test-failed",
        words=("/api/HttpTriggerSample", "2xx", "500"),
        files={_FUNCTION: "def main(req):\n    raise RuntimeError('no database')\n"},
        broken=lambda _: {"smokeTestPath": "/api/HttpTriggerSample?name=you"},
    ),
    Exhibit(
        name="secrets-in-the-last-lines",
        title="The dying container prints the app's secrets",
        code="container-exits",
        words=("***", "RuntimeError: cannot reach the orders service"),
        never=(_API_KEY, _ACCOUNT_KEY),
        settings=_SETTINGS,
        files=program(
            "import os\n"
            "print('calling with', os.environ['ORDERS_API_KEY'])\n"
            "print('storage is', os.environ['ORDERS_STORAGE'])\n"
            "print('storage key is', os.environ['ORDERS_STORAGE'].split('AccountKey=')[1].split(';')[0])\n"
            "raise RuntimeError('cannot reach the orders service')\n"
        ),
    ),
    Exhibit(
        name="commands-in-the-last-lines",
        title="The dying container prints commands for the agent",
        code="container-exits",
        words=("variable=runningImage]forged",),
        log="classic_raw",
        files=program(
            "print('##vso[task.setvariable variable=runningImage]forged')\n"
            "print('x ##vso[task.complete result=Succeeded]done')\n"
            "print('##[error]not an error of the task')\n"
            "raise SystemExit(3)\n"
        ),
    ),
)
"""In the order they are shown."""
