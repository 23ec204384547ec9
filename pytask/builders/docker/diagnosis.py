"""Why a build failed, judged only by Docker's last message and the block of the failed step."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from pytask.builders.docker import inside
from pytask.builders.docker.base_image import base_image_failure, image_of, registry_of
from pytask.builders.docker.build_output import BuildEnd, build_end
from pytask.builders.docker.dockerfile import shown
from pytask.builders.docker.missing_file import missing_file, why_missing
from pytask.builders.docker.storage import is_broken, is_full
from pytask.builders.docker.trouble import network_trouble
from pytask.builders.docker.usage import usage_mistake
from pytask.errors.agent_docker import EngineForbidden
from pytask.errors.build import BuildCause, BuildFailed, PlatformNotRunnable
from pytask.errors.build_inputs import DockerfileNotFound
from pytask.errors.docker import AgentDiskFull, EngineFailing, EngineGone, EngineUnreachable
from pytask.errors.engine_network import BuildHasNoNetwork
from pytask.errors.foreign import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytask.errors import TaskFailure
    from pytask.model import Recipe

_LONGEST_REASON = 1_000
_LONGEST_STEP = 200
_RAN = ("did not complete successfully", "executor failed running", "returned a non-zero")
_CANCELLED = "context canceled"
_NO_ENGINE = ("cannot connect to the docker", "failed to connect to the docker", "error during connect")
_ENGINE_GONE = ("error reading from server: ", "transport is closing", "code = unavailable", "closing transport due to")
"""https://github.com/docker/buildx/issues/2064 and https://github.com/docker/buildx/issues/2789"""
_CUT_OFF = frozenset({"eof", "error: eof", "unexpected eof", "error: unexpected eof"})
_BUILD = "build the image"
_KILLED = (-9, 137)
"""Exit codes of a docker command that SIGKILL ended, directly or behind a wrapper."""
_FORBIDDEN = "permission denied while trying to connect to the docker"
_NO_DOCKERFILE = (
    "failed to read dockerfile: open ",
    "unable to evaluate symlinks in dockerfile path: lstat ",
    "cannot locate specified dockerfile: ",
)
_FRONTENDS_FLAGS = ("mount", "chmod", "link", "parents", "exclude", "checksum", "keep-git-dir", "network", "security")
_CAUSES = (
    (BuildCause.PLATFORM_MISSING, ("no match for platform in manifest", "no matching manifest for")),
    (BuildCause.SECRET, ("secret ",)),
    (BuildCause.FRONTEND_TOO_OLD, ("option requires buildkit", "unexpected key '", "unknown instruction: <<")),
    (
        BuildCause.STAGE,
        (
            "target stage",
            "failed to reach build target",
            "cannot copy from stage",
            "invalid from flag value",
            "circular dependency",
        ),
    ),
    (
        BuildCause.IMAGE_NAME,
        ("invalid reference format", "must be lowercase", "should not be blank", "failed to parse stage name"),
    ),
    (
        BuildCause.DOCKERFILE,
        ("parse error", "unknown instruction", "requires at least", "no build stage", "be empty", "no instructions"),
    ),
    (BuildCause.FLAG, ("unknown flag", "unknown shorthand flag", "requires exactly 1 argument", "requires 1 argument")),
    (
        BuildCause.FAILING,
        ("500 internal", "502 bad gateway", "503 service", "504 gateway", "unexpected eof", "reset by peer"),
    ),
)
"""Docker's words for each cause, in lower case; the first match counts.
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go and
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/instructions/parse.go"""


class _Seen(TypedDict):
    """Where a step failed: the facts that the catalogue's failures share."""

    place: str
    step: str
    printed: tuple[str, ...]


def failure(
    recipe: Recipe,
    exit_code: int,
    tail: Iterable[str],
    *,
    refusals: Mapping[str, TaskFailure] | None = None,
    answers: Mapping[str, TaskFailure | None] | None = None,
) -> TaskFailure:
    """Return the failure behind the last lines of a build's output.

    `refusals` has the registry refusals that the command met, by host; `answers` has the registries that BuildKit asked
    this run's credentials for, and why it got none.
    """
    lines = list(tail)
    if mistake := usage_mistake(recipe, lines):
        return mistake
    end = build_end(lines)
    said = end.said.lower()
    if any(sign in said for sign in _RAN) or not said or said.endswith(_CANCELLED):
        return _of_an_instruction(recipe, exit_code, end)
    if refusal := next((refusal for host, refusal in (refusals or {}).items() if host in said), None):
        return refusal
    return (
        _of_the_engine(end, said)
        or _of_an_image(end, answers or {})
        or _of_the_dockerfile(recipe, end)
        or _build_failed(recipe, exit_code, end)
    )


