"""What the run came to: output variables, the Markdown summary, and the state things are in when it broke off."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from pytask import __version__
from pytask.model import Verdict

if TYPE_CHECKING:
    from pytask.image.cli import DockerCli
    from pytask.job import Record
    from pytask.model import Deployment, Proof, Target

_VERDICTS = {
    Verdict.PROVEN: "proven",
    Verdict.NOT_PROVEN: "not proven",
    Verdict.FAILED: "failed",
    Verdict.SKIPPED: "skipped",
}


def header(docker: DockerCli) -> str:
    """Give the first line of the log."""
    python = platform.python_version()
    return f"FunctionAppContainerDeploy {__version__} · Python {python} · Docker {docker.version}, BuildKit"


def tell_deployed(deployment: Deployment) -> str:
    """Give what was changed, in one line."""
    image, before = deployment.image, deployment.target.image or "none"
    if deployment.restarted:
        return f"image  {image.reference} as before ({image.digest}); restarted, so that it is pulled again"
    return f"image  {before} → {image.reference} ({image.digest})"


def tell_proof(proof: Proof) -> str:
    """Give what was proved, and what could not be."""
    taken = ", ".join(step.value for step in proof.taken)
    functions = ", ".join(f"{function.name} ({function.trigger})" for function in proof.functions)
    rows = [f"{'Proved' if proof.verdict is Verdict.PROVEN else 'Seen'}: {taken}"]
    rows += [f"Functions: {functions}"] if functions else []
    return "\n".join(rows)


def tell_not_proven(proof: Proof) -> str:
    """Give the warning for a proof with gaps."""
    gaps = "; ".join(f"{step.value} ({reason})" for step, reason in proof.missing)
    return f"not proven: the app is configured with the image, but these steps of the proof could not be taken: {gaps}"


def outputs(record: Record) -> dict[str, str]:
    """Give the task's output variables, as far as the run has come."""
    pushed, target, proof = record.pushed, record.target, record.proof
    return {
        "imageReference": pushed.reference if pushed else "",
        "imageDigest": pushed.digest if pushed else "",
        "previousImage": target.image if target else "",
        "runningImage": _running_image(record),
        "proof": record.verdict.value,
        "functions": ",".join(function.name for function in proof.functions) if proof else "",
        "AppServiceApplicationUrl": target.url if target else "",
    }


def now(record: Record, *, left_open: bool) -> str:
    """Give the state things are in after a failure, and how to go on by hand.

    `left_open` says that the failure does not tell whether what was being done has been done all the same.
    """
    target, pushed, before = record.target, record.pushed, (record.target.image if record.target else "") or "no image"
    if target is None or not record.pushing:
        return "nothing was pushed and nothing was changed"
    if record.deployment and pushed:
        back = f"\nto go back by hand: {_set_by_hand(target, target.image)}" if target.image else ""
        return f"{target.name} is configured with {pushed.reference}; before it was {before}{back}"
    if record.updating and pushed and left_open:
        either = f"it is configured with {pushed.reference} or still with {before}"
        return f"the change of {target.name} was sent and its answer is not known: {either}"
    if pushed:
        on = f"to go on by hand: {_set_by_hand(target, pushed.reference)}"
        return f"{pushed.reference} is in the registry; {target.name} was not changed\n{on}"
    return f"the image was built, parts of it may be in the registry; {target.name} was not changed"


def summary(record: Record, failures: tuple[str, ...] = ()) -> str:
    """Give the Markdown for the Extensions tab of the run."""
    rows = [(name, value) for name, value in _summary_rows(record) if value]
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows)
    times = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in record.seconds.items())
    parts = [_headline(record, failures), *(f"```text\n{text.replace('```', '')}\n```" for text in failures)]
    parts += [f"| | |\n|---|---|\n{table}"] if rows else []
    parts += [f"Time: {times}"] if times else []
    return "\n\n".join(parts) + "\n"


def _headline(record: Record, failures: tuple[str, ...]) -> str:
    name = record.target.name if record.target else record.plan.app.name if record.plan else "Function App"
    if failures:
        return (
            f"### ❌ {name}: not deployed" if not record.deployment else f"### ❌ {name}: deployed, and it does not run"
        )
    told = {Verdict.PROVEN: "✅ {}: runs the new image", Verdict.NOT_PROVEN: "⚠️ {}: deployed, not proven"}
    return "### " + told.get(record.verdict, "✅ {}: deployed, proof not asked for").format(name)


def _summary_rows(record: Record) -> list[tuple[str, str]]:
    pushed, target, proof = record.pushed, record.target, record.proof
    return [
        ("Image", f"`{pushed.reference}`" if pushed else ""),
        ("Digest", f"`{pushed.digest}`" if pushed else ""),
        ("Previous image", f"`{target.image}`" if target and target.image else ""),
        ("Function App", f"[{target.name}]({target.url}) in {target.resource_group}" if target else ""),
        ("Proof", f"{_VERDICTS[record.verdict]}{_steps(proof)}"),
        (
            "Functions",
            ", ".join(f"{item.name} ({item.trigger})" for item in proof.functions) if proof else "",
        ),
    ]


def _steps(proof: Proof | None) -> str:
    if proof is None:
        return ""
    gaps = "".join(f"; not {step.value}: {reason}" for step, reason in proof.missing)
    return f" ({', '.join(step.value for step in proof.taken)}{gaps})"


def _running_image(record: Record) -> str:
    """Give the image that runs as far as is known; empty when it is not."""
    if record.deployment and record.verdict is not Verdict.FAILED:
        return record.deployment.image.reference
    if record.target and not record.updating:
        return record.target.image
    return ""


def _set_by_hand(target: Target, image: str) -> str:
    """Give the command that does the same.

    Source: https://learn.microsoft.com/cli/azure/functionapp/config/container
    """
    app = f"--name {target.name} --resource-group {target.resource_group}"
    return f"az functionapp config container set {app} --image {image}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
