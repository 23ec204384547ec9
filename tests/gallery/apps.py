"""Exhibits whose image is good: what is broken is the way to it, or something happens meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gallery.exhibit import Exhibit
from tests.images import BASE, build, push

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.pipeline import Pipeline

_NEW = "contoso.azurecr.io/hello-function:2"


def _purge_tag(pipeline: Pipeline, _digest: str) -> None:
    pipeline.azure.delete_image(_NEW)


def _purge_manifest(pipeline: Pipeline, digest: str) -> None:
    pipeline.azure.delete_image(f"contoso.azurecr.io/hello-function@{digest}")


def _take_the_role(pipeline: Pipeline, _digest: str) -> None:
    assert pipeline.site.identity is not None
    pipeline.azure.revoke(pipeline.site.identity, "AcrPull")


def _close_the_firewall(pipeline: Pipeline, _digest: str) -> None:
    pipeline.registry.firewall_denies_app = True


def _open_the_firewall(pipeline: Pipeline, _digest: str) -> None:
    pipeline.registry.firewall_denies_app = False


def _slow_network(pipeline: Pipeline, _digest: str) -> None:
    pipeline.azure.faults.script(r"contoso\.azurecr\.io/v2/.*/manifests/2$", status=None, delay=8, times=None)


def _unreadable_foreign_owner(pipeline: Pipeline) -> Mapping[str, str]:
    reference = "contoso.azurecr.io/hello-function:foreign"
    lines = (f"FROM {BASE}", "RUN touch /data && chown 1000000000 /data", "RUN chown 0:0 /data")
    build(pipeline.azure.agent_engine, reference, {"Dockerfile": "\n".join(lines)})
    push(pipeline.azure.agent_engine, reference, pipeline.principal)
    pipeline.azure.revoke(pipeline.principal, "AcrPush")
    return {"command": "deploy", "imageName": reference}


APPS = (
    Exhibit(
        name="missing-tag",
        title="A purge task deletes the tag between the push and the pull",
        code="pull-not-found",
        words=("manifest unknown",),
        never=(f"{_NEW} stays in the registry",),
        meanwhile=_purge_tag,
    ),
    Exhibit(
        name="missing-digest-2025",
        title="A retention policy deletes the manifest between the push and the pull (by digest, log of 2025)",
        code="pull-not-found",
        words=("ImagePullFailure", "retention policy"),
        log="2025",
        broken=lambda _: {"deployBy": "digest"},
        meanwhile=_purge_manifest,
    ),
    Exhibit(
        name="refused-pull",
        title="The app's identity loses AcrPull between the push and the pull",
        code="pull-unauthorized",
        words=("AcrPull",),
        meanwhile=_take_the_role,
    ),
    Exhibit(
        name="refused-pull-2025",
        title="The same with a log of 2025; this platform has no local copy to start",
        code="pull-unauthorized",
        words=("AcrPull",),
        never=(f"docker-func-sample is configured with {_NEW}",),
        ending="still serves",
        log="2025",
        meanwhile=_take_the_role,
    ),
    Exhibit(
        name="registry-firewall",
        title="The registry's firewall lets the agent in, and not the app",
        code="pull-firewall",
        words=("is not allowed access", "outbound"),
        meanwhile=_close_the_firewall,
    ),
    Exhibit(
        name="another-image",
        title="The pull of a tag that moved is refused, and the platform starts the copy of the old one that it has",
        code="pull-firewall",
        words=("is not allowed access",),
        old="contoso.azurecr.io/hello-function@sha256:",
        inputs={"tags": "stable"},
        meanwhile=_close_the_firewall,
        on_rollback=_open_the_firewall,
    ),
    Exhibit(
        name="uid-that-nobody-could-see",
        title="A file of uid 1000000000, in a registry that the connection may not read",
        code="user-id-out-of-range",
        words=("1000000000 cannot be mapped to a host ID",),
        broken=_unreadable_foreign_owner,
    ),
    Exhibit(
        name="slow-pull",
        title="The pull takes longer than verifyTimeoutMinutes",
        code="not-up-in-time",
        words=("verifyTimeoutMinutes", "pulling"),
        meanwhile=_slow_network,
    ),
)
"""In the order they are shown."""
