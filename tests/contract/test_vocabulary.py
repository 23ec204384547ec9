"""One concept, one word: what these words stood for has a word of its own, in code, log, catalogue and docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
INSTEAD = {
    "look ahead": "preflight",
    "looks ahead": "preflight",
    "looked ahead": "preflight",
    "looking ahead": "preflight",
    "mend": "fix",
    "mends": "fix",
    "mended": "fix",
    "proved": "verified",
    "proven": "verified",
    "not proven": "unverified",
    "goes back": "rolls back",
    "go back": "roll back",
    "going back": "rollback",
    "stays forward": "not rolled back",
    "lets in": "pull access",
    "let in": "pull access",
    "let pull": "pull access",
    "heed": "propagate, accept, read",
    "heeds": "propagate, accept, read",
    "heeded": "propagate, accept, read",
    "door": "HTTP client",
    "patience": "timeouts",
    "asked again": "retry",
    "asking again": "retry",
    "image of before": "previous image",
    "for want of": "because … is missing",
    "played": "local, fake, stand-in",
    "anew": "again",
    "deed": "",
    "deeds": "",
    "make loose": "",
    "in vain": "",
    "hold fast": "keep",
    "held fast": "kept",
    "disturbed": "failing",
    "disturbance": "outage",
    "belong into": "belong in",
    "belongs into": "belong in",
    "wants": "needs, requires",
    "unwell": "unhealthy",
    "behaviour": "behavior",
    "colour": "color",
    "licence": "license",
    "misspelt": "misspelled",
    "organisation": "organization",
    "recognise": "recognize",
    "recognised": "recognized",
}
"""What is not said, and what is."""
FOLDERS = ("pytask", "task", "docs", "dev", "examples", "tests")
PAGES = ("README.md", "overview.md", "CONTRIBUTING.md", "SECURITY.md", "SUPPORT.md", "PRIVACY.md", "CHANGELOG.md")
KINDS = {".py", ".md", ".json", ".js", ".sh", ".yml", ".yaml"}
OF_OTHERS = ("tests/corpus/", "tests/local_azure/engine/functions_host/", "tests/unit/moving_over/", "docs/licenses")
"""What others wrote, or what stands for it."""
NOT_SAID = re.compile(rf"\b(?:{'|'.join(map(re.escape, INSTEAD))})\b")


def _texts() -> list[Path]:
    within = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in KINDS]
    ours = [path for path in within if not path.relative_to(ROOT).as_posix().startswith(OF_OTHERS)]
    return [*(ROOT / page for page in PAGES), *(path for path in ours if path != Path(__file__))]


def as_words(text: str) -> str:
    """Return a text with its names taken apart: `goesBack`, `goes_back` and `goes-back` read `goes back`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.sub(r"[\s_-]+", " ", apart).lower()


@pytest.mark.parametrize("path", _texts(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_called_by_a_word_that_another_has_taken_the_place_of(path: Path) -> None:
    words = as_words(f"{path.stem}\n{path.read_text(encoding='utf-8')}")
    said = {found.group(): words[max(0, found.start() - 30) : found.end() + 30] for found in NOT_SAID.finditer(words)}
    assert not said, {word: (INSTEAD[word], where) for word, where in said.items()}
