"""Every parser of foreign text in the product, with the words that it looks for and what it may raise."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pytask.access.roles import allows
from pytask.agent.commands import command, disarm
from pytask.agent.network import read_network
from pytask.agent.oidc import oidc_refusal
from pytask.agent.pem import CertificateField
from pytask.agent.redactor import Redactor
from pytask.builders.docker.arguments import parse_build_arguments, parse_flags
from pytask.builders.docker.base_image import base_image_failure, image_of
from pytask.builders.docker.cache_notes import notes_of
from pytask.builders.docker.cli import _told
from pytask.builders.docker.configuration import current_context, known_hosts
from pytask.builders.docker.credential_helper import _told as _answered
from pytask.builders.docker.diagnosis import failure
from pytask.builders.docker.engine import PushProgress
from pytask.builders.docker.inline_cache import NotACache, join, read_inline_cache
from pytask.builders.docker.instructions import mounted_secrets, registries_named
from pytask.builders.docker.push_refusal import push_refusal
from pytask.builders.docker.reference import parse_host, parse_image_name, parse_reference, parse_tags
from pytask.builders.docker.setup import no_engine
from pytask.builders.docker.shell_words import split_words
from pytask.builders.docker.stages import stages_of, stages_to_keep
from pytask.builders.docker.steps import Steps
from pytask.builders.docker.syntax import expanded, parse_dockerfile
from pytask.builders.docker.trouble import network_trouble
from pytask.builders.ignore import is_ignored
from pytask.cloud.answers import error_of, failing, refusal, version_refusal
from pytask.cloud.sign_in import entra_failure
from pytask.decode import decode, decode_object
from pytask.errors import ManyFailures, TaskFailure, render
from pytask.errors.foreign import without_page
from pytask.inputs.image import _recorded
from pytask.inputs.more_apps import parse_line
from pytask.inputs.secrets import parse_secret
from pytask.inspection.history import instructions
from pytask.inspection.inflate import inflated
from pytask.inspection.saved import inspect_saved
from pytask.inspection.tar_owners import ArchiveBroken, owners
from pytask.model import AgentKind, BuiltImage, Cloud, FederatedIdentity, Secret, ServiceConnection
from pytask.model.reference import ImageReference, NotAReference, RegistryHost, digest_of
from pytask.network.issuer import issuer_of
from pytask.network.place import is_address, place_of
from pytask.network.retry import asked_wait, http_date
from pytask.registry.address import parse_registry
from pytask.registry.challenge import parse_challenges
from pytask.registry.firewall import firewall_in
from pytask.registry.hosts import host_in
from pytask.registry.rights import granted_actions
from pytask.report.markdown import block, cell, code, escaped
from pytask.targets.identity import identities_of
from pytask.targets.redaction import redacted
from pytask.targets.site.address import parse_app, parse_identity
from pytask.targets.site.host import read_status
from pytask.targets.site.kind import unfit
from pytask.targets.site.platform_log import read_platform_log
from pytask.targets.site.setting_forms import parse_settings
from pytask.targets.site.site import image_in
from pytask.targets.site.site_properties import property_of
from pytask.targets.site.start_failure import explain
from tests.fuzz import words
from tests.fuzz.texts import archives, documents, made_of, objects
from tests.unit.answered import answered
from tests.unit.test_plan import a_recipe

if TYPE_CHECKING:
    from collections.abc import Callable

_EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)
_NOW = datetime(2026, 11, 27, tzinfo=timezone.utc)
_IMAGE = BuiltImage(references=("x/y:1",), id="sha256:1", platform="linux/amd64", size_bytes=1)
_CONNECTION = ServiceConnection(
    id="c",
    input="azureSubscription",
    page="p",
    tenant_id="t",
    subscription_id="s",
    subscription_name="n",
    cloud=Cloud(arm_url="https://management.azure.com", authority_url="", arm_scope=""),
    identity=FederatedIdentity(client_id="i", issuer="", subject=""),
)


@dataclass(frozen=True)
class Parser:
    """One parser."""

    read: Callable[[Any], object]
    given: st.SearchStrategy[Any]
    """What it is given: a text, bytes or JSON."""
    raises: tuple[type[Exception], ...] = ()
    """What it documents besides the failures of the catalogue."""

    def holds(self, given: object) -> None:
        """Read it, and let nothing out but what is not documented; a failure has to be one that can be shown."""
        try:
            self.read(given)
        except TaskFailure as failed:
            render(failed)
        except ManyFailures as several:
            for one in several.failures:
                render(one)
        except self.raises:
            return


def _shown(found: TaskFailure | None) -> None:
    if found is not None:
        render(found)


def _log(text: str) -> None:
    log = read_platform_log(text, reference="contoso.azurecr.io/shop:7", since=_EVER, site="shop")
    for attempt in log.attempts:
        attempt.phase()
        if attempt.failure or attempt.pull_failure:
            _shown(explain(attempt, app="shop", reference="contoso.azurecr.io/shop:7", settings={"KEY": "a-setting"}))


def _markdown(text: str) -> None:
    for made in (code(text), escaped(text), cell(code(text))):
        assert "\n" not in made
    assert block(text)


def _log_lines(text: str) -> None:
    made = disarm(text)
    assert "##vso[" not in made.lower()
    assert "##[" not in made
    told = command("task.logissue", {"type": text}, text)
    assert "\n" not in told
    assert "\r" not in told


def _redaction(text: str) -> None:
    redactor, secret = Redactor(), text[:40]
    redactor.add(secret)
    assert len(secret.strip()) < 40 or secret.strip() not in redactor.redact(f"x{text}x")


def _refused(text: str) -> None:
    for status in (400, 403, 404, 409, 429, 500):
        answer = answered(status, text)
        error_of(answer)
        _shown(refusal("read the app", answer))
        _shown(failing("read the app", answer, 3))
        _shown(version_refusal("read the app", answer))


def _roles(found: dict[str, Any]) -> None:
    permissions = found.get("value")
    listed = [one for one in permissions if isinstance(one, dict)] if isinstance(permissions, list) else [found]
    allows(listed, "actions", "Microsoft.ContainerRegistry/registries/pull/read")


def _docker_configuration(text: str) -> None:
    found = decode_object(text)
    known_hosts(found if isinstance(found, dict) else {}, text)
    Path(words.folder(), "config.json").write_text(text, encoding="utf-8")
    current_context({"DOCKER_CONFIG": words.folder()})


def _record(text: str) -> None:
    file = Path(words.folder(), "record.json")
    file.write_text(text, encoding="utf-8")
    _recorded(file)


def _dockerfile(text: str) -> None:
    parsed = parse_dockerfile(text)
    registries_named(parsed, {"A": "b"}, ("--build-context=x=docker-image://y/z",))
    mounted_secrets(parsed)
    stages_to_keep(stages_of(parsed, {"A": "b"}), "")


def _steps(text: str) -> None:
    steps = Steps()
    for line in text.splitlines():
        steps.take(line)
    notes_of(steps, {})


def _inline_cache(records: object) -> None:
    cache = base64.b64encode(json.dumps(records).encode()).decode()
    config = {"rootfs": {"diff_ids": ["a", "b"]}, "moby.buildkit.cache.v0": cache}
    join([read_inline_cache(b'{"layers": [{"digest": "a"}, {"digest": "b"}]}', json.dumps(config).encode())])


def _network(text: str) -> None:
    for name in ("AGENT_PROXYURL", "HTTPS_PROXY", "AGENT_PROXYBYPASSLIST"):
        read_network({name: text}, Secret)


def _secret(text: str) -> None:
    parse_secret(text, 1, environment={"A": "b"}, sources=Path("/nowhere"), mask=Secret)


def _settings(text: str) -> None:
    for setting in parse_settings(text, input_name="appSettings"):
        property_of(setting, input_name="configurationStrings")


def _push(text: str) -> None:
    for attempt in (1, 3):
        _shown(push_refusal(text, reference="r.io/shop:1", registry="r.io", attempt=attempt, last=attempt > 1))


def _built(text: str) -> None:
    _shown(failure(a_recipe(), 1, text.split("\n")))


def _base_image(text: str) -> None:
    _shown(base_image_failure(image_of(text, text), text, {}))


def _token(found: Any) -> None:  # noqa: ANN401 - JSON
    body = base64.urlsafe_b64encode(json.dumps(found).encode()).decode()
    granted_actions(Secret(f"e30.{body}.x"), "shop")


def _certificate(text: str) -> None:
    CertificateField(text=text, input="azureSubscription", name="n").read(Secret)


def _progress(found: Any) -> None:  # noqa: ANN401 - JSON
    for event in found if isinstance(found, list) else [found]:
        seen = PushProgress()
        if isinstance(event, dict):
            seen.take(event)


REFERENCES = made_of(*words.REFERENCES)
PARSERS: dict[str, Parser] = {
    "the platform's log": Parser(_log, words.platform_logs()),
    "a line of the log": Parser(_log_lines, made_of("##vso[", "##[", "v", "s", "o", "#")),
    "Markdown": Parser(_markdown, made_of("`", "|", "![](x)", "<b>", "_", "&#x41;")),
    "redaction": Parser(_redaction, made_of("secret", "%41", "aa", "ab")),
    "redaction of a container's lines": Parser(
        lambda text: redacted(text, {"A": text[:20], "B": "AccountKey=abcdefgh;x"}),
        made_of("password=", "key: ", "token"),
    ),
    "a page": Parser(without_page, made_of("<html", "<title>", "</title>", "<!doctype html", "<p>", "&lt;")),
    "JSON": Parser(
        lambda text: (decode(text), decode_object(text.encode(errors="replace"))), documents("\\ud800", "1e999")
    ),
    "a challenge": Parser(parse_challenges, made_of(*words.CHALLENGES)),
    "a reference": Parser(ImageReference.parse, REFERENCES, (NotAReference,)),
    "a host": Parser(RegistryHost.parse, REFERENCES, (NotAReference,)),
    "a registry's address": Parser(host_in, REFERENCES, (NotAReference,)),
    "a digest": Parser(lambda text: digest_of(text, text), REFERENCES, (NotAReference,)),
    "an image name": Parser(lambda text: parse_image_name(text, input_name="imageName"), REFERENCES),
    "a reference as input": Parser(lambda text: parse_reference(text, input_name="imageName"), REFERENCES),
    "a host as input": Parser(lambda text: parse_host(text, input_name="x"), REFERENCES),
    "tags": Parser(lambda text: parse_tags(text, input_name="tags"), REFERENCES),
    "a registry as input": Parser(
        lambda text: parse_registry(text, input_name="x"), made_of(*words.REFERENCES, *words.IDS)
    ),
    "a line of moreApps": Parser(parse_line, made_of(*words.IDS)),
    "an app as input": Parser(lambda text: parse_app(text, input_name="appName"), made_of(*words.IDS)),
    "an identity as input": Parser(lambda text: parse_identity(text, input_name="x"), made_of(*words.IDS)),
    "an image in a site": Parser(image_in, made_of("DOCKER|", "|", *words.REFERENCES)),
    "a URL": Parser(
        lambda text: (place_of(text), is_address(text)), made_of("https://", "[::1]", "%", ":443", "@", "..")
    ),
    "a build's output": Parser(_built, words.build_outputs()),
    "a base image's refusal": Parser(_base_image, made_of(*words.BUILD)),
    "a push's refusal": Parser(_push, made_of(*words.PUSH)),
    "a push's progress": Parser(_progress, objects("status", "progressDetail", "current", "errorDetail", "Pushing")),
    "the engine's network": Parser(lambda text: _shown(network_trouble(text, "r.io")), made_of(*words.PUSH)),
    "a firewall's refusal": Parser(
        lambda text: _shown(firewall_in(text, "r.io")), made_of("not allowed access", "client with IP")
    ),
    "no engine": Parser(
        lambda text: _shown(no_engine(text, "/usr/bin/docker", AgentKind(system="Linux", container_job=False))),
        made_of("Docker daemon at unix://", "docker API at tcp://", "sudo: ", "permission denied", "//./pipe/"),
    ),
    "a docker command's version": Parser(_told, documents("Client", "Server", "Version", "Components")),
    "a credential helper's question": Parser(
        lambda text: _answered(text, lambda _: None), made_of("get\n", "list", "\n")
    ),
    "Docker's configuration": Parser(_docker_configuration, documents("auths", "credHelpers", "https://r.io/v1/")),
    "a Dockerfile": Parser(_dockerfile, made_of(*words.DOCKERFILE)),
    "a variable in a Dockerfile": Parser(
        lambda text: expanded(text, {"A": text}), made_of("$A", "${A:-", "}", "${", '"')
    ),
    "an ignore file": Parser(
        lambda text: is_ignored("a/b/c.txt", text), made_of("*", "**/", "?", "[a-", "]", "!", "a", "\\")
    ),
    "build arguments": Parser(lambda text: parse_build_arguments(text, input_name="x"), made_of("A=", "=", "\n")),
    "flags": Parser(lambda text: parse_flags(text, input_name="arguments"), made_of(*words.FLAGS)),
    "shell words": Parser(split_words, made_of(*words.FLAGS), (ValueError,)),
    "a build secret": Parser(_secret, made_of("id", "=", ",src=", ",env=", "A", "$(x)")),
    "settings": Parser(
        _settings,
        made_of("-KEY ", "K=V", "{", "[", "}", '"name"', '"value"', "alwaysOn", "true")
        | documents("slotSetting", "alwaysOn"),
    ),
    "an answer to wait": Parser(
        lambda text: (asked_wait({"Retry-After": text}, _NOW), http_date(text)), made_of(*words.DATES)
    ),
    "an error of Azure": Parser(_refused, documents(*words.ARM) | made_of(*words.ARM)),
    "an error of Entra ID": Parser(lambda text: _shown(entra_failure(text, _CONNECTION)), made_of(*words.ENTRA)),
    "an error of Azure DevOps": Parser(
        lambda text: _shown(oidc_refusal("c", text, 401)), documents("Message") | made_of("_signin")
    ),
    "a role": Parser(_roles, objects("actions", "notActions", "*", "*/read", "Microsoft.ContainerRegistry/*")),
    "a registry's token": Parser(_token, objects("access", "actions", "repository", "pull")),
    "identities": Parser(identities_of, objects("identity", "userAssignedIdentities", "SystemAssigned", "principalId")),
    "a kind of app": Parser(
        lambda found: _shown(unfit("shop", found, "DOCKER|x")), objects("kind", "sku", "functionapp,linux", "reserved")
    ),
    "a host's status": Parser(
        lambda found: read_status({"state": "Running", **found}), objects("state", "processUptime", "errors")
    ),
    "a history": Parser(
        lambda text: instructions([{"created_by": text}], 1), made_of("|1 ", "RUN ", "/bin/sh -c ", "#(nop)", "file:")
    ),
    "a record": Parser(
        _record, documents("imageReference", "imageDigest", "contoso.azurecr.io/shop:1", f"sha256:{'a' * 64}")
    ),
    "a build's steps": Parser(
        _steps,
        made_of("#1 ", "#2 ", "[", "build", " 1/2] ", "RUN x", "FROM a", "@sha256:", "CACHED", "DONE ", "1.0s", "\n"),
    ),
    "a cache in an image": Parser(
        _inline_cache,
        st.lists(objects("digest", "inputs", "link", "layers", "layer", "chains"), max_size=4),
        (NotACache,),
    ),
    "the agent's network": Parser(_network, made_of("http://", "user:", "@", "proxy", ":8080", "[", '["a"]', "(")),
    "a connection's certificate": Parser(_certificate, made_of(*words.PEM)),
    "an issuer": Parser(issuer_of, st.binary(max_size=200)),
    "owners in an archive": Parser(lambda data: list(owners([data])), archives("a"), (ArchiveBroken,)),
    "a packed layer": Parser(
        lambda data: list(inflated([data[:7], data[7:]])),
        st.binary(max_size=400)
        | st.tuples(st.binary(max_size=400), st.binary(max_size=30)).map(lambda two: gzip.compress(two[0]) + two[1]),
        (ArchiveBroken,),
    ),
    "a saved image": Parser(
        lambda data: inspect_saved(_IMAGE, [data]), archives("manifest.json", "config.json", "index.json")
    ),
}
