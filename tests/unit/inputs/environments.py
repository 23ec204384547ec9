"""The environment of a step, and what the program reads from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors import ManyFailures
from pytask.inputs import read_plan
from pytask.model import AppPlan, BuildPushDeploy, Destination, Recipe, Secret, ServiceConnection, VerifyPlan
from tests.local_azure.state.client_certificate import new_client_certificate
from tests.plans import app_of

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.model import Plan

ID = "0a1b2c3d-0000-4000-8000-00000000abcd"
CERTIFICATE = {
    f"ENDPOINT_AUTH_PARAMETER_{ID}_AUTHENTICATIONTYPE": "spnCertificate",
    f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": "",
    f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALCERTIFICATE": new_client_certificate().pem,
}


def an_environment(sources: Path, **inputs: str) -> dict[str, str]:
    """Return the environment of a step with the inputs given and a service connection with a key."""
    (sources / "Dockerfile").write_text("FROM scratch\n")
    given = {
        "azureSubscription": ID.upper(),
        "azureContainerRegistry": "contoso.azurecr.io",
        "appName": "my-app",
        **inputs,
    }
    return {
        "SYSTEM_DEFAULTWORKINGDIRECTORY": str(sources),
        "BUILD_REPOSITORY_NAME": "My Repo",
        "BUILD_BUILDID": "77",
        f"ENDPOINT_URL_{ID}": "https://management.azure.com/",
        f"ENDPOINT_AUTH_SCHEME_{ID}": "ServicePrincipal",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID": "the-tenant",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALID": "the-client",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": "the-key",
        f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONID": "the-subscription",
        f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONNAME": "Contoso",
        f"ENDPOINT_DATA_{ID}_ACTIVEDIRECTORYSERVICEENDPOINTRESOURCEID": "https://management.core.windows.net/",
        **{f"INPUT_{name.upper()}": value for name, value in given.items()},
    }


def read(environment: dict[str, str]) -> Plan:
    return read_plan(environment, Secret)


def built(environment: dict[str, str]) -> tuple[Recipe, Destination]:
    plan = read(environment)
    assert isinstance(plan, BuildPushDeploy)
    return plan.recipe, plan.names


def deployed(environment: dict[str, str]) -> tuple[AppPlan, VerifyPlan | None]:
    app = app_of(read(environment))
    return app, app.verify


def connected(environment: dict[str, str]) -> ServiceConnection:
    connection = read(environment).connection
    assert connection
    return connection


def codes(environment: dict[str, str]) -> list[str]:
    with pytest.raises(ManyFailures) as caught:
        read(environment)
    return [failure.code for failure in caught.value.failures]
