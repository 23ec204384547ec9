"""The grammar of the platform's lines with a level: `Pulling image: …`, `docker run …`, `Container … is ready …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.attempt import FailureKind
from pytask.targets.site.platform_log.causes import cause_of_pull, cause_of_start
from pytask.targets.site.platform_log.names import is_digest
from pytask.targets.site.platform_log.statement import NOTHING, Statement, What

if TYPE_CHECKING:
    from pytask.targets.site.platform_log.lines import Line

_LAYER_WORDS = frozenset({"Extracting", "Downloading", "Pull", "Verifying", "Download", "Waiting", "Already"})
_LAYER_LENGTH = 12
_SILENT = ("didn't respond to HTTP pings", "did not start within expected time limit")
_PULL_ENDS = ("Image pull failed", "Pull Image failed", "Pulling docker image ", "Image pull for ")
_ENGINE = ("DockerApiException", "docker pull returned STDERR", "failed to register layer", "Failed to pull image")
_START = ("start container", "container start", "starting container", "oci runtime create failed", "create container")
_STOPS = ("Stopping site ", "Stoping site ")


def read_classic(line: Line) -> Statement:
    """Return what a line with a level states."""
    text = line.text
    for read in (_docker_run, _of_pull, _of_container, _of_failure, _of_site):
        if statement := read(text):
            return statement
    return Statement(what=What.ERROR) if line.error else NOTHING


def _docker_run(text: str) -> Statement | None:
    if not text.startswith("docker run "):
        return None
    words = text.split()
    at = words.index("--name") + 1 if "--name" in words else len(words)
    name = words[at] if at < len(words) else ""
    return Statement(what=What.CREATE, container=name, image=words[-1] if len(words) > at + 1 else "")


def _of_pull(text: str) -> Statement | None:
    words = text.split(" ", 3)
    if text.startswith("Pulling image: "):
        return Statement(what=What.PULL, step="pull", image=_word(text, "Pulling image: "))
    if text.startswith("Issuing docker pull "):
        return Statement(what=What.PULL, step="pull", image=_word(text, "Issuing docker pull "))
    if words[1:3] == ["Pulling", "from"] and len(words) > 3:  # noqa: PLR2004 - the repository
        mark = "@" if is_digest(words[0]) else ":"
        return Statement(what=What.PULL, step="from", image=f"{words[3].strip()}{mark}{words[0]}")
    if text.startswith("Digest: ") and is_digest(_word(text, "Digest: ")):
        return Statement(what=What.DIGEST, digest=_word(text, "Digest: "))
    return _of_pulled(text, words)


def _of_pulled(text: str, words: list[str]) -> Statement | None:
    for status in ("Status: Downloaded newer image for ", "Status: Image is up to date for "):
        if text.startswith(status):
            return Statement(what=What.PULLED, image=_word(text, status))
    if text.startswith("Pull Image successful"):
        return Statement(what=What.PULLED)
    if len(words) > 1 and len(words[0]) == _LAYER_LENGTH and words[1] in _LAYER_WORDS:
        return Statement(what=What.PULL)
    return None


def _of_container(text: str) -> Statement | None:
    for said in ("Initiating warmup request to container ", "Waiting for response to warmup request for container "):
        if text.startswith(said):
            name = _word(text, said).removesuffix(".")
            return Statement(what=What.NAME, container=name, site=_after(text, " for site "))
    if not text.startswith("Container "):
        return None
    name, site = _word(text, "Container "), _after(text, " for site ")
    if "initialized successfully and is ready to serve requests" in text:
        return Statement(what=What.READY, container=name, site=site)
    kind = _failure_of_container(text)
    return Statement(what=What.FAIL, container=name, site=site, kind=kind) if kind else None


def _failure_of_container(text: str) -> FailureKind | None:
    if " has exited" in text:
        return FailureKind.EXITED
    if any(words in text for words in _SILENT):
        return FailureKind.SILENT
    return None


def _of_failure(text: str) -> Statement | None:
    if text.startswith((*_PULL_ENDS, *_ENGINE)) and not _tells_start(text):
        return Statement(what=What.FAIL, kind=cause_of_pull(text), image=_failed_image(text))
    if _tells_start(text) and "fail" in text.lower():
        return Statement(what=What.FAIL, kind=cause_of_start(text))
    return None


def _tells_start(text: str) -> bool:
    small = text[:400].lower()
    return any(words in small for words in _START)


def _failed_image(text: str) -> str:
    for said in ("Image pull for ", "Pulling docker image "):
        if text.startswith(said):
            return _word(text, said)
    return ""


def _of_site(text: str) -> Statement | None:
    if text.startswith(_STOPS) and "failed during startup" in text:
        return Statement(what=What.END, site=text.split(" ", 3)[2])
    if text.startswith("Recycling container because "):
        return Statement(what=What.BEGIN)
    if text.startswith(("Stopping container: ", "Stopping container ")):
        return NOTHING
    return None


def _word(text: str, said: str) -> str:
    """Return the word that follows what a text begins with."""
    return text[len(said) :].partition(" ")[0].rstrip(",")


def _after(text: str, said: str) -> str:
    """Return the word that follows something in a text; empty where it does not stand there."""
    return text.partition(said)[2].partition(" ")[0].rstrip(".,")
