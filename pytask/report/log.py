"""What the log says before, during and after the work: who runs, what was changed, the verdict."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from pytask import __version__
from pytask.model import Verdict
from pytask.report.settings import property_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.builders.docker.cli import DockerCli
    from pytask.model import Deployment, Network, Verification


def header(docker: DockerCli | None, network: Network) -> str:
    """Return the first lines of the log: who runs, and how this agent was configured to reach the network."""
    told = f" · Docker {docker.version}, BuildKit" if docker else ""
    first = f"FunctionAppContainerDeploy {__version__} · Python {platform.python_version()}{told}"
    ways = "; ".join(_ways(network))
    return f"{first}\nNetwork: {ways}" if ways else first


def _ways(network: Network) -> Iterator[str]:
    if network.proxy:
        bypass = f", not for {', '.join(one.pattern for one in network.bypass)}" if network.bypass else ""
        yield f"proxy {network.proxy.title}{bypass}"
    if network.authorities:
        yield f"trusting {network.authorities} too"
    if network.client_certificate:
        yield f"with the client certificate {network.client_certificate.certificate}"


def tell_deployed(deployment: Deployment) -> str:
    """Return what was changed, in one line."""
    before, digest = deployment.target.image or "none", f" ({deployment.digest})" if deployment.digest else ""
    beside = f"\nconfiguration  {property_names(deployment.changed)} changed" if deployment.changed else ""
    if before != deployment.reference:
        return f"image  {before} → {deployment.reference}{digest}{beside}"
    why = "restarted" if deployment.restarted else "restarted by the change"
    return f"image  {deployment.reference} as before{digest}; {why}, so that it is pulled again{beside}"


def tell_verification(verification: Verification) -> str:
    """Return the verdict, and what it rests on."""
    checks = ", ".join(check for check, _ in verification.passed)
    verified = verification.verdict is Verdict.VERIFIED
    rows = [f"Verified: {checks}" if verified else f"Unverified; what was seen: {checks}"]
    rows += [f"  {check:<14}  {rests_on}" for check, rests_on in verification.passed]
    return "\n".join(rows)


def tell_unverified(verification: Verification) -> str:
    """Return the warning for checks that could not be made."""
    gaps = "; ".join(f"{check} ({reason})" for check, reason in verification.unavailable)
    return f"unverified: the app is configured with the image, but these checks could not be made: {gaps}"
