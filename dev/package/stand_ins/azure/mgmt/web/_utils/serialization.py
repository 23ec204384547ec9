"""Stand in for what azure-mgmt-web's operations are serialized by: the task has none of them (see `operations`).

Loading it, with isodate and decimal, takes time in every run. The client itself uses it for its own address only.
"""

from __future__ import annotations


class Serializer:
    """Stand in for the serializer that a client hands to its operations."""

    client_side_validation = False

    def __init__(self, *_parts: object) -> None:
        pass

    def url(self, _name: str, address: str, _kind: str, *, skip_quote: bool) -> str:
        """Return the client's own address, which it has as it is."""
        if not skip_quote:
            raise NotImplementedError("this task does not carry azure-mgmt-web's serializer")
        return address


class Deserializer(Serializer):
    """Stand in for the deserializer."""