def _of_an_instruction(recipe: Recipe, exit_code: int, end: BuildEnd) -> TaskFailure:
    """Return the failure of an instruction that ran."""
    outcome = _outcome(end.message)
    printed = (*end.printed, outcome)
    if line := inside.no_space(printed):
        return AgentDiskFull(detail=line)
    seen = _Seen(place=end.place, step=_step(end), printed=inside.shown(end.printed))
    if line := inside.not_runnable(printed):
        return PlatformNotRunnable(platform=recipe.platform, detail=line, **seen)
    dockerfile = shown(recipe.dockerfile, recipe.sources)
    if line := inside.no_network(end.printed):
        reason = end.message or f"docker build ended with exit code {exit_code}"
        return BuildHasNoNetwork(dockerfile=dockerfile, reason=reason, detail=line, **seen)
    killed = exit_code in _KILLED and not end.message
    known = BuildCause.MEMORY if killed else inside.cause_of(outcome, end.printed)
    reason = _reason(end)
    return BuildFailed(known=known, dockerfile=dockerfile, exit_code=exit_code, reason=reason, **seen)


def _of_the_engine(end: BuildEnd, said: str) -> TaskFailure | None:
    """Return the failure of the engine itself."""
    if _FORBIDDEN in said:
        return EngineForbidden(detail=_reason(end))
    if any(sign in said for sign in _NO_ENGINE):
        return EngineUnreachable(detail=_reason(end))
    if said in _CUT_OFF or any(sign in said for sign in _ENGINE_GONE):
        return EngineGone(doing=_BUILD, detail=_reason(end))
    if is_full(said):
        return AgentDiskFull(detail=_reason(end))
    return EngineFailing(doing=_BUILD, detail=_reason(end)) if is_broken(said) else None


def _of_an_image(end: BuildEnd, answers: Mapping[str, TaskFailure | None]) -> TaskFailure | None:
    """Return the failure of pulling an image: a refusal, or the network."""
    image = _image(end)
    refused = base_image_failure(image, shortened(end.said, _LONGEST_REASON), answers)
    return refused or network_trouble(end.said, registry_of(image, end.said) if image else "")


def _of_the_dockerfile(recipe: Recipe, end: BuildEnd) -> TaskFailure | None:
    """Return the failure of a missing Dockerfile."""
    for sign in _NO_DOCKERFILE:
        before, found, rest = end.said.lower().partition(sign)
        if found and ("no such file or directory" in rest or "locate" in sign):
            name = end.said[len(before) + len(sign) :].partition(": no such file")[0]
            return DockerfileNotFound(input="dockerFile", pattern=name, folder=str(recipe.sources), seen="")
    return None


def _build_failed(recipe: Recipe, exit_code: int, end: BuildEnd) -> BuildFailed:
    """Return the failure of a build whose instruction did not run."""
    known, subject, elsewhere = _cause(recipe, end)
    return BuildFailed(
        known=known,
        dockerfile=shown(recipe.dockerfile, recipe.sources),
        exit_code=exit_code,
        reason=_reason(end),
        place=end.place,
        step=_step(end),
        printed=inside.shown(end.printed),
        subject=subject,
        context=_folder(shown(recipe.context, recipe.sources)),
        elsewhere=elsewhere,
        platform=recipe.platform,
    )


def _cause(recipe: Recipe, end: BuildEnd) -> tuple[BuildCause, str, str]:
    """Return the cause, its subject (such as a file), and where that is instead."""
    said = end.said.lower()
    image = _image(end)
    if any(f"unknown flag: {flag}" in said for flag in _FRONTENDS_FLAGS) and "parse error" in said:
        return BuildCause.FRONTEND_TOO_OLD, "", ""
    for known, signs in _CAUSES:
        if any(sign in said for sign in signs):
            if known is BuildCause.SECRET:
                if name := _secret(end.said):
                    return known, name, ""
                continue
            return known, image, ""
    if image and "not found" in said:
        return BuildCause.IMAGE_MISSING, image, ""
    path = missing_file(end.said)
    if not path:
        return BuildCause.INSTRUCTION, "", ""
    known, elsewhere = why_missing(path, end.step, end.said, recipe)
    return known, path, _folder(elsewhere) if known is BuildCause.FILE_ELSEWHERE else elsewhere


def _image(end: BuildEnd) -> str:
    return image_of(end.step, end.said) or image_of(end.instruction, "")


def _secret(said: str) -> str:
    """Return the id of a missing secret, from `secret npmrc: not found`, which may repeat `not found`."""
    _, found, rest = said.rpartition("secret ")
    name, colon, _ = rest.partition(": not found")
    name = name.removesuffix(" not found")
    return name if found and colon and name and " " not in name else ""


def _outcome(message: str) -> str:
    """Return how a process ended, without its command line, which may contain any words."""
    return next((message.rpartition(sign)[2] for sign in _RAN if sign in message), "")


def _reason(end: BuildEnd) -> str:
    """Return Docker's text for the failure, or else the last line printed."""
    told = end.message or end.reason or (f"{end.step} failed" if end.step else "".join(end.printed[-1:]).strip())
    return shortened(told, _LONGEST_REASON) or "it printed nothing"


def _step(end: BuildEnd) -> str:
    return shortened(end.step or end.instruction, _LONGEST_STEP)


def _folder(path: str) -> str:
    return "the checkout's root" if path == "." else path
