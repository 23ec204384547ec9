"""How an application proves to Entra that it is itself: a secret, a certificate, an assertion. Rules only."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import jwt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_azure.front.certificates import Claims
    from tests.local_azure.sign_in.azure_devops import AzureDevOps
    from tests.local_azure.state.client_certificate import ClientCertificate
    from tests.local_azure.state.principal import Principal

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class EntraError(Exception):
    """A refusal in Entra's words.

    Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    """

    def __init__(self, status: int, error: str, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.code = code


class Proofs:
    """Takes proofs, and remembers the assertions among them."""

    def __init__(self, azure_devops: AzureDevOps) -> None:
        self._azure_devops = azure_devops
        self.assertions_used: list[str] = []
        """Every assertion ever presented, in order."""

    def prove(self, principal: Principal, form: Mapping[str, str], *, endpoint: str) -> None:
        """Take the proof that a call on the token endpoint brings; raises EntraError."""
        if form.get("client_assertion_type") == ASSERTION_TYPE:
            self._take_assertion(principal, form.get("client_assertion", ""), endpoint)
        elif "client_secret" not in form:
            wanted = "'client_assertion' or 'client_secret'"
            text = f"The request body must contain the following parameter: {wanted}."
            raise EntraError(401, "invalid_client", 7000218, text)
        elif principal.secret is None or form["client_secret"] != principal.secret:
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client "
                "secret value, not the client secret ID, for a secret added to app "
                f"'{principal.client_id}'."
            )
            raise EntraError(401, "invalid_client", 7000215, text)

    def _take_assertion(self, principal: Principal, assertion: str, endpoint: str) -> None:
        presented_before = assertion in self.assertions_used
        self.assertions_used.append(assertion)
        if _algorithms(_header(assertion)):
            _take_signature(principal, assertion, endpoint)
        else:
            self._take_federated(principal, assertion)
        if presented_before:  # stricter than Entra: a task that sends one twice has not asked for a fresh one
            text = "Client assertion is not within its valid time range. It was presented once already."
            raise EntraError(401, "invalid_client", 700024, text)

    def _take_federated(self, principal: Principal, assertion: str) -> None:
        # https://learn.microsoft.com/entra/workload-id/workload-identity-federation
        claims = self._claims(assertion)
        if claims["sub"] != principal.federated_subject:
            text = (
                "No matching federated identity record found for presented assertion subject "
                f"'{claims['sub']}'. Check your federated identity credential Subject, Audience and Issuer "
                "against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
            )
            raise EntraError(401, "invalid_client", 700213, text)

    def _claims(self, assertion: str) -> Claims:
        try:
            return self._azure_devops.read_assertion(assertion)
        except jwt.ExpiredSignatureError as error:
            raise _out_of_time() from error
        except jwt.InvalidAudienceError as error:
            text = f"No matching federated identity record found for presented assertion audience. {error}"
            raise EntraError(401, "invalid_client", 700212, text) from error
        except jwt.InvalidTokenError as error:
            text = f"Client assertion failed signature validation. {error}"
            raise EntraError(401, "invalid_client", 700027, text) from error


def _header(assertion: str) -> Mapping[str, object]:
    try:
        return jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError:
        return {}


def _algorithms(header: Mapping[str, object], *, adfs: bool = False) -> dict[str, str]:
    """Return the algorithm that goes with each thumbprint which an assertion names its certificate by.

    Entra ID still takes what it documented before PS256; AD FS takes nothing else:
    https://github.com/AzureAD/microsoft-authentication-library-for-dotnet/issues/4428
    """
    known = {"x5t": "RS256"} if adfs else {"x5t#S256": "PS256", "x5t": "RS256"}
    return {name: algorithm for name, algorithm in known.items() if name in header}


def _take_signature(principal: Principal, assertion: str, endpoint: str) -> None:
    """Take an assertion that the application signed itself with the key of its certificate.

    Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials
    """
    header = _header(assertion)
    algorithms = _algorithms(header, adfs=endpoint.endswith("/adfs/oauth2/token"))
    certificate = _certificate_named(principal, {name: str(header[name]) for name in algorithms})
    required = {"require": ["aud", "exp", "iss", "jti", "nbf", "sub"]}
    try:
        claims = jwt.decode(
            assertion,
            certificate.public_key,
            algorithms=[*algorithms.values()],
            audience=endpoint,
            issuer=principal.client_id,
            options=required,  # type: ignore[arg-type] # PyJWT's own type leaves out what it reads
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise _out_of_time() from error
    except (jwt.InvalidAudienceError, jwt.InvalidIssuerError, jwt.MissingRequiredClaimError) as error:
        text = f"Client assertion application identifier doesn't match 'client_id' parameter or audience. {error}"
        raise EntraError(401, "invalid_client", 700021, text) from error
    except jwt.InvalidTokenError as error:
        raise _refused_signature(
            principal, certificate.thumbprint, "The provided signature value did not match"
        ) from error
    if claims["sub"] != principal.client_id:
        raise EntraError(401, "invalid_client", 700021, "Client assertion application identifier doesn't match.")


def _certificate_named(principal: Principal, thumbprints: Mapping[str, str]) -> ClientCertificate:
    certificate, thumbprint = principal.certificate, next(iter(thumbprints.values()), "")
    own = {"x5t": certificate.thumbprint, "x5t#S256": certificate.thumbprint_256} if certificate else {}
    if certificate is None or not thumbprints or not thumbprints.items() <= own.items():
        raise _refused_signature(principal, thumbprint, "The key was not found.")
    if certificate.certificate.not_valid_after_utc < datetime.now(timezone.utc):
        raise _refused_signature(principal, thumbprint, "The key used is expired.")
    return certificate


def _refused_signature(principal: Principal, thumbprint: str, reason: str) -> EntraError:
    # Worded as in https://github.com/pnp/cli-microsoft365/issues/1621
    octets = base64.urlsafe_b64decode(thumbprint + "=" * (-len(thumbprint) % 4))
    text = (
        f"Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client: "
        f"'{octets.hex().upper()}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see "
        f"configured keys for app Id '{principal.client_id}'.]"
    )
    return EntraError(401, "invalid_client", 700027, text)


def _out_of_time() -> EntraError:
    now = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}"
    return EntraError(
        401, "invalid_client", 700024, f"Client assertion is not within its valid time range. Current time: {now}."
    )
