"""Redaction of this run's secrets, for everything that is shown or written."""

from __future__ import annotations

import threading

_HIDDEN = "***"
_SHORTEST = 4
"""Characters. Masking a shorter line of a secret, such as a brace in JSON, would hide harmless text."""


class Redactor:
    """Removes the run's secrets from text. Thread-safe."""

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def add(self, text: str) -> list[str]:
        """Redact every line of a secret from now on, and return these lines."""
        lines = [line.strip() for line in text.splitlines() if len(line.strip()) >= _SHORTEST]
        with self._lock:
            # Longest first: a secret may start with a shorter one, and the rest of it would stay visible.
            self._secrets = tuple(sorted({*self._secrets, *lines}, key=len, reverse=True))
        return lines

    def redact(self, text: str) -> str:
        """Return a text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text
