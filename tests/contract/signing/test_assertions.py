"""What an assertion says, and which of them the local Entra ID and AD FS take."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import jwt
import pytest

from pytask.model import Secret
from tests.agent.agent import Agent
from tests.agent.endpoints import arm_connection_with_certificate
from tests.agent.under_test import PYTHON
from tests.contract.signing.signers import (
    AD_FS,
    AT_AD_FS,
    AT_ENTRA,
    OTHER,
    OWN,
    assert_nothing_of_the_key,
    assertions,
    in_connection,
)
from tests.end_to_end.hurried import hurried_task
from tests.local_azure.sign_in.entra_proofs import ASSERTION_TYPE, EntraError, Proofs
from tests.local_azure.state.principal import Principal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.sign_in.azure_devops import AzureDevOps


@pytest.mark.parametrize("key", [OWN.key_pem, OWN.old_key_pem], ids=["PKCS#8", "PKCS#1"])
def test_for_entra_an_assertion_is_signed_by_ps256_and_names_its_certificate_by_sha_256(key: str) -> None:
    token = assertions(in_connection(key + OWN.certificate_pem)).fresh()
    assert jwt.get_unverified_header(token) == {"alg": "PS256", "typ": "JWT", "x5t#S256": OWN.thumbprint_256}
    claims = jwt.decode(token, OWN.public_key, algorithms=["PS256"], audience=AT_ENTRA)
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["nbf"]) == ("the-client", "the-client", 600)


def test_for_ad_fs_an_assertion_is_signed_by_rs256_and_names_its_certificate_by_sha_1() -> None:
    token = assertions(cloud=AD_FS).fresh()
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "x5t": OWN.thumbprint}
    assert jwt.decode(token, OWN.public_key, algorithms=["RS256"], audience=AT_AD_FS)


def test_no_two_assertions_are_the_same() -> None:
    made = assertions()
    first, second = (jwt.decode(made.fresh(), options={"verify_signature": False}) for _ in range(2))
    assert first["jti"] != second["jti"]


def test_of_several_certificates_the_one_of_the_key_is_named() -> None:
    several = in_connection(OTHER.certificate_pem + OWN.pem)
    several = replace(several, certificates=(b"no certificate", *several.certificates))
    assert jwt.get_unverified_header(assertions(several).fresh())["x5t#S256"] == OWN.thumbprint_256


def test_an_assertion_is_masked_as_it_is_made() -> None:
    masked: list[str] = []

    def mask(secret: str) -> Secret:
        masked.append(secret)
        return Secret(secret)

    assert masked == [] != [assertions(mask=mask).fresh()] == masked


def test_what_a_preloaded_module_prints_is_no_answer(tmp_path: Path) -> None:
    noise = tmp_path / "noise.js"
    noise.write_text('console.log(\'{"assertion": "noise"}\');')
    assert assertions(environment={"NODE_OPTIONS": f"--require {noise}"}).fresh().count(".") == 2


def refused(assertion: str, endpoint: str) -> int:
    """Return the code with which the local Entra ID refuses an assertion, 0 when it takes it."""
    principal = Principal(
        name="pipeline", client_id="the-client", object_id="o", tenant_id="the-tenant", certificate=OWN
    )
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    try:
        Proofs(cast("AzureDevOps", None)).prove(principal, form, endpoint=endpoint)
    except EntraError as error:
        return error.code
    return 0


def signed(algorithm: str, header: dict[str, str], audience: str) -> str:
    now = int(time.time())
    claims = {"aud": audience, "iss": "the-client", "sub": "the-client", "jti": "1", "nbf": now, "exp": now + 600}
    return jwt.encode(claims, OWN.key, algorithm=algorithm, headers=header)


def test_the_local_entra_and_ad_fs_take_what_the_task_signs() -> None:
    assert refused(assertions().fresh(), AT_ENTRA) == 0
    assert refused(assertions(cloud=AD_FS).fresh(), AT_AD_FS) == 0


@pytest.mark.parametrize(
    ("algorithm", "thumbprint", "at_entra", "at_ad_fs"),
    [
        ("PS256", {"x5t#S256": OWN.thumbprint_256}, True, False),
        ("RS256", {"x5t": OWN.thumbprint}, True, True),
        ("RS256", {"x5t#S256": OWN.thumbprint_256}, False, False),
        ("PS256", {"x5t": OWN.thumbprint}, False, False),
        ("PS256", {"x5t#S256": OWN.thumbprint}, False, False),
        ("PS256", {"x5t#S256": OTHER.thumbprint_256}, False, False),
    ],
)
def test_the_local_entra_and_ad_fs_take_an_algorithm_with_its_thumbprint_only(
    algorithm: str, thumbprint: dict[str, str], *, at_entra: bool, at_ad_fs: bool
) -> None:
    assert refused(signed(algorithm, thumbprint, AT_ENTRA), AT_ENTRA) == (0 if at_entra else 700027)
    assert refused(signed(algorithm, thumbprint, AT_AD_FS), AT_AD_FS) == (0 if at_ad_fs else 700027)


@pytest.mark.parametrize(
    ("pem", "code"),
    [(OWN.pem, "proxy-unreachable"), (OTHER.certificate_pem + OWN.key_pem, "certificate-broken")],
    ids=["a key that signs", "a key of another certificate"],
)
def test_a_run_signs_with_the_node_of_its_shim_before_anything_is_sent(tmp_path: Path, pem: str, code: str) -> None:
    connection = arm_connection_with_certificate(
        tenant_id="the-tenant", client_id="the-client", certificate=pem, subscription_id="sub"
    )
    environment = {"PATH": str(PYTHON.parent), "HTTPS_PROXY": "http://127.0.0.1:1"}
    hurried = hurried_task(tmp_path, http_attempts=1)
    agent = Agent(folder=tmp_path / "agent", task=hurried, environment=environment)
    inputs = {"command": "check", "azureSubscription": connection.id, "appName": "app"}
    run = agent.run(inputs, [connection], timeout=60)
    assert [issue.properties["code"] for issue in run.issues] == [code], run.log
    assert_nothing_of_the_key("".join(line for line in run.lines if "task.setsecret" not in line))


def test_the_signer_is_loaded_for_certificates_only() -> None:
    program = "import sys; import pytask.stages; print([one for one in sys.modules if one in sys.argv])"
    modules = ["pytask.cloud.signer", "pytask.cloud.certificate"]
    done = subprocess.run([sys.executable, "-c", program, *modules], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
