"""Text without the secrets of this run, whatever it is going to be shown in."""

from __future__ import annotations

import threading

_HIDDEN = "***"
_SHORTEST = 4
"""Characters. A shorter line of a secret, such as the brace of a JSON document, would blot out innocent text."""


class Redactor:
    """Knows the secrets of the run, and takes them out of text. Threads may share it."""

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def add(self, text: str) -> list[str]:
        """Take out every line of a secret from now on, and return these lines."""
        lines = [line.strip() for line in text.splitlines() if len(line.strip()) >= _SHORTEST]
        with self._lock:
            # The longest first: of two secrets one may begin with the other, and the rest of it would stay.
            self._secrets = tuple(sorted({*self._secrets, *lines}, key=len, reverse=True))
        return lines

    def redact(self, text: str) -> str:
        """Return a text without them."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text
