"""The cases of a folder: real platform logs, error outputs and recorded runs, each with what is right.

A folder with `log.txt` is a platform log, one with `run.json` a run that `npm run acceptance` recorded, and a JSON file
with `where` is an error. Whatever cannot be read as either, and
was meant to be, becomes a `Broken` case: a folder from elsewhere never ends the command.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CALLS: Mapping[str, frozenset[str]] = {
    "build": frozenset({"", "no_engine"}),
    "push": frozenset({""}),
    "network": frozenset({""}),
    "entra": frozenset({"", "oidc", "exception"}),
    "arm": frozenset({"", "grant", "admin_user", "read_settings", "assign_identity"}),
    "acr": frozenset({"", "exchange", "registry"}),
}
"""By `where`: the values of `call`."""
IDENTITIES = frozenset({"key", "certificate", "federated", "machine"})
NONE_FITS = "none-fits"
_SKIPPED = frozenset({".git", "node_modules", "__pycache__"})
_MARKS_OF_AN_ERROR = frozenset({"where", "must_name"})


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformLog:
    """A log of App Service, what the product is told beside it, and what it has to read from it."""

    name: str
    text: str
    since: datetime
    deployed_reference: str
    deployed_digest: str
    """Empty when it is not known."""
    started: tuple[str, ...]
    """The image that was started; each spelling is right, and an empty one stands for none."""
    ready: bool
    failures: tuple[str, ...]
    """Codes that are right; an empty one stands for no failure."""
    none_fits: str
    """What a person needs to hear, where no code says it yet; else empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorOutput:
    """What Docker, Entra ID, Resource Manager or a registry said, and what the product has to make of it."""

    name: str
    where: str
    call: str
    text: str
    status: int
    headers: Mapping[str, str]
    identity: str
    registry: str
    reference: str
    setup: Mapping[str, str]
    """Files beside the Dockerfile, by path."""
    codes: tuple[str, ...]
    none_fits: str
    must_name: tuple[str, ...]
    """Facts that the error shown has to hold; `a|b` stands for either."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedRun:
    """A whole run of the task, with everything that it was answered: the same answers have to end in the same way."""

    name: str
    folder: Path
    inputs: Mapping[str, str]
    code: str
    """The code of the failure; empty for a run that succeeded."""
    verification: str
    digest: str
    """The digest of the image that the run pushed or deployed; empty for none."""
    limits: Mapping[str, float]
    """Time limits other than the usual ones, in seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A case that cannot be read."""

    name: str
    reason: str


Case: TypeAlias = PlatformLog | ErrorOutput | RecordedRun | Broken


class _UnreadableError(Exception):
    """What is wrong with a case."""


def cases_in(folders: Iterable[Path]) -> list[Case]:
    """Return the cases of several folders, each once, in the order of their names within each folder.

    A folder that is not there becomes a `Broken` case of its own.
    """
    found: dict[Path, Case] = {}
    for folder in folders:
        if not folder.exists():
            found[folder] = Broken(name=str(folder), reason="there is no such folder")
        for path in _paths(folder):
            found.setdefault(path.resolve(), _read(path, f"{path.absolute().parent.name}/{path.name}"))
    return list(found.values())


def _paths(folder: Path) -> Iterator[Path]:
    """Yield folders of platform logs and files of errors; what is neither by its content is passed over."""
    if folder.is_file():
        yield folder
        return
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - _SKIPPED)
        if {"log.txt", "expect.json", "run.json"} & set(files):
            folders.clear()
            yield Path(place)
            continue
        for name in sorted(files):
            path = Path(place, name)
            if name.endswith(".json") and _is_meant_as_a_case(path):
                yield path


def _is_meant_as_a_case(path: Path) -> bool:
    """Tell whether a JSON file is an error's, or is no JSON at all, which has to be told."""
    try:
        fields = _json(path)
    except _UnreadableError:
        return True
    return isinstance(fields, dict) and bool(_MARKS_OF_AN_ERROR & fields.keys())


def _read(path: Path, name: str) -> Case:
    try:
        if (path / "run.json").exists():
            return _recorded_run(path, name)
        if path.is_dir():
            return _platform_log(path, name)
        return _error_output(_fields(path), name.removesuffix(".json"))
    except _UnreadableError as problem:
        return Broken(name=name, reason=str(problem))


