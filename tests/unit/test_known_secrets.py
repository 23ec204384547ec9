"""What the agent masks in its log is known to this program too, unless masking it would hide harmless text."""

from __future__ import annotations

from pytask.agent.environment import credentials, known_credentials, known_variables

ID = "0a1b2c3d"


def test_the_secrets_of_connections_and_the_jobs_token_are_credentials() -> None:
    secret = {
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": "the-client-secret",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_PASSWORD": "the-password",
        "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "the-jobs-token",
    }
    public = {f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALID": "the-client", f"ENDPOINT_URL_{ID}": "https://x"}
    assert set(credentials({**secret, **public})) == set(secret.values())
    assert set(known_credentials({**secret, **public})) == set(secret.values())
    assert known_variables({**secret, **public}) == ("the-jobs-token",)


def test_the_lines_of_a_certificate_are_known_but_not_its_marks() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n"
    assert known_credentials({f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALCERTIFICATE": pem}) == ("MIIEvQIBADANBg",)


def test_what_occurs_everywhere_is_no_secret_to_mask() -> None:
    harmless = {"SECRET_A": "true", "SECRET_B": "1234567890", "SECRET_C": "short", "SECRET_D": ""}
    assert known_variables({**harmless, "SECRET_E": "long-enough"}) == ("long-enough",)
