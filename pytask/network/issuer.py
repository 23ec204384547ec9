"""The issuer of a certificate, read from the certificate itself.

Python's ssl module returns it only for verified certificates, but we need it for refused ones.
Source: https://www.rfc-editor.org/rfc/rfc5280#section-4.1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = 0xA0
_LONG = 0x80
_COMMON_NAME, _ORGANIZATION, _UNIT = b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x04\x0b"
_BMP_STRING = 0x1E


def issuer_of(certificate: bytes) -> str:
    """Return the issuer of a DER certificate as `common name (organization)`; empty when it cannot be read."""
    try:
        parts = dict(_issuer_names(certificate))
    except (IndexError, ValueError):
        return ""
    name = parts.get(_COMMON_NAME) or parts.get(_UNIT, "")
    organization = parts.get(_ORGANIZATION, "")
    return f"{name} ({organization})" if name and organization else name or organization


def _issuer_names(certificate: bytes) -> Iterator[tuple[bytes, str]]:
    (_, whole), *_ = _values(certificate)
    (_, signed), *_ = _values(whole)
    fields = [(tag, value) for tag, value in _values(signed) if tag != _VERSION]
    _serial_number, _algorithm, issuer = fields[:3]
    for _, relative_name in _values(issuer[1]):
        for _, pair in _values(relative_name):
            (_, kind), (tag, text) = _values(pair)
            yield kind, text.decode("utf-16-be" if tag == _BMP_STRING else "utf-8", "replace")


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and content of each value, in the Distinguished Encoding Rules."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & _LONG:
            size = length & ~_LONG
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + length]
        at += length
