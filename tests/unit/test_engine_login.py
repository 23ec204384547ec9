"""The engine gets credentials for the registry that it pushes to, and for no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from pytask.builders.docker.engine import Engine
from pytask.errors.network import CredentialNotSent
from pytask.model import RegistryHost, RegistryLogin, Secret

if TYPE_CHECKING:
    from docker.api import APIClient

LOGIN = RegistryLogin(host=RegistryHost("contoso.azurecr.io"), user="robot", password=Secret("pw"))


class Remembering:
    """An engine that keeps the credentials it was given."""

    def __init__(self) -> None:
        self.given: list[dict[str, str]] = []

    def push(self, _repository: str, _tag: str, *, auth_config: dict[str, str], **_: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - the SDK's
        """Push nothing, and say what."""
        self.given.append(auth_config)
        return [{"status": f"1: digest: sha256:{'1' * 64} size: 1"}]


def pushed(reference: str) -> list[dict[str, str]]:
    engine = Remembering()
    Engine(cast("APIClient", engine)).push(reference, login=LOGIN, progress=lambda _: None)
    return engine.given


def test_the_registry_of_the_login_gets_it() -> None:
    assert pushed("contoso.azurecr.io/app:1") == [{"username": "robot", "password": "pw"}]


@pytest.mark.parametrize("reference", ["evil.com/app:1", "contoso.azurecr.io:8443/app:1", "fabrikam.azurecr.io/app:1"])
def test_no_other_registry_gets_it(reference: str) -> None:
    with pytest.raises(CredentialNotSent):
        pushed(reference)
