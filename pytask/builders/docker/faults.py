"""The failures behind failed calls to the engine: it is gone, full or broken, or no longer has the image.

Docker's library raises its own errors only for answers with an error status. Everything else comes from its HTTP
library and from Python: a connection that was refused, a stream that was cut, an answer that is not JSON.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from docker.errors import APIError, NotFound

from pytask.builders.docker.storage import is_full
from pytask.errors import TaskFailure
from pytask.errors.docker import AgentDiskFull, EngineFailing, EngineGone, EngineUnreachable, ImageRemoved
from pytask.errors.foreign import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_DETAIL = 800
_SLOW = "timed out"


@contextmanager
def translated(doing: str, reference: str) -> Iterator[None]:
    """Raise the catalogue's failure for any error of a call about an image; `doing` is a verb phrase for the call."""
    try:
        yield
    except TaskFailure:
        raise
    except Exception as error:
        raise engine_failure(error, doing, reference) from error


def engine_failure(error: Exception, doing: str, reference: str) -> TaskFailure:
    """Return the failure behind an error of Docker's library."""
    detail = _detail(error)
    if is_full(detail.lower()):
        return AgentDiskFull(detail=detail)
    if isinstance(error, NotFound):
        return ImageRemoved(reference=reference, detail=detail)
    if isinstance(error, APIError) or _is_of_an_answer(error):
        return EngineFailing(doing=doing, detail=detail)
    if _SLOW in detail.lower():
        return EngineUnreachable(detail=f"asked to {doing}: {detail}")
    return EngineGone(doing=doing, detail=detail)


def _is_of_an_answer(error: Exception) -> bool:
    """Tell whether an error is about the engine's answer, rather than about the connection to it."""
    return isinstance(error, LookupError | ValueError | TypeError | AttributeError)


def _detail(error: Exception) -> str:
    """Return the engine's own words, or else the library's; they may be bytes, missing, or of any length."""
    told = getattr(error, "explanation", None)
    if isinstance(told, bytes):
        told = told.decode(errors="replace")
    return shortened(" ".join(str(told or f"{type(error).__name__}: {error}").split()), _LONGEST_DETAIL)
