"""What the pipelines agent blots out of a log.

Encoders and pattern are those of CreateSecretMasker in
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/HostContext.cs
The forms of a secret variable are those of InitializeSecretMasker in
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Worker.cs
No secret is too short by default (AZP_IGNORE_SECRETS_SHORTER_THAN is 0).
The agent's newer masker knows the shapes of Azure's keys besides; those are left out.
"""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote

# https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/AdditionalMaskingRegexes.cs
# Python looks behind over a fixed width only, so the part before the password is a group that is kept.
PASSWORD_IN_URL = re.compile(
    r"(//[^:/?#\n]+:)(?:[\w.~\-]|(?:%|%AZP25)[0-9a-fA-F]{2}|[!$&'()*+,;=]|:)+(?=@)",
)
UNESCAPED = (("\\\\", "\\"), ("\\'", "'"), ('\\"', '"'), ("\\t", "\t"))


class SecretMasker:
    """Knows secrets and writes `***` where one of them, or one of its encoded forms, stands."""

    def __init__(self) -> None:
        self._forms: set[str] = set()

    def add(self, secret: str) -> None:
        """Mask `secret` from now on, also within JSON, within a URL and with its backslashes taken back."""
        self._forms |= {
            secret,
            json.dumps(secret, ensure_ascii=False)[1:-1],
            quote(secret, safe=""),
            _unescaped(secret),
        }
        self._forms.discard("")

    def add_variable(self, secret: str) -> None:
        """Mask the value of a secret pipeline variable: also in base64, and with line ends escaped."""
        if not secret.strip():
            return
        encoded = base64.b64encode(secret.encode()).decode()
        lines_escaped = secret.replace("\r", "%0D").replace("\n", "%0A")
        percent_escaped = secret.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
        for form in (secret, encoded, lines_escaped, percent_escaped):
            self.add(form)

    def mask(self, text: str) -> str:
        """Return `text` with every secret, and every run of overlapping secrets, as one `***`."""
        shown, at = [], 0
        for start, end in self._found(text):
            shown += [text[at:start], "***"]
            at = end
        return "".join([*shown, text[at:]])

    def _found(self, text: str) -> list[tuple[int, int]]:
        places = [(start, start + len(form)) for form in self._forms for start in _starts(form, text)]
        places += [(password.end(1), password.end()) for password in PASSWORD_IN_URL.finditer(text)]
        runs: list[tuple[int, int]] = []
        for start, end in sorted(places):
            if runs and start <= runs[-1][1]:
                begun, so_far = runs.pop()
                runs.append((begun, max(so_far, end)))
            else:
                runs.append((start, end))
        return runs


def _starts(form: str, text: str) -> list[int]:
    return [place.start() for place in re.finditer(f"(?={re.escape(form)})", text)]


def _unescaped(secret: str) -> str:
    for escaped, character in UNESCAPED:
        secret = secret.replace(escaped, character)
    return secret
