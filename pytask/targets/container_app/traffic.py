"""Whose traffic is whose in multiple revision mode, before and after a new revision is verified.

A share that is given to `latestRevision` would go to a new revision as soon as Azure calls it ready, which says nothing
of its functions. So the update names the revisions that have the traffic now, and the release restores the
distribution with the new revision in it. Naming both in one change is what Microsoft's own example does.
Sources: https://learn.microsoft.com/azure/container-apps/blue-green-deployment and
https://learn.microsoft.com/azure/container-apps/traffic-splitting
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.decode import flag_at, text_at, whole_at
from pytask.errors.foreign import shell_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytask.decode import JSONObject
    from pytask.targets.container_app.app import ContainerApp

_MULTIPLE = "multiple"


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """The distribution before a run, and whose place a new revision takes in it."""

    entries: tuple[JSONObject, ...]
    """As Azure shows them; none without ingress."""
    latest: str
    """Name of the revision that has the share of `latestRevision` now: the one that became ready last."""
    place: str
    """Name of the revision whose named share a new revision takes; empty when it takes none."""

    @property
    def held(self) -> list[JSONObject]:
        """The same distribution by the names of the revisions that have it now."""
        return _merged([_named(one, self.latest) if _follows(one) else one for one in self.entries])

    def released(self, revision: str) -> list[JSONObject]:
        """Return the distribution with a revision in its place; what goes to the latest revision still does."""
        return _merged([part for one in self.entries for part in self._moved(one, revision)])

    def has_share(self, revision: str) -> bool:
        """Tell whether the release gives a revision, which is the latest then, any traffic."""
        return any(_follows(one) for one in self.entries) or any(
            weight_of(one) and text_at(one, "revisionName") == revision for one in self.released(revision)
        )

    def _moved(self, entry: JSONObject, revision: str) -> Iterator[JSONObject]:
        """Yield an entry, whose weight goes to the revision if it was in its place; a label stays where it is."""
        moves = bool(self.place) and text_at(entry, "revisionName") == self.place and weight_of(entry) > 0
        if not moves:
            yield entry
            return
        yield {"revisionName": revision, "weight": weight_of(entry)}
        if text_at(entry, "label"):
            yield {**entry, "weight": 0}


def is_multiple(app: ContainerApp) -> bool:
    """Tell whether several revisions of an app may be active."""
    return app.mode.lower() == _MULTIPLE


def traffic_of(app: ContainerApp, repeats: str = "") -> Traffic | None:
    """Return the distribution of an app; None where a revision that is not ready cannot take any of it.

    That is so in single revision mode, and for an app that has no other revision that could serve. `repeats` is the
    revision with traffic whose images the latest ready one repeats, if that is known (`find.repeated`).
    """
    if not is_multiple(app) or not app.ready_revision:
        return None
    follows = any(_follows(one) for one in app.traffic)
    return Traffic(
        entries=tuple(app.traffic), latest=app.ready_revision, place="" if follows else _place(app) or repeats
    )


def candidates(app: ContainerApp) -> tuple[str, ...]:
    """Return the revisions with traffic by name of which one may be the latest ready one's original.

    After a rollback, the latest ready revision has the previous containers once more, and no traffic.
    """
    apart = is_multiple(app) and not any(_follows(one) for one in app.traffic) and not _place(app)
    return _serving(app) if apart else ()


def is_released(app: ContainerApp) -> bool:
    """Tell whether the latest revision of an app has traffic; without ingress, nothing has."""
    entries = app.traffic if is_multiple(app) else []
    return not entries or any(
        _follows(one) or (weight_of(one) and text_at(one, "revisionName") == app.latest_revision) for one in entries
    )


def weight_of(entry: JSONObject) -> int:
    """Return the share of an entry in percent; Azure takes numbers in quotation marks too."""
    told = text_at(entry, "weight")
    return int(told) if told.isdigit() else whole_at(entry, "weight") or 0


def same(one: Sequence[JSONObject], another: Sequence[JSONObject]) -> bool:
    """Tell whether two distributions say the same, in whatever order."""
    return _said(one) == _said(another)


def told(entries: Sequence[JSONObject]) -> str:
    """Return the shares for people, such as `shop--a 80 %, latest 20 %`."""
    return ", ".join(f"{_name(one)} {weight_of(one)} %" for one in entries if weight_of(one)) or "none"


def release_command(app: ContainerApp, traffic: Traffic, revision: str) -> str:
    """Return how a person does what the release does."""
    if not traffic.has_share(revision):
        return deactivate_command(app, revision)
    return traffic_command(app, traffic.released(revision))


def traffic_command(app: ContainerApp, entries: Sequence[JSONObject]) -> str:
    """Return how a person distributes the traffic.

    Source: https://learn.microsoft.com/cli/azure/containerapp/ingress/traffic#az-containerapp-ingress-traffic-set
    """
    weights = " ".join(shell_word(f"{_name(one)}={weight_of(one)}") for one in entries)
    return f"az containerapp ingress traffic set {_flags(app)} --revision-weight {weights}"


def deactivate_command(app: ContainerApp, revision: str) -> str:
    """Return how a person stops a revision.

    Source: https://learn.microsoft.com/cli/azure/containerapp/revision#az-containerapp-revision-deactivate
    """
    return f"az containerapp revision deactivate {_flags(app)} --revision {shell_word(revision)}"


def _flags(app: ContainerApp) -> str:
    return f"--name {shell_word(app.name)} --resource-group {shell_word(app.resource_group)}"


def _place(app: ContainerApp) -> str:
    """Return the revision whose named share a new one takes: the latest ready one, else the only one with traffic."""
    if any(_follows(one) for one in app.traffic):
        return ""
    serving = _serving(app)
    if app.ready_revision in serving:
        return app.ready_revision
    return serving[0] if len(serving) == 1 else ""


def _serving(app: ContainerApp) -> tuple[str, ...]:
    """Return the names of the revisions with a share by name."""
    return tuple(dict.fromkeys(text_at(one, "revisionName") for one in app.traffic if weight_of(one)))


def _follows(entry: JSONObject) -> bool:
    """Tell whether an entry gives traffic to whichever revision is the latest."""
    return flag_at(entry, "latestRevision") is True and weight_of(entry) > 0


def _named(entry: JSONObject, revision: str) -> JSONObject:
    label = {"label": text_at(entry, "label")} if text_at(entry, "label") else {}
    return {"revisionName": revision, "weight": weight_of(entry), **label}


def _merged(entries: list[JSONObject]) -> list[JSONObject]:
    """Return the entries with those of one revision as one; each of two labels keeps its own."""
    found: list[JSONObject] = []
    for one in entries:
        other = next((there for there in found if _joins(there, one)), None)
        if other is None:
            found.append(one)
            continue
        label = text_at(other, "label") or text_at(one, "label")
        weight = weight_of(other) + weight_of(one)
        found[found.index(other)] = {**other, "weight": weight, **({"label": label} if label else {})}
    return found


def _joins(one: JSONObject, another: JSONObject) -> bool:
    name = text_at(one, "revisionName")
    labels = {text_at(one, "label"), text_at(another, "label")} - {""}
    return bool(name) and name == text_at(another, "revisionName") and len(labels) < 2  # noqa: PLR2004 - two


def _name(entry: JSONObject) -> str:
    return "latest" if flag_at(entry, "latestRevision") is True else text_at(entry, "revisionName")


def _said(entries: Sequence[JSONObject]) -> set[tuple[str, int, str]]:
    shares = {(_name(one), weight_of(one), text_at(one, "label")) for one in entries}
    return {(name, weight, label) for name, weight, label in shares if weight or label}