def _platform_log(folder: Path, name: str) -> PlatformLog:
    fields = _fields(folder / "expect.json")
    none_fits, codes = _expected(_text(fields, "failure"))
    return PlatformLog(
        name=name,
        text=_content(folder / "log.txt"),
        since=_time(fields, "since"),
        deployed_reference=_text(fields, "deployed_reference"),
        deployed_digest=_text(fields, "deployed_digest"),
        started=(_text(fields, "started"), *_texts(fields, "started_also")),
        ready=_truth(fields, "ready"),
        failures=(*(codes or (() if none_fits else ("",))), *_texts(fields, "failure_also")),
        none_fits=none_fits,
    )


def _recorded_run(folder: Path, name: str) -> RecordedRun:
    fields = _fields(folder / "run.json")
    if not (folder / "exchanges.jsonl").is_file():
        raise _UnreadableError("exchanges.jsonl is missing")
    return RecordedRun(
        name=name,
        folder=folder,
        inputs=_pairs(fields, "inputs"),
        code=_text(fields, "code"),
        verification=_text(fields, "verification"),
        digest=_text(fields, "digest"),
        limits={name: json.loads(value) for name, value in _pairs(fields, "limits").items()},
    )


def _error_output(fields: Mapping[str, Any], name: str) -> ErrorOutput:
    where, call = _text(fields, "where"), _text(fields, "call")
    if call not in CALLS.get(where, frozenset()):
        raise _UnreadableError(f"'where' {where!r} with 'call' {call!r} is nothing that this command knows")
    identity = _text(fields, "identity") or "key"
    if identity not in IDENTITIES:
        raise _UnreadableError(f"'identity' {identity!r} is none of {', '.join(sorted(IDENTITIES))}")
    none_fits, codes = _expected(_needed(fields, "expect"))
    return ErrorOutput(
        name=name,
        where=where,
        call=call,
        text=_text(fields, "text"),
        status=_status(fields),
        headers=_pairs(fields, "headers"),
        identity=identity,
        registry=_text(fields, "registry") or "contoso.azurecr.io",
        reference=_text(fields, "reference") or "contoso.azurecr.io/hello-function:42",
        setup=_pairs(fields, "setup"),
        codes=(*codes, *_texts(fields, "failure_also")),
        none_fits=none_fits,
        must_name=_texts(fields, "must_name"),
    )


def _expected(text: str) -> tuple[str, tuple[str, ...]]:
    """Return what a missing code would have to say, and the codes that are right; one of both is empty."""
    if text.startswith(NONE_FITS):
        return text.removeprefix(NONE_FITS).lstrip(": ") or NONE_FITS, ()
    return "", tuple(code.strip() for code in text.split("|") if code.strip())


def _content(path: Path) -> str:
    """Return a file's text with its byte order mark and line ends, as the product gets them from Azure."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise _UnreadableError(f"{path.name}: {error.strerror}") from error


def _json(path: Path) -> Any:  # noqa: ANN401 - what JSON holds
    try:
        return json.loads(_content(path).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(f"{path.name} is no JSON: {error}") from error


def _fields(path: Path) -> Mapping[str, Any]:
    fields = _json(path)
    if not isinstance(fields, dict):
        raise _UnreadableError(f"{path.name} holds no object")
    return fields


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text; one that is absent or null is empty."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _UnreadableError(f"{name!r} is no text")
    return value


def _needed(fields: Mapping[str, Any], name: str) -> str:
    if not (value := _text(fields, name)):
        raise _UnreadableError(f"{name!r} is missing")
    return value


def _texts(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of texts; a single text is a list of one."""
    value = fields.get(name) or []
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise _UnreadableError(f"{name!r} is no list of texts")
    return tuple(values)


def _pairs(fields: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return names with texts; a list of names stands for empty texts."""
    value = fields.get(name) or {}
    if isinstance(value, list | str):
        value = dict.fromkeys(_texts(fields, name), "")
    if not isinstance(value, dict):
        raise _UnreadableError(f"{name!r} is no object")
    return {str(key): one if isinstance(one, str) else json.dumps(one) for key, one in value.items()}


def _truth(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name)
    if not isinstance(value, bool | None):
        raise _UnreadableError(f"{name!r} is neither true nor false")
    return bool(value)


def _status(fields: Mapping[str, Any]) -> int:
    value = fields.get("status")
    text = "" if value is None else str(value)
    if text and not (text.isascii() and text.isdigit() and 100 <= int(text) <= 599):
        raise _UnreadableError(f"'status' {text[:20]!r} is no HTTP status")
    return int(text or 400)


def _time(fields: Mapping[str, Any], name: str) -> datetime:
    text = _needed(fields, name)
    try:
        # Python 3.10 knows no Z. https://docs.python.org/3.10/library/datetime.html#datetime.datetime.fromisoformat
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise _UnreadableError(f"{name!r} {text[:40]!r} is no time") from error
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)
