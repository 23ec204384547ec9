"""Stand in for cryptography, which the task does not carry: its native code would tie the task to one platform.

When it is loaded, azure-identity imports the parts below, for the credential that signs with a certificate. The task
does not use that credential: Node signs, with `task/sign.js`. A call of a part raises an error that says so. All other
parts are missing, so that libraries that can work without cryptography (PyJWT, MSAL) notice that they have to.
"""

import sys
from types import ModuleType


class _Part(ModuleType):
    """A module of cryptography that exists in name only."""

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
