"""What the run came to: output variables, the Markdown summary, and the state things are in when it broke off."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING

from pytask import __version__
from pytask.agent.environment import variable
from pytask.model import Verdict
from pytask.report_settings import property_names, settings_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytask.builders.docker.cli import DockerCli
    from pytask.job import Record
    from pytask.model import Deployment, Network, Target, Verification

_NOTHING = "nothing was pushed and nothing was changed"


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


def outputs(record: Record) -> dict[str, str]:
    """Return the task's output variables, as far as the run has come."""
    pushed, target, verification = record.pushed, record.target, record.verification
    return {
        "imageReference": str(pushed.reference) if pushed else "",
        "imageDigest": str(pushed.digest or "") if pushed else "",
        "previousImage": target.image if target else "",
        "runningImage": _running_image(record),
        "verification": record.verdict.value,
        "functions": ",".join(function.name for function in verification.functions) if verification else "",
        "AppServiceApplicationUrl": target.url if target else "",
    }


def as_json(record: Record, environment: Mapping[str, str]) -> str:
    """Return the record of the run that a later run deploys from."""
    plan = record.plan
    fields = {
        "version": __version__,
        "command": plan.command.value if plan else "",
        "commit": variable(environment, "Build.SourceVersion"),
        "build": variable(environment, "Build.BuildId"),
        **outputs(record),
        "tags": list(record.pushed.tags) if record.pushed else [],
        "app": record.target.resource_id if record.target else "",
        "settings": list(record.settings.written) if record.settings and not record.rolled_back else [],
        "configuration": list(record.deployment.changed) if record.deployment and not record.rolled_back else [],
        "checks": dict(record.verification.passed) if record.verification else {},
        "seconds": {stage: round(seconds, 1) for stage, seconds in record.seconds.items()},
    }
    return json.dumps(fields, indent=2) + "\n"


def state(record: Record, *, left_open: bool) -> str:
    """Return the state things are in after a failure, and how to go on by hand.

    `left_open` says that the failure does not tell whether what was being done has been done all the same.
    """
    target, pushed = record.target, record.pushed
    before = (target.image if target else "") or "no image"
    if record.deployment and target:
        return _after_the_change(record, target, record.deployment)
    if record.updating and target and pushed and left_open:
        either = f"it is configured with {pushed.reference} or still with {before}"
        return f"the change of {target.title} was sent and its answer is not known: {either}{_settings_too(record)}"
    app = f"; {_app_so_far(record, target, left_open=left_open)}" if target else ""
    if pushed and pushed.tags and target and target.image == str(pushed.reference):
        return _not_restarted(record, target)
    if pushed:
        on = f"\nto go on by hand: {_set_by_hand(target, str(pushed.reference))}" if target else ""
        return f"{pushed.reference} is in the registry{app}{on}"
    if record.pushing:
        return f"the image was built, parts of it may be in the registry{app}"
    return f"nothing was pushed{app}" if record.pull_access or record.granting else _NOTHING


def _app_so_far(record: Record, target: Target, *, left_open: bool) -> str:
    """Return the state of an app that was not pointed at the image."""
    unknown = [f"whether {record.granting} is not known"] if record.granting and left_open else []
    done = [*record.pull_access, *unknown]
    settings = [f"settings: {told}"] if (told := settings_now(record)) else []
    if not done and not settings:
        return f"{target.title} was not changed"
    pulls = " and the way it pulls" if done else ""
    return f"{target.title} keeps its image{pulls}; {'; '.join([*settings, *done])}"


def _not_restarted(record: Record, target: Target) -> str:
    """Return the state of an app whose tag may have moved: no change, and yet another image at its next start.

    Source: https://learn.microsoft.com/cli/azure/functionapp#az-functionapp-restart
    """
    told = f"{target.title} is configured with {target.image} as before and was not restarted"
    if settings := settings_now(record):
        return f"{target.title} is configured with {target.image} as before; settings: {settings}"
    then = "it takes what that tag now stands for when it is next started"
    on = f"\nto go on by hand: az functionapp restart {target.az_flags}" if record.updating else ""
    return f"{told}: {then}{on}"


def _settings_too(record: Record) -> str:
    """Return what is known of the settings when an answer is missing: they are changed before the image."""
    if settings := settings_now(record):
        return f"; settings: {settings}"
    wanted = record.plan is not None and record.plan.deploy is not None and record.plan.deploy.settings.values
    return "; its settings may have been changed too" if wanted else ""


def _after_the_change(record: Record, target: Target, deployment: Deployment) -> str:
    stays = f"\nits pull access stays: {'; '.join(record.pull_access)}" if record.pull_access else ""
    return _image_after_the_change(record, target, deployment) + stays


