"""The grammar of the platform's lines with a level: `Pulling image: …`, `docker run …`, `Container … is ready …`."""

from __future__ import annotations

from itertools import pairwise

from pytask.targets.site.platform_log.attempt import FailureKind
from pytask.targets.site.platform_log.causes import cause_of_pull, cause_of_start
from pytask.targets.site.platform_log.lines import Line, Writer
from pytask.targets.site.platform_log.names import is_digest, repository_of, without_host
from pytask.targets.site.platform_log.statement import NOTHING, Statement, What

_LAYER_WORDS = frozenset({"Extracting", "Downloading", "Pull", "Verifying", "Download", "Waiting", "Already"})
_LAYER_LENGTH = 12
_SILENT = ("didn't respond to HTTP pings", "did not start within expected time limit")
_PULLS = (
    "Pulling image: ",
    "Pulling image from Docker hub: ",
    "Attempting to pull image ",
    "Issuing docker pull: imagename = ",
    "Issuing docker pull ",
)
_PULL_OUTPUT = "docker pull returned STDOUT>>"
_PULL_FAILS = ("Image pull for ", "DockerApiException", "docker pull returned STDERR", "failed to register layer")
_PULL_ENDS = (
    "Image pull failed",
    "Pull Image failed",
    "Pull image threw ",
    "Pulling docker image ",
    "EventName:SiteStart",
)
_START = (
    "docker run failed",
    "docker run returned stderr",
    "container create failed",
    "start container",
    "container start",
    "starting container",
    "oci runtime create failed",
    "create container",
)
_RUN = "docker run -"
_STOPS = ("Stopping site ", "Stoping site ")


def read_classic(line: Line, deployed: str) -> Statement:
    """Return the statement of a line with a level; `deployed` helps to find the image in a `docker run` command."""
    text = line.text
    if text.startswith(_RUN):
        return _docker_run(text, deployed)
    for read in (_of_pull, _of_container, _of_failure, _of_site):
        if statement := read(text):
            return statement
    return Statement(what=What.ERROR) if line.error else NOTHING


def is_unfinished(line: Line, deployed: str) -> bool:
    """Tell whether the following lines without a timestamp belong to a line.

    They do after a `docker run` command without an image, which a line break in a variable's value splits; until 2018
    also after the output of `docker pull`.
    """
    if line.writer is not Writer.CLASSIC or not line.text.startswith(_RUN):
        return line.writer is Writer.CLASSIC and line.text.startswith(_PULL_OUTPUT)
    image = _image_of(line.text.split(), deployed)
    return not any(mark in image for mark in "/:@")


def _docker_run(text: str, deployed: str) -> Statement:
    words = text.split()
    name = next((after for word, after in pairwise(words) if word == "--name"), "")
    return Statement(what=What.CREATE, container=name, image=_image_of(words, deployed))


def _image_of(words: list[str], deployed: str) -> str:
    """Return the image in `docker run OPTIONS IMAGE COMMAND`; empty when it is missing.

    Values of variables are not quoted and may contain spaces: the image is the word with the deployed repository, or
    else the first word after the last variable.
    """
    wanted = without_host(repository_of(deployed))
    ours = (word for before, word in pairwise(words) if before != "-e" and without_host(repository_of(word)) == wanted)
    variables = [at for at, word in enumerate(words) if word == "-e"]
    rest = words[variables[-1] + 2 :] if variables else words[words.index("--name") + 2 :] if "--name" in words else []
    return next(ours, "") or next((word for word in rest if word[:1].isalnum() and "=" not in word), "")


def _of_pull(text: str) -> Statement | None:
    words = text.split(" ", 3)
    for said in _PULLS:
        if text.startswith(said):
            return Statement(what=What.PULL, step=said, image=_word(text, said))
    if words[1:3] == ["Pulling", "from"] and len(words) > 3:  # noqa: PLR2004 - the repository
        tag = words[0].rpartition("@")[2]
        mark = "@" if is_digest(tag) else ":"
        return Statement(what=What.PULL, step="from", image=f"{words[3].strip()}{mark}{tag}")
    if text.startswith(_PULL_OUTPUT):
        digest = _after(text, " Digest: ")
        image = _after(text, " Status: Downloaded newer image for ") or _after(
            text, " Status: Image is up to date for "
        )
        return Statement(what=What.PULLED, image=image, digest=digest if is_digest(digest) else "")
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
    if _tells_start(text) and "fail" in text.lower():
        return Statement(what=What.FAIL, container=_after(text, " failed for "), kind=cause_of_start(text))
    if text.startswith(_PULL_FAILS):
        return Statement(what=What.FAIL, of_pull=True, kind=cause_of_pull(text), image=_failed_image(text))
    if text.startswith("Image pull failed: "):
        return Statement(what=What.END, of_pull=True, kind=cause_of_pull(text))
    if text.startswith(_PULL_ENDS):
        return Statement(what=What.FAIL, of_pull=True, kind=cause_of_pull(text), image=_failed_image(text), weak=True)
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
    """Return the word after a text's prefix."""
    return text[len(said) :].lstrip().partition(" ")[0].rstrip(",")


def _after(text: str, said: str) -> str:
    """Return the word after `said` in a text; empty when it is not there."""
    return text.partition(said)[2].partition(" ")[0].rstrip(".,")
