"""The Functions app on Container Apps as a `Target`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.errors.app import SettingsOverwritten
from pytask.errors.foreign import listed
from pytask.inspection.image import previous_image
from pytask.model.settings import WantedSettings
from pytask.targets.annotation import annotate
from pytask.targets.container_app.app import SECRET_REFERENCE, VERSION
from pytask.targets.container_app.find import find_app, read_app, repeated, serving
from pytask.targets.container_app.health import look_at_health
from pytask.targets.container_app.observed import Question
from pytask.targets.container_app.preflight import confirm_possible, notes, with_our_container
from pytask.targets.container_app.pull import identity_command, inspect_pull
from pytask.targets.container_app.release import release
from pytask.targets.container_app.rollback import restore
from pytask.targets.container_app.update import point_at, pull_again
from pytask.targets.container_app.verify import confirm_template, watch_revision
from pytask.targets.identity import give_identity
from pytask.targets.redaction import secret_values
from pytask.targets.target import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.access.setup import AppIdentity
    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.journal import Journal
    from pytask.model import AppAddress, AppPlan, Digest, PreviousImage, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.container_app.app import ContainerApp, ContainerAppUpdate
    from pytask.targets.container_app.observed import Observation
    from pytask.targets.target import Health, Restored, UseImage
    from pytask.verification import Watch


def find_container_app(azure: Azure, address: AppAddress) -> ContainerAppTarget | None:
    """Return the Functions app on Container Apps that an address names; None when there is none.

    Secrets in its variables are masked from now on.

    Raises:
        TaskFailure: when the container app is not what the step requires.
    """
    app = find_app(azure.arm, address)
    if app is None:
        return None
    values = {name: one for name, one in app.environment.items() if not one.startswith(SECRET_REFERENCE)}
    for secret in secret_values(values):
        azure.credentials.mask(secret)
    return ContainerAppTarget(azure=azure, app=app)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerAppTarget:
    """A Functions app on Container Apps as a `Target`."""

    azure: Azure
    app: ContainerApp
    """The app as found; if it has several containers, the first one until the run's repository is known."""

    def preflight(self, plan: AppPlan, source: ImageSource) -> Snapshot:
        """Return the app as it is, and what it still needs to pull."""
        confirm_possible(self.app, plan)
        app = with_our_container(self.app, source)
        pull = inspect_pull(self.azure, app, plan, source)
        previous, known = previous_image(source.reading, serving(self.azure.arm, app))
        return Snapshot(
            app=app,
            settings=app.environment,
            previous=previous,
            known_layers=known,
            pull=pull,
            notes=(*notes(app, plan, repeated(self.azure.arm, app)), *pull.notes, *source.notes),
            limits_ids=False,
        )

    def pending(self, plan: AppPlan, snapshot: Snapshot) -> tuple[str, ...]:
        """Return the environment variables and the registry that a deployment would change."""
        changes = WantedSettings(values=plan.settings.values).changes(snapshot.settings or {})
        registry = (f"registry {snapshot.pull.properties['server']}",) if snapshot.pull.properties else ()
        return (*(f"setting {name}" for name in changes), *registry)

    def health(self) -> Health:
        """Return the state of its latest revision, its replicas and its functions."""
        return look_at_health(self.azure, self.app)

    def assign_identity(self, identity: AppIdentity) -> AppIdentity:
        """Turn on its system-assigned identity, or assign it a user-assigned one."""
        command = identity_command(self.app, identity)
        return give_identity(self.azure.arm, self.app, identity, command=command, api_version=VERSION)

    def update(self, change: UseImage, snapshot: Snapshot, journal: Journal) -> ContainerAppUpdate:
        """Create a revision with the image and the variables that differ."""
        app = self.app
        if isinstance(snapshot.app, type(app)):
            app = app.with_container(snapshot.app.container)
        return point_at(self.azure.arm, app, change, snapshot.pull.properties, journal)

    def update_again(self, update: ContainerAppUpdate) -> ContainerAppUpdate:
        """Create another revision, which pulls the image again."""
        return pull_again(self.azure.arm, update)

    def confirm(self, update: ContainerAppUpdate, *, again: bool = False) -> None:  # noqa: ARG002 - always read
        """Read the template back once the update has ended."""
        confirm_template(self.azure.arm, update)

    def confirm_settings(self, update: ContainerAppUpdate, journal: Journal) -> None:
        """Read the environment variables back if some were changed."""
        if update.settings is None:
            return
        change = replace(update.settings, now=read_app(self.azure.arm, update.app).environment)
        if change.overwritten:
            journal.add(change)
            raise SettingsOverwritten(app=update.app.title, names=listed(change.overwritten))

    def watch(
        self,
        update: ContainerAppUpdate,
        plan: VerifyPlan,
        *,
        digest_now: Callable[[str], Reading[Digest]],
        rolls_back: bool = False,
    ) -> Watch[Observation]:
        """Return how to observe whether the app's new revision runs the image."""
        del digest_now  # the revision itself says which image it has
        smoke_test = None if rolls_back else plan.smoke_test
        question = Question(update=update, smoke_test=smoke_test, seconds=plan.seconds, rolls_back=rolls_back)
        return watch_revision(self.azure, question)

    def annotate(self, update: ContainerAppUpdate, snapshot: Snapshot, properties: Mapping[str, str]) -> str:
        """Mark the deployment in the app's Application Insights."""
        name = f"{update.app.title} {properties['Release'] or properties['Build']}".strip()
        at = self.azure.arm.http.clock.now()
        return annotate(self.azure.arm, snapshot.settings or {}, name=name, at=at, properties=properties)

    def release(self, update: ContainerAppUpdate) -> str:
        """Distribute the traffic as before the run, with the new revision in its place."""
        return release(self.azure.arm, update)

    def roll_back(
        self, update: ContainerAppUpdate, reference: str, previous: PreviousImage | None, journal: Journal
    ) -> Restored[ContainerAppUpdate]:
        """Restore the template that the app had before the update."""
        return restore(self.azure.arm, update, reference, previous, journal)
