"""Stands in for cryptography, which the task does not carry: its native code would tie the task to one platform.

azure-identity names the parts below when it is loaded, for the credential that signs with a certificate. The task does
not use that one: it has Node sign, with `task/sign.js`. Whoever calls a part is told. Every other part is missing, so
that libraries that can do without cryptography (PyJWT, MSAL) see that they have to.
"""

import sys
from types import ModuleType


class _Part(ModuleType):
    """A module of cryptography that is there in name only."""

    __path__: list[str] = []  # noqa: RUF012 - as every package has it

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"this task does not carry cryptography, so there is no {self.__name__}.{name}")


def _stand_in(*names: str) -> None:
    for name in names:
        part = _Part(f"{__name__}.{name}")
        sys.modules[part.__name__] = part
        parent, _, own = part.__name__.rpartition(".")
        setattr(sys.modules[parent], own, part)


_stand_in(
    "x509",
    "hazmat",
    "hazmat.backends",
    "hazmat.primitives",
    "hazmat.primitives.hashes",
    "hazmat.primitives.serialization",
    "hazmat.primitives.asymmetric",
    "hazmat.primitives.asymmetric.padding",
    "hazmat.primitives.asymmetric.rsa",
)
setattr(sys.modules[f"{__name__}.hazmat.backends"], "default_backend", lambda: None)
setattr(sys.modules[f"{__name__}.hazmat.primitives.asymmetric.rsa"], "RSAPrivateKey", type("RSAPrivateKey", (), {}))