def _image_after_the_change(record: Record, target: Target, deployment: Deployment) -> str:
    back = record.rolled_back
    if back:
        verified = back.verification.verdict is Verdict.VERIFIED
        verdict = " and verified" if verified else "; whether it runs could not be verified"
        stays = "" if record.lost else f"; {deployment.reference} stays in the registry"
        settings = f"; settings: {settings_now(record)}" if back.settings else ""
        return f"rolled back to {back.reference}{verdict}{settings}{stays}"
    if record.configured:
        return (
            f"{target.title} is configured with {record.configured} again, and does not run: {record.not_rolled_back}"
        )
    settings = settings_now(record)
    changed = f"; settings: {settings}" if settings else ""
    stayed = f"; it was not rolled back: {record.not_rolled_back}" if record.not_rolled_back else ""
    by_hand = f"\nto roll back by hand: {_set_by_hand(target, target.image)}" if target.image else ""
    before = target.image or "no image"
    return f"{target.title} is configured with {deployment.reference}; before it was {before}{changed}{stayed}{by_hand}"


def summary(record: Record, failures: tuple[str, ...] = ()) -> str:
    """Return the Markdown for the Extensions tab of the run."""
    rows = [(name, value) for name, value in _summary_rows(record) if value]
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows)
    times = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in record.seconds.items())
    parts = [_headline(record, failures), *(f"```text\n{text.replace('```', '')}\n```" for text in failures)]
    parts += [f"| | |\n|---|---|\n{table}"] if rows else []
    parts += [f"Time: {times}"] if times else []
    return "\n\n".join(parts) + "\n"


def _headline(record: Record, failures: tuple[str, ...]) -> str:
    named = record.plan.deploy.app.name if record.plan and record.plan.deploy else "Container image"
    name = record.target.title if record.target else named
    if failures:
        return f"### ❌ {name}: {_failed(record)}"
    if record.unchanged:
        return f"### ✅ {name}: runs this image already, nothing{' else' if record.pull_access else ''} was written"
    if not record.deployment:
        return f"### ✅ {name}: {record.plan.command.value if record.plan else ''} done"
    told = {Verdict.VERIFIED: "✅ {}: runs the new image", Verdict.UNVERIFIED: "⚠️ {}: deployed, unverified"}
    return "### " + told.get(record.verdict, "✅ {}: deployed, verification not asked for").format(name)


def _failed(record: Record) -> str:
    if record.rolled_back:
        return "the new image does not run, rolled back to the previous one"
    if record.verification:
        return (
            "deployed, unverified" if record.verification.unavailable else "the new image runs, not all is as asked for"
        )
    return "deployed, and it does not run" if record.deployment else "not deployed"


def _summary_rows(record: Record) -> list[tuple[str, str]]:
    pushed, target, verification = record.pushed, record.target, record.verification
    return [
        ("Image", f"`{pushed.reference}`" if pushed else ""),
        ("Digest", f"`{pushed.digest}`" if pushed and pushed.digest else ""),
        ("Previous image", f"`{target.image}`" if target and target.image else ""),
        ("Rolled back to", f"`{record.rolled_back.reference}`" if record.rolled_back else ""),
        ("Settings", settings_now(record)),
        ("Configuration", _configuration(record)),
        ("Function App", f"[{target.title}]({target.url}) in {target.resource_group}" if target else ""),
        ("Pull access", "; ".join(record.pull_access)),
        ("Verification", f"{record.verdict.value}{_checks(verification)}" if target else ""),
        ("Functions", _functions(verification) if verification else ""),
        ("Smoke test", verification.answer if verification else ""),
    ]


def _configuration(record: Record) -> str:
    if record.rolled_back:
        return f"{property_names(back)} restored" if (back := record.rolled_back.configuration) else ""
    return f"{property_names(changed)} changed" if record.deployment and (changed := record.deployment.changed) else ""


def _functions(verification: Verification) -> str:
    """Return the functions as the portal's page lists them: name, trigger, and whether one is disabled."""
    return ", ".join(
        f"{one.name} ({one.trigger or 'no trigger'}{', disabled' if one.disabled else ''})"
        for one in verification.functions
    )


def _checks(verification: Verification | None) -> str:
    if verification is None:
        return ""
    gaps = "".join(f"; not {check}: {reason}" for check, reason in verification.unavailable)
    return f" ({', '.join(check for check, _ in verification.passed)}{gaps})"


def _running_image(record: Record) -> str:
    """Return the image that runs as far as is known; empty when it is not."""
    if record.rolled_back:
        return record.rolled_back.reference
    if record.deployment and record.verdict is not Verdict.FAILED:
        return record.deployment.reference
    if record.target and not record.updating:
        return record.target.image
    return ""


def _set_by_hand(target: Target, image: str) -> str:
    """Return the command that does the same.

    Source: https://learn.microsoft.com/cli/azure/functionapp/config/container
    """
    return f"az functionapp config container set {target.az_flags} --image {image}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
