"""Mistakes in the service connection that an input names."""

from __future__ import annotations

from pytask.errors.inputs import InputMistake, VariableNotExpanded


class ConnectionNotExpanded(VariableNotExpanded):
    """A service connection is named by a variable that Azure Pipelines did not expand."""

    code = "connection-not-expanded"
    title = "the input {input} names its service connection by a variable that was not replaced"
    happened = "{input} is '{value}': $({variable}) has no value when the run is queued"
    cause = (
        "Azure Pipelines looks up service connections before any job starts, so a variable that is set later "
        "by a step, a secret in a variable group or the queue dialog comes too late"
    )
    fix = "write the connection's name itself, or use a variable from the YAML file or a template parameter"
    link = "https://learn.microsoft.com/azure/devops/pipelines/process/runtime-parameters"


class ConnectionNotFound(InputMistake):
    """The agent provided no such service connection."""

    value: str
    code = "connection-not-found"
    title = "the service connection '{value}' is not available to this job"
    happened = "the agent gave the task no credentials for {input} = '{value}'"
    cause = (
        "there is no connection with this name in the project, it is disabled, the pipeline is not authorized to use it, "
        "or the name comes from a variable that is set too late"
    )
    fix = (
        "compare the name with those under Project settings > Service connections; permit this pipeline there (the "
        "connection's ⋮ > Security), or on the run's page where it says that a resource needs permission; write the name "
        "itself or use a variable that is known when the run is queued"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/process/resources#resource-authorization"


class ConnectionSchemeUnsupported(InputMistake):
    """An authentication scheme that the task does not support."""

    name: str
    scheme: str
    code = "connection-scheme-unsupported"
    title = "the service connection {name} signs in with {scheme}, which this task cannot use"
    happened = "its authentication scheme is {scheme}"
    cause = (
        "the task signs in by workload identity federation, as a service principal with a secret or a certificate, or "
        "with the managed identity of the agent's machine; a publish profile gives access to one app's files, but not to a registry"
    )
    fix = "set {input} to an Azure Resource Manager connection of one of these kinds, preferably with workload identity federation"
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/connect-to-azure"


class ConnectionNotForRegistries(InputMistake):
    """A connection of another type instead of one for a container registry."""

    name: str
    scheme: str
    code = "connection-not-for-registries"
    title = "the service connection {name} is not for a container registry"
    happened = "{input} is a connection that names no registry; it signs in with {scheme}"
    cause = "{input} takes a connection of the type Docker Registry; an Azure Resource Manager connection belongs in another input"
    fix = "set {input} to a Docker Registry connection (Docker Hub, Azure Container Registry or Others), or set azureSubscriptionForACR to this one"
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/service-endpoints#docker-registry-service-connection"


class ConnectionIncomplete(InputMistake):
    """The connection lacks a field."""

    name: str
    field: str
    code = "connection-incomplete"
    title = "the service connection {name} has no {field}"
    happened = "the agent provided the connection for {input} without {field}"
    cause = "the connection was created by hand or by a script, and the field was left empty"
    fix = "open the connection under Project settings > Service connections and fill in {field}"


class ConnectionOfNoSubscription(InputMistake):
    """The connection is for something other than a subscription."""

    name: str
    level: str
    code = "connection-of-no-subscription"
    title = "the service connection {name} names no subscription"
    happened = "the scope level of {input} is {level}, and the connection names no subscription"
    cause = "an app and a registry are looked up in one subscription, and a connection with this scope does not say which one"
    fix = "create a connection with the scope level Subscription and set {input} to it; both connections can use the same identity"
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/connect-to-azure"


class CertificateIncomplete(InputMistake):
    """The connection's certificate field lacks one of its two parts."""

    name: str
    missing: str
    code = "certificate-incomplete"
    title = "the service connection {name} has no {missing}"
    happened = "the certificate field of {input} has no PEM block with a {missing}"
    cause = "the field takes the certificate and the private key together, as PEM text; an unconverted .cer or .pfx file does not work"
    fix = (
        "put both into the field: the output of cat key.pem certificate.pem or, for a .pfx file, of "
        "openssl pkcs12 -in file.pfx -nodes"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/connect-to-azure"


class CertificateKeyEncrypted(InputMistake):
    """The private key in the connection needs a passphrase."""

    name: str
    code = "certificate-key-encrypted"
    title = "the private key in the service connection {name} is encrypted"
    happened = "the key of {input} is a PEM block that needs a passphrase"
    cause = "a service connection has no place for a passphrase; Azure DevOps itself keeps the key encrypted"
    fix = "remove the passphrase with openssl pkey -in key.pem -out plain.pem, and put plain.pem and the certificate into the connection"


class CertificateKeyNotRsa(InputMistake):
    """The private key is of a type that Entra ID does not accept."""

    name: str
    code = "certificate-key-not-rsa"
    title = "the private key in the service connection {name} is not an RSA key"
    happened = "the key of {input} is of another type, such as an elliptic curve key"
    cause = "Entra ID accepts only assertions that are signed with RSA"
    fix = (
        "create an RSA certificate (openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem "
        "-days 365 -subj /CN=pipeline), add it to the app registration, and put both files into the connection"
    )
    link = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"


class CertificateBroken(InputMistake):
    """The certificate or private key cannot be read, or they do not match."""

    name: str
    detail: str
    code = "certificate-broken"
    title = "the certificate in the service connection {name} cannot be used"
    happened = "{detail}, in the certificate field of {input}"
    cause = "the text was truncated or changed, or combines two different certificates"
    fix = "put the complete key and certificate into the connection again, including their BEGIN and END lines"
