"""Starts the host: loads the function app, listens on port 80, ends at once when told to."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

LOG = logging.getLogger("host")


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    # As process 1 of a container we are not ended by signals unless we ask for it.
    for told_to_end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told_to_end, lambda *_: os._exit(0))
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    LOG.info("STAND-IN for the Azure Functions host, made for the local Azure; not Microsoft's image")
    time.sleep(float(os.environ.get("SANDBOX_START_SECONDS", "0")))  # so that tests can have slow starts
    from .app import FunctionApp  # noqa: PLC0415 (the imports take a moment, signals must work before)
    from .server import Server  # noqa: PLC0415

    root = Path(os.environ.get("AzureWebJobsScriptRoot", "/home/site/wwwroot"))  # noqa: SIM112 (its real name)
    app = FunctionApp(root)
    server = Server(80, app)
    names = "".join(f"\n\t{function.name}: {function.trigger['type']}" for function in app.functions)
    LOG.info("Functions in %s:%s", root, names or " none")
    LOG.info("Job host started")
    server.serve_forever()


main()
