"""Hosts that are none, and hosts that are not Azure's, with what a run does with the registry of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytask.clock import Timeouts
from pytask.errors import ManyFailures, TaskFailure
from pytask.inputs import read_plan
from pytask.model import Deploy, RegistryHost, RegistryLogin, Secret
from pytask.registry.images import open_destination, open_existing
from pytask.registry.registries import Registries
from tests.plans import pushing
from tests.unit.inputs.environments import an_environment

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.cloud.arm import Azure
    from pytask.cloud.http import HttpClient
    from tests.contract.foreign import Answer, Asked

QUICK = Timeouts(http_attempts=2, http_first_wait=0.01, http_longest_wait=0.02, longest_poll=0.01)
NO_HOSTS = [
    "evil.com\\.azurecr.io",
    "evil.com\\@contoso.azurecr.io",
    "user:pw@evil.com",
    "contoso.azurecr.io@evil.com",
    "contoso.azurecr.io:443@evil.com",
    "evil.com?.azurecr.io",
    "evil.com#.azurecr.io",
    "evil.com%2f.azurecr.io",
    "contoso.azurecr.io.",
    "contoso.azurecr.io:99999",
    "evil.com\uff0fx.azurecr.io",
    "contoso\u3002azurecr.io",
]
"""What an HTTP client would make some host of, and what is none."""
LOOKALIKES = [
    "evil.com",
    "contoso.azurecr.io:8443",
    "contoso.azurecr.io.evil.com",
    "evilazurecr.io",
    "evil.contoso.azurecr.io",
    "azurecr.io",
    "contoso.azurecr.io.evil.com:443",
    "xn--bcher-kva.azurecr.io.evil.com",
    "evil.appservice.local.azurestack.external",
]
"""Hosts that are somebody's, and none of Azure's registries."""
FOREIGN_REALMS = [
    "https://evil.com/oauth2/token",
    "https://evil.com\\.azurecr.io/oauth2/token",
    "https://evil.com\\\\.azurecr.io/oauth2/token",
    "https://evil.com\\\\@contoso.azurecr.io/oauth2/token",
    "https://contoso.azurecr.io@evil.com/oauth2/token",
    "https://contoso.azurecr.io:443@evil.com/oauth2/token",
    "https://contoso.azurecr.io:8443/oauth2/token",
    "https://contoso.azurecr.io./oauth2/token",
    "https://CONTOSO.azurecr.io.EVIL.com/oauth2/token",
    "https://fabrikam.azurecr.io/oauth2/token",
    "https://evil.contoso.azurecr.io/oauth2/token",
    "http://contoso.azurecr.io/oauth2/token",
    "http://evil.com/oauth2/token",
    "//evil.com/oauth2/token",
    "evil.com",
]


def registries(azure: Azure) -> Registries:
    return Registries(azure=azure, login=None, http=azure.http, mask=Secret)


def by_password(http: HttpClient, host: str) -> Registries:
    login = RegistryLogin(host=RegistryHost.parse(host), user="robot", password=Secret("the-password"))
    return Registries(azure=None, login=login, http=http, mask=Secret)


def attempt(azure: Azure, environment: dict[str, str]) -> None:
    """Do with the registry what a preflight does; every failure is as good as another."""
    try:
        plan = read_plan(environment, Secret)
        if isinstance(plan, Deploy):
            open_existing(registries(azure), plan.image)
        else:
            open_destination(registries(azure), pushing(plan).names)
    except (ManyFailures, TaskFailure):
        return


def inputs(path: str, host: str, folder: Path) -> dict[str, str]:
    """Return the inputs of a run in which a host comes in by a path."""
    digest = f"sha256:{'a' * 64}"
    record = folder / "record.json"
    record.write_text(json.dumps({"imageReference": f"{host}/app:1", "imageDigest": digest}))
    given: dict[str, dict[str, str]] = {
        "image name": {"imageName": f"{host}/app:1", "azureContainerRegistry": ""},
        "image name beside a registry": {"imageName": f"{host}/app:1", "azureContainerRegistry": "contoso.azurecr.io"},
        "image name with a scheme": {"imageName": f"https://{host}/app:1", "azureContainerRegistry": ""},
        "deployed image": {"command": "deploy", "imageName": f"{host}/app:1"},
        "deployed digest": {"command": "deploy", "imageName": f"{host}/app@{digest}"},
        "record file": {"command": "deploy", "imageName": "", "recordFile": str(record)},
        "registry": {"azureContainerRegistry": host},
        "registry's URL": {"azureContainerRegistry": f"https://{host}/"},
        "registry JSON": {"azureContainerRegistry": json.dumps({"loginServer": host, "id": ""})},
        "registry JSON with an id": {
            "azureContainerRegistry": json.dumps({"loginServer": "contoso.azurecr.io", "id": f"https://{host}/x"})
        },
        "registry id": {"azureContainerRegistry": f"/subscriptions/@{host}/x"},
    }
    return an_environment(folder, **given[path])


PATHS = (
    "image name",
    "image name beside a registry",
    "image name with a scheme",
    "deployed image",
    "deployed digest",
    "record file",
    "registry",
    "registry's URL",
    "registry JSON",
    "registry JSON with an id",
    "registry id",
)


def answered_with(body: object, _asked: Asked) -> Answer:
    return 200, {}, body


REDIRECTS = [301, 302, 303, 307, 308]
