"""Rolling back: the app gets its previous image again when the new one does not start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from pytask.errors import TaskFailure
from pytask.model import Digest, ImageReference, NotAReference, RolledBack
from pytask.registry.hosts import is_azures, registry_name
from pytask.targets.site.configuration import reads_as
from pytask.targets.site.find import read_configuration
from pytask.targets.site.instances import instances_now
from pytask.targets.site.settings import put_settings_back
from pytask.targets.site.slot_settings import make_not_sticky
from pytask.targets.site.update import point_at
from pytask.targets.site.verify import verify_app

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pytask.cloud.arm import Arm, Azure
    from pytask.model import Deployment, PreviousImage, SettingsBack
    from pytask.targets.site.observed import Question


@dataclass(frozen=True, slots=True)
class Gone:
    """The registry says that it does not have an image any more."""


DigestNow: TypeAlias = "Callable[[ImageReference], Digest | Gone | None]"


def known_digest(now: Digest | Gone | None) -> Digest | None:
    """Return a digest where there is one."""
    return now if isinstance(now, Digest) else None


class NotRolledBack(Exception):  # noqa: N818 - a decision, told to the user
    """The app is not rolled back, or does not run the previous image either, with the reason."""

    def __init__(self, reason: str, *, configured: str = "") -> None:
        super().__init__(reason)
        self.configured = configured
        """The previous image, when the app is configured with it all the same."""


def roll_back(
    azure: Azure,
    question: Question,
    previous: PreviousImage | None,
    *,
    digest_of: DigestNow,
    say: Callable[[str], None],
) -> RolledBack:
    """Point the app at its previous image again and verify it, within as much time again.

    `digest_of` returns the digest that a reference points at now, `Gone`, or None when that cannot be found out.

    Raises:
        NotRolledBack: when there is nothing to roll back to, or somebody else has changed the app meanwhile.
    """
    deployment, clock = question.deployment, azure.arm.http.clock
    reference = former_reference(previous, digest_of, say)
    configuration = _still_ours(azure.arm, deployment)
    began = clock.monotonic()
    say(f"Rolling back to {reference}")
    settings = _settings_back(azure.arm, deployment, say)
    target = replace(deployment.target, fx_version=deployment.fx_version, configuration=configuration)
    digest = previous.digest if previous else None
    instances = instances_now(azure.arm, target.resource_id)
    former = former_properties(deployment, configuration)
    moment = settings.moment if settings else None
    back = point_at(azure.arm, target, reference, digest, instances=instances, beside=former, settings=moment)
    if former:
        say(f"configuration  {', '.join(former)} restored")
    try:
        verification = verify_app(
            azure,
            replace(question, deployment=back, smoke_test=None, rolls_back=True),
            digest_now=lambda name: known_digest(digest_of(ImageReference.parse(name))),
            say=say,
        )
    except TaskFailure as failure:
        raise NotRolledBack(f"{reference} does not start either: {failure}", configured=reference) from failure
    return RolledBack(
        reference=reference,
        verification=verification,
        seconds=clock.monotonic() - began,
        settings=settings,
        configuration=tuple(former),
    )


def _still_ours(arm: Arm, deployment: Deployment) -> dict[str, Any]:
    """Return the app's configuration as it is now, if its image is still the one that this run set."""
    properties = read_configuration(arm, deployment.target.resource_id).properties
    configuration = properties.as_dict() if properties else {}
    found = str(configuration.get("linuxFxVersion") or "")
    if found != deployment.fx_version:
        raise NotRolledBack(f"the app's image was changed by somebody else meanwhile (it reads {found or 'nothing'})")
    return configuration


def _settings_back(arm: Arm, deployment: Deployment, say: Callable[[str], None]) -> SettingsBack | None:
    """Put back what was changed of the settings; None when nothing was."""
    if deployment.sticky:
        make_not_sticky(arm, deployment.target, deployment.sticky)
        say(f"settings  {', '.join(deployment.sticky)} no longer stay with their slot")
    if deployment.settings is None:
        return None
    back = put_settings_back(arm, deployment.target.resource_id, deployment.settings)
    if back.names:
        say(f"settings  {', '.join(back.names)} restored")
    if back.stayed:
        say(f"settings  {', '.join(back.stayed)} left alone: changed by somebody else meanwhile")
    return back


def former_properties(deployment: Deployment, configuration: Mapping[str, object]) -> dict[str, object]:
    """Return what the properties that were changed read before, less those that somebody else has changed since.

    A text that was null is restored as empty: whether Azure takes null for a change is not documented.
    """
    before, written = deployment.target.configuration, deployment.beside
    ours = (name for name in deployment.changed if reads_as(configuration.get(name), written[name]))
    return {name: (before.get(name) or "") if isinstance(written[name], str) else before.get(name) for name in ours}


def former_reference(previous: PreviousImage | None, digest_of: DigestNow, say: Callable[[str], None]) -> str:
    """Return the reference that means the previous image: its own, or by digest when its tag means another by now.

    What is compared is what the reference pointed at then and now, an index with an index: the manifest of the app's
    platform has a digest of its own.

    Raises:
        NotRolledBack: when that image is gone, or there was none.
    """
    if previous is None or not previous.reference:
        raise NotRolledBack("there was no image before")
    try:
        reference = ImageReference.parse(previous.reference)
    except NotAReference:
        return previous.reference
    now = digest_of(reference)
    if now is None or _is_still(previous, now) or (reference.digest and not isinstance(now, Gone)):
        return previous.reference
    if reference.digest or previous.digest is None:
        return _unless_gone(previous.reference, now)
    pinned = reference.pinned(previous.digest)
    _unless_gone(f"the previous image ({pinned})", digest_of(pinned))
    what = "is gone" if isinstance(now, Gone) else "means another image by now"
    say(f"{reference} {what}; the previous image has no tag anymore, and retention may delete it. To tag it again:")
    say(f"  {_tagging(reference, pinned)}")
    return str(pinned)


def _is_still(previous: PreviousImage, now: Digest | Gone) -> bool:
    return isinstance(now, Digest) and any(now.agrees_with(one) for one in (previous.digest, previous.manifest))


def _unless_gone(reference: str, now: Digest | Gone | None) -> str:
    if isinstance(now, Gone):
        raise NotRolledBack(f"{reference} is not in the registry any more")
    return reference


def _tagging(reference: ImageReference, pinned: ImageReference) -> str:
    """Return the command that tags an image as it was tagged before, whole, with its digest.

    Sources: https://learn.microsoft.com/cli/azure/acr#az-acr-import,
    https://docs.docker.com/reference/cli/docker/buildx/imagetools/create/
    """
    tagged = replace(reference, tag=reference.tag or "latest")
    if is_azures(reference.host, None):
        image, registry = f"{tagged.repository}:{tagged.tag}", registry_name(reference.host)
        return f"az acr import --name {registry} --source {pinned} --image {image} --force"
    return f"docker buildx imagetools create --prefer-index=false --tag {tagged} {pinned}"
