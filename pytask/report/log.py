"""The log lines before, during and after the work: versions, changes, the verdict."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from pytask import __version__
from pytask.errors.foreign import listed
from pytask.journal import (
    AccessGiven,
    HeldBack,
    LeftAsItIs,
    MadeSticky,
    NotRolledBack,
    PreflightPassed,
    Released,
    RollbackFailed,
    RolloutFailed,
)
from pytask.model import SettingsChange, Swapped, Update, Verdict, Verification
from pytask.report.plan import render_plan
from pytask.report.settings import property_names, tell_lost, tell_settings
from pytask.report.swap import tell_swap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.agent.console import Console
    from pytask.journal import Event
    from pytask.model import Network, Plan


def begin(plan: Plan, console: Console, network: Network, builder: str = "") -> None:
    """Log the versions, the network configuration, the plan and its warnings."""
    console.line(header(builder, network))
    console.line(render_plan(plan))
    for warning in plan.warnings:
        console.warning(warning)


def header(builder: str, network: Network) -> str:
    """Return the first lines of the log: the versions, and how this agent is configured to reach the network."""
    builder_title = f" · {builder}" if builder else ""
    first = f"FunctionAppContainerDeploy {__version__} · Python {platform.python_version()}{builder_title}"
    ways = "; ".join(_ways(network))
    return f"{first}\nNetwork: {ways}" if ways else first


def tell(event: Event, console: Console) -> None:
    """Log an event that people want to know about at once."""
    if text := _text(event):
        console.line(text)
    if isinstance(event, SettingsChange) and event.lost:
        console.warning(tell_lost(event))
    if isinstance(event, HeldBack):
        console.warning(tell_held_back(event.update))


def _text(event: Event) -> str:
    match event:
        case PreflightPassed(text) | LeftAsItIs(text):
            return text
        case AccessGiven(done=done, role_at=role_at):
            return f"  {'identity' if role_at is None else 'role':<9} {done}"
        case Update():
            return tell_swap(event) if isinstance(event, Swapped) else tell_update(event)
        case Verification():
            return tell_verification(event)
        case NotRolledBack() | RollbackFailed() | RolloutFailed():
            return tell_failed(event)
        case _:
            return _text_of_changes(event)


def _text_of_changes(event: Event) -> str:
    if isinstance(event, MadeSticky):
        return f"settings  now slot settings: {listed(event.names)}"
    if isinstance(event, Released):
        return f"traffic  {event.told}"
    return tell_settings(event) if isinstance(event, SettingsChange) else ""


def _ways(network: Network) -> Iterator[str]:
    if network.proxy:
        bypass = f", except for {', '.join(one.pattern for one in network.bypass)}" if network.bypass else ""
        yield f"proxy {network.proxy.title}{bypass}"
    if network.authorities:
        yield f"also trusting {network.authorities}"
    if network.client_certificate:
        yield f"with the client certificate {network.client_certificate.certificate}"


def tell_update(update: Update) -> str:
    """Return what an update changed, for the log."""
    before, digest = update.app.image or "none", f" ({update.digest})" if update.digest else ""
    beside = f"\nconfiguration  {property_names(update.changed)} changed" if update.changed else ""
    if before != update.reference:
        return f"image  {before} → {update.reference}{digest}{beside}"
    restarted = "the app was restarted" if update.restarted else "the other changes restart the app"
    return f"image  {update.reference} unchanged{digest}; {restarted}, so that it pulls the image again{beside}"


def tell_failed(event: NotRolledBack | RollbackFailed | RolloutFailed) -> str:
    """Return why an app does not run the image, or not the previous one again."""
    if isinstance(event, RolloutFailed):
        return str(event.failure)
    if isinstance(event, NotRolledBack):
        return f"Not rolled back: {event.reason}"
    return f"Rolled back, but {event.reference} does not start either: {event.reason}"


def tell_held_back(update: Update) -> str:
    """Return the warning that an unverified image gets no traffic."""
    return (
        f"{update.app.title} gives {update.reference} no traffic, because it is unverified; "
        f"the traffic stays where it was. To move traffic to it by hand: {update.held_back}"
    )


def tell_verification(verification: Verification) -> str:
    """Return the verdict and its evidence."""
    checks = ", ".join(check for check, _ in verification.passed) or "none"
    verified = verification.verdict is Verdict.VERIFIED
    rows = [f"Verified: {checks}" if verified else f"Unverified; checks that passed: {checks or 'none'}"]
    rows += [f"  {check:<14}  {rests_on}" for check, rests_on in verification.passed]
    return "\n".join(rows)


def tell_unverified(verification: Verification) -> str:
    """Return the warning about checks that could not be made."""
    gaps = "; ".join(f"{check} ({reason})" for check, reason in verification.unavailable)
    return f"unverified: the app is configured with the image, but these checks could not be made: {gaps}"
