"""Assertions signed by the real Node: what they say, what is wrong with a key, and where the key does not go."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from pytask.agent.environment import NODE, SIGNER, without_the_agents_own
from pytask.agent.pem import CertificateField
from pytask.clock import Clock, Timeouts
from pytask.cloud.certificate import CertificateAssertions
from pytask.cloud.credentials import open_credentials
from pytask.cloud.signer import find_signer
from pytask.errors import Cancelled, TaskFailure, render
from pytask.errors.agent import AgentVariableMissing
from pytask.errors.sign_in import CertificateSigningFailed
from pytask.model import CertificateIdentity, Cloud, Secret, ServiceConnection
from tests.agent.agent import Agent
from tests.agent.endpoints import arm_connection_with_certificate
from tests.agent.under_test import PYTHON
from tests.contract.http_clients import an_http_client
from tests.end_to_end.hurried import hurried_task
from tests.local_azure.sign_in.entra_proofs import ASSERTION_TYPE, EntraError, Proofs
from tests.local_azure.state.client_certificate import new_client_certificate
from tests.local_azure.state.principal import Principal
from tests.shim import TOLD_BY_SHIM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from tests.local_azure.sign_in.azure_devops import AzureDevOps

OWN, OTHER = new_client_certificate(), new_client_certificate("another")
ENTRA = Cloud(arm_url="https://arm", authority_url="https://entra", arm_scope="https://arm/.default")
AD_FS = replace(ENTRA, adfs=True)
AT_ENTRA, AT_AD_FS = "https://entra/the-tenant/oauth2/v2.0/token", "https://entra/adfs/oauth2/token"


def der(key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes = b"") -> bytes:
    locked = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.DER, form, locked)


def in_connection(pem: str) -> CertificateIdentity:
    found = CertificateField(text=pem, input="azureSubscription", name="Contoso").read(Secret)
    return CertificateIdentity(client_id="the-client", certificates=found.certificates, private_key=found.key)


def with_key(key: bytes) -> CertificateIdentity:
    return replace(in_connection(OWN.pem), private_key=Secret(base64.b64encode(key).decode()))


def connection_with(identity: CertificateIdentity, cloud: Cloud = ENTRA) -> ServiceConnection:
    return ServiceConnection(
        id="id",
        input="azureSubscription",
        page="https://the.page",
        tenant_id="the-tenant",
        subscription_id="sub",
        subscription_name="Contoso",
        cloud=cloud,
        identity=identity,
    )


def assertions(
    identity: CertificateIdentity | None = None,
    *,
    cloud: Cloud = ENTRA,
    clock: Clock | None = None,
    seconds: float = 30,
    mask: Callable[[str], Secret] = Secret,
    node: str = TOLD_BY_SHIM[NODE],
    environment: Mapping[str, str] | None = None,
) -> CertificateAssertions:
    identity, clock = identity or in_connection(OWN.pem), clock or Clock()
    told = {**os.environ, **TOLD_BY_SHIM, NODE: node, **(environment or {})}
    return CertificateAssertions(
        connection=connection_with(identity, cloud),
        identity=identity,
        signer=find_signer(told, clock=clock, seconds=seconds, name="Contoso"),
        clock=clock,
        mask=mask,
    )


def script(folder: Path, *lines: str) -> str:
    """Return a program that stands where the Node is."""
    file = folder / "node"
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(0o755)
    return str(file)


# What is signed


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


# The local Entra ID takes them


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


# What is wrong with a key


def changed(key: bytes) -> bytes:
    """Return an RSA key with other bits in its exponents, of which its certificate shows nothing."""
    octets = bytearray(key)
    octets[-700] ^= 1  # the private exponent, which is used when what the next one gives is wrong
    octets[-300] ^= 1  # the exponent of the first prime
    return bytes(octets)


@pytest.mark.parametrize(
    ("identity", "code", "told"),
    [
        (with_key(der(OWN.key, passphrase=b"x")), "certificate-key-encrypted", "passphrase"),
        (with_key(der(ec.generate_private_key(ec.SECP256R1()))), "certificate-key-not-rsa", "elliptic curve"),
        (
            with_key(der(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL)),
            "certificate-key-not-rsa",
            "elliptic curve",
        ),
        (with_key(der(ed25519.Ed25519PrivateKey.generate())), "certificate-key-not-rsa", "of another type"),
        (with_key(der(OTHER.key)), "certificate-broken", "no certificate matches the private key"),
        (with_key(b"garbage"), "certificate-broken", "the private key cannot be read"),
        (with_key(b""), "certificate-broken", "the private key cannot be read"),
        (with_key(changed(der(OWN.key))), "certificate-broken", "the private key's signature does not match"),
        (
            replace(in_connection(OWN.pem), certificates=(b"garbage",)),
            "certificate-broken",
            "one certificate cannot be",
        ),
        *(
            (with_key(der(OWN.key)[:length]), "certificate-broken", "the private key cannot be read")
            for length in (1, 4, 30, 200, 1000, len(der(OWN.key)) - 1)
        ),
    ],
)
def test_a_key_or_certificate_that_cannot_be_used_says_why(identity: CertificateIdentity, code: str, told: str) -> None:
    with pytest.raises(TaskFailure) as caught:
        assertions(identity).fresh()
    assert caught.value.code == code
    text = render(caught.value)
    assert told in text
    assert "service connection Contoso" in text
    assert_nothing_of_the_key(text)


def test_a_key_too_short_for_the_algorithm_is_the_signers_failure() -> None:
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:512", "-nodes", "-keyout", "-", "-subj", "/CN=short"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    with pytest.raises(CertificateSigningFailed, match="Contoso") as caught:
        assertions(in_connection(made)).fresh()
    assert "OpenSSL could not sign: ERR_OSSL" in render(caught.value)


# Where the key does not go


def assert_nothing_of_the_key(text: str) -> None:
    body = "".join(OWN.key_pem.splitlines()[1:-1])
    assert not [part for part in (body[at : at + 16] for at in range(0, len(body) - 16, 8)) if part in text]


def test_the_key_is_on_no_command_line_in_no_environment_and_in_no_file(tmp_path: Path) -> None:
    seen, scratch = tmp_path / "seen", tmp_path / "scratch"
    scratch.mkdir()
    node = script(
        tmp_path,
        f'cat /proc/$$/cmdline /proc/$$/environ | tr "\\0" "\\n" > "{seen}"',
        f'exec {TOLD_BY_SHIM[NODE]} "$@"',
    )
    field = {"ENDPOINT_AUTH_PARAMETER_ID_SERVICEPRINCIPALCERTIFICATE": OWN.pem, "TMPDIR": str(scratch)}
    assert assertions(node=node, environment=field).fresh()
    text = seen.read_text()
    assert "sign.js" in text
    assert str(scratch) in text
    assert_nothing_of_the_key(text)
    assert list(scratch.iterdir()) == []


def test_the_program_tells_nothing_of_a_request_that_it_does_not_understand() -> None:
    key = "".join(OWN.key_pem.splitlines()[1:-1])
    for request in (f'{{"key": {key}', json.dumps({"key": key}), json.dumps(None), ""):
        done = subprocess.run(
            [TOLD_BY_SHIM[NODE], TOLD_BY_SHIM[SIGNER]], input=request, check=True, capture_output=True, text=True
        )
        assert list(json.loads(done.stdout)) == ["failed"]
        assert_nothing_of_the_key(done.stdout + done.stderr)


def test_docker_and_what_a_build_runs_hear_nothing_of_the_signer() -> None:
    assert without_the_agents_own({**TOLD_BY_SHIM, "PATH": "/bin"}) == {"PATH": "/bin"}


# What is wrong with the Node


def failing(*, node: str = TOLD_BY_SHIM[NODE], **environment: str) -> str:
    with pytest.raises(CertificateSigningFailed) as caught:
        assertions(node=node, environment=environment).fresh()
    text = render(caught.value)
    assert text.startswith("certificate-signing-failed: ")
    assert_nothing_of_the_key(text)
    return text


def test_a_node_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert f"{tmp_path}/node cannot be started: No such file" in failing(node=f"{tmp_path}/node")


def test_a_node_that_does_not_start_says_why_in_its_own_words() -> None:
    assert "--no-such-option is not allowed in NODE_OPTIONS" in failing(NODE_OPTIONS="--no-such-option")


def test_a_node_without_the_fips_rules_that_it_is_told_to_keep_signs_nothing() -> None:
    assert "ended with exit code" in failing(NODE_OPTIONS="--force-fips", OPENSSL_MODULES="/nowhere")


def test_what_is_no_answer_is_told_without_showing_it(tmp_path: Path) -> None:
    for printed in ("echo nonsense", "cat", "true", "echo '[]'"):
        assert "printed something unexpected" in failing(node=script(tmp_path, printed))


def test_a_program_that_nobody_started_by_the_shim_takes_no_other_node() -> None:
    with pytest.raises(AgentVariableMissing, match=NODE):
        open_credentials(
            connection_with(in_connection(OWN.pem)),
            http=an_http_client(Timeouts()),
            fresh_assertion=str,
            mask=Secret,
            environment={"PATH": os.environ["PATH"]},
        )


# No child is left


def hanging(folder: Path) -> str:
    """Return a Node that writes its process id into the file `pid`, and then does nothing."""
    return script(folder, f"echo $$ > {folder}/pid.new", f"mv {folder}/pid.new {folder}/pid", "exec sleep 60")


def pid_in(folder: Path) -> int:
    until = time.monotonic() + 20
    while not (folder / "pid").exists() and time.monotonic() < until:
        time.sleep(0.01)
    return int((folder / "pid").read_text())


def when_started(folder: Path, act: Callable[[], None]) -> None:
    """Act in another thread, once the Node that hangs has been started."""

    def wait() -> None:
        pid_in(folder)
        act()

    threading.Thread(target=wait).start()


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_node_that_hangs_is_ended_after_its_time(tmp_path: Path) -> None:
    with pytest.raises(CertificateSigningFailed) as caught:
        assertions(seconds=0.5, node=hanging(tmp_path)).fresh()
    assert "did not respond within 0.5 s" in render(caught.value)
    assert is_gone(pid_in(tmp_path))


def test_a_cancelled_run_ends_the_node_that_another_thread_waits_for(tmp_path: Path) -> None:
    clock = Clock()
    when_started(tmp_path, clock.cancelled.set)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        assertions(clock=clock, node=hanging(tmp_path)).fresh()
    assert time.monotonic() - began < 20
    assert is_gone(pid_in(tmp_path))


def test_a_signal_ends_the_node_that_the_main_thread_waits_for(tmp_path: Path) -> None:
    def cancel(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise Cancelled

    before = signal.signal(signal.SIGUSR1, cancel)
    main = threading.main_thread().ident or 0
    when_started(tmp_path, lambda: signal.pthread_kill(main, signal.SIGUSR1))
    try:
        with pytest.raises(Cancelled):
            assertions(node=hanging(tmp_path)).fresh()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert is_gone(pid_in(tmp_path))


# The whole way: agent, shim, Python, Node


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


# Only certificates pay


def test_the_signer_is_loaded_for_certificates_only() -> None:
    program = "import sys; import pytask.stages; print([one for one in sys.modules if one in sys.argv])"
    modules = ["pytask.cloud.signer", "pytask.cloud.certificate"]
    done = subprocess.run([sys.executable, "-c", program, *modules], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
