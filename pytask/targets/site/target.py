"""The Linux container app as a `Target`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.background import Background
from pytask.inspection.image import previous_image
from pytask.targets.annotation import annotate
from pytask.targets.redaction import secret_values
from pytask.targets.site.confirm import confirm_configuration, confirm_settings, was_confirmed
from pytask.targets.site.find import Found, find_app, read_configuration
from pytask.targets.site.functions import durable_notes
from pytask.targets.site.identity import give_site_identity
from pytask.targets.site.instances import instances_now
from pytask.targets.site.observed import Question
from pytask.targets.site.pull_access import inspect_pull
from pytask.targets.site.rollback import restore
from pytask.targets.site.settings import change_settings, confirm_readable, settings_notes, wanted_settings
from pytask.targets.site.site import differing
from pytask.targets.site.slot_settings import not_sticky
from pytask.targets.site.update import point_at, pull_again
from pytask.targets.target import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.access.setup import AppIdentity
    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.journal import Journal
    from pytask.model import AppAddress, AppPlan, Digest, PreviousImage, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.site.observed import Observation
    from pytask.targets.site.site import Site, SiteUpdate
    from pytask.targets.target import Health, Restored, UseImage
    from pytask.verification import Watch


def find_site(azure: Azure, address: AppAddress) -> SiteTarget:
    """Return the Function App or slot that an address names; secrets in its settings are masked from now on.

    Raises:
        TaskFailure: when there is no such app, or it cannot run a container image.
    """
    return site_target(azure, find_app(azure.arm, address))


def site_target(azure: Azure, found: Found) -> SiteTarget:
    """Return an app that was found; secrets in its settings are masked from now on."""
    for secret in secret_values(found.settings or {}):
        azure.credentials.mask(secret)
    return SiteTarget(azure=azure, found=found)


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteTarget:
    """A Function App on Linux, or one of its slots, as a `Target`."""

    azure: Azure
    found: Found

    @property
    def app(self) -> Site:
        """The site as found."""
        return self.found.site

    def preflight(self, plan: AppPlan, source: ImageSource) -> Snapshot:
        """Return the site as it is, and what it still needs to pull."""
        settings, site = self.found.settings, self.found.site
        pull = inspect_pull(self.azure, self.found, plan, source)
        confirm_readable(settings, replace(plan.settings, values={**plan.settings.values, **pull.settings}), site)
        durable = durable_notes(self.azure.arm, site.resource_id) if plan.verify else ()
        previous, known = previous_image(source.reading, site)
        return Snapshot(
            app=site,
            settings=settings,
            previous=previous,
            known_layers=known,
            pull=pull,
            notes=(*_notes(site, settings, plan), *pull.notes, *durable, *source.notes),
            limits_ids=not site.on_container_apps,
        )

    def pending(self, plan: AppPlan, snapshot: Snapshot) -> tuple[str, ...]:
        """Return the settings and properties that a deployment would change."""
        wanted, site = wanted_settings(plan, snapshot), self.found.site
        changes = wanted.changes(snapshot.settings) if snapshot.settings is not None else {}
        sticky = not_sticky(self.azure.arm, site, wanted.sticky)
        properties = differing(site.configuration, _properties(plan, snapshot))
        return (
            *(f"setting {name}" for name in changes),
            *(f"setting {name} (to stay with its slot)" for name in sticky if name not in changes),
            *("startup command" if name == "appCommandLine" else f"property {name}" for name in properties),
        )

    def health(self) -> Health:
        """Return the state of its host, its functions and its last start."""
        from pytask.targets.site.health import look_at_health  # noqa: PLC0415 - a deployment does not need it

        return look_at_health(self.azure, self.found.site, self.found.settings)

    def assign_identity(self, identity: AppIdentity) -> AppIdentity:
        """Turn on its system-assigned identity, or assign it a user-assigned one."""
        return give_site_identity(self.azure.arm, self.found.site, identity)

    def update(self, change: UseImage, snapshot: Snapshot, journal: Journal) -> SiteUpdate:
        """Change the settings that differ, then point the site at the image.

        Azure accepts no condition (no `If-Match`), so the configuration is read again just before the change, unless it
        was just read: checking again would itself take about as long.
        """
        arm, site, plan = self.azure.arm, self.found.site, change.plan
        counts = plan.verify and not site.on_container_apps
        counting = Background(lambda: instances_now(arm, site.resource_id)) if counts else None
        settings, sticky = change_settings(arm, site, wanted_settings(plan, snapshot), snapshot.settings, journal)
        update = point_at(
            arm,
            self._current(),
            change.reference,
            change.digest,
            instances=counting.result() if counting else None,
            beside=_properties(plan, snapshot),
            settings=settings.moment if settings else None,
        )
        return replace(update, settings=settings, sticky=sticky, fresh_tag=change.fresh_tag)

    def _current(self) -> Site:
        """Return the site with its current configuration."""
        arm, found = self.azure.arm, self.found
        if arm.http.clock.monotonic() - found.at < arm.http.timeouts.fresh:
            return found.site
        return found.site.reading(read_configuration(arm, found.site.resource_id))

    def update_again(self, update: SiteUpdate) -> SiteUpdate:
        """Restart the site, which makes it pull again."""
        return pull_again(self.azure.arm, update)

    def confirm(self, update: SiteUpdate, *, again: bool = False) -> None:
        """Confirm what Azure answered to the update, or else read the configuration back."""
        if again or not was_confirmed(update):
            confirm_configuration(self.azure.arm, update)

    def confirm_settings(self, update: SiteUpdate, journal: Journal) -> None:
        """Read the settings back if some were changed."""
        confirm_settings(self.azure.arm, update, journal)

    def watch(
        self,
        update: SiteUpdate,
        plan: VerifyPlan,
        *,
        digest_now: Callable[[str], Reading[Digest]],
        rolls_back: bool = False,
    ) -> Watch[Observation]:
        """Return how to observe whether the site runs the image; its own start limit may extend the time."""
        # Load the log reader only now, while the app starts.
        from pytask.targets.site.verify import start_limit, watch_site  # noqa: PLC0415

        settings = update.settings.now if update.settings else self.found.settings
        question = Question(
            update=update,
            smoke_test=None if rolls_back else plan.smoke_test,
            seconds=max(plan.seconds, start_limit(settings)),
            settings=settings,
            rolls_back=rolls_back,
        )
        return watch_site(self.azure, question, digest_now=digest_now)

    def annotate(self, update: SiteUpdate, snapshot: Snapshot, properties: Mapping[str, str]) -> str:
        """Mark the deployment in the app's Application Insights."""
        name = f"{update.app.title} {properties['Release'] or properties['Build']}".strip()
        return annotate(self.azure.arm, snapshot.settings or {}, name=name, at=update.written, properties=properties)

    def release(self, update: SiteUpdate) -> str:
        """Do nothing: a site holds no traffic back."""
        del update
        return ""

    def roll_back(
        self, update: SiteUpdate, reference: str, previous: PreviousImage | None, journal: Journal
    ) -> Restored[SiteUpdate]:
        """Restore the changed settings and properties, and point the site at its previous image."""
        return restore(self.azure.arm, update, reference, previous, journal)


def _notes(site: Site, settings: Mapping[str, str] | None, plan: AppPlan) -> tuple[str, ...]:
    """Return notes about the settings, or what is different about a site that Azure runs as a container app."""
    if not site.on_container_apps:
        return settings_notes(settings, plan.settings)
    told = "each change takes up to a minute, and Azure shows neither which image was started nor the Functions host"
    return (f"the app runs in a Container Apps environment: {told}, so the image stays unverified",)


def _properties(plan: AppPlan, snapshot: Snapshot) -> Mapping[str, object]:
    """Return the site properties to set besides the image."""
    return {**plan.configuration, **snapshot.pull.properties}
