"""What makes a swap fail or goes wrong with it, found before anything is changed. Nothing here writes.

Sources: https://learn.microsoft.com/azure/azure-functions/functions-deployment-slots and
https://learn.microsoft.com/azure/app-service/deploy-staging-slots
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.access.inspect import RegistryAccess
from pytask.access.setup import PullSetup
from pytask.decode import flag_at, text_at
from pytask.errors.swap import HostIdsCollide, SlotSwapsItself, SwapPullDiffers
from pytask.model import PullAccess
from pytask.model.settings import folded, with_changes
from pytask.targets.site.pull import pull_notes
from pytask.targets.site.pull_access import inspect_pull
from pytask.targets.site.settings import wanted_settings
from pytask.targets.site.site import differing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytask.cloud.arm import Azure
    from pytask.model import AppPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.site.find import Found
    from pytask.targets.site.site import Site
    from pytask.targets.target import Snapshot

_BY_IDENTITY, _IDENTITY = "acrUseManagedIdentityCreds", "acrUserManagedIdentityID"
_HOST_ID = "azurefunctionswebhost__hostid"
_STORAGE = ("azurewebjobsstorage", "azurewebjobsstorage__accountname", "azurewebjobsstorage__blobserviceuri")
_SECRETS = "azurewebjobssecretstoragetype"
_LONGEST_HOST_ID = 32
"""https://learn.microsoft.com/azure/azure-functions/storage-considerations#host-id-considerations"""
_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Both:
    """Both slots before a swap, the slot as it will be by then."""

    production: Found
    slot: Site
    slot_settings: Mapping[str, str] | None
    """With the changes of this run; None when they cannot be read."""
    sticky: frozenset[str] | None
    """Names of the settings that stay with their slot, in the form that Azure compares; None when not visible."""


def after_deployment(both: Both, plan: AppPlan, snapshot: Snapshot) -> Both:
    """Return both slots, the slot with what this run will write there; `snapshot` is the slot's."""
    settings = both.slot_settings
    if settings is not None:
        settings = with_changes(settings, wanted_settings(plan, snapshot).changes(settings))
    site = both.slot.reading({**both.slot.configuration, **plan.configuration, **snapshot.pull.properties})
    sticky = None if both.sticky is None else both.sticky | folded(plan.settings.sticky)
    return replace(both, slot=site, slot_settings=settings, sticky=sticky)


def refuse_auto_swap(slot: Site) -> None:
    """Raise SlotSwapsItself when Azure swaps the slot as soon as it is changed."""
    if target := text_at(slot.configuration, "autoSwapSlotName"):
        group, name = slot.resource_group, slot.name
        raise SlotSwapsItself(slot=slot.title, app=name, group=group, slot_name=slot.slot, target=target)


def pull_after_swap(azure: Azure, both: Both, plan: AppPlan, source: ImageSource) -> PullSetup:
    """Return how production will pull the image that it gets, and what must change first.

    Raises:
        SwapPullDiffers: when the two slots pull in different ways and the step does not set up both.
        PullImpossible: when production's identity certainly lacks its role.
    """
    if plan.pull.access is PullAccess.MANAGED_IDENTITY:
        setup = inspect_pull(azure, both.production, plan, source)
        lacking = differing(both.slot.configuration, setup.properties)
        _refuse_differences(both, [f"{name} of the slot is not {wanted}" for name, wanted in lacking.items()])
        return setup
    _refuse_differences(both, list(_pull_differences(both)))
    if source.host is None or source.session is None:
        return PullSetup()
    # Production's own identity, with the configuration and the settings that come from the slot.
    site = replace(both.production.site, configuration=both.slot.configuration)
    after = replace(both.production, site=site, settings=_settings_after(both))
    access = RegistryAccess(azure=azure, source=source, registry=source.host)
    return PullSetup(notes=tuple(f"production: {note}" for note in pull_notes(after, access, after.settings)))


def confirm_host_ids(both: Both) -> tuple[str, ...]:
    """Return a note when it is not known whether the two slots share a host id and its storage account.

    Raises:
        HostIdsCollide: when they do.
    """
    production, slot = both.production, both.slot
    ids = host_id(production.site, production.settings), host_id(slot, both.slot_settings)
    if ids[0] != ids[1]:
        return ()
    if production.settings is None or both.slot_settings is None:
        return (
            f"both slots have the host id {ids[0]}: they need storage accounts or host ids of their own (AZFD0004)",
        )
    storages = _among(production.settings, _STORAGE), _among(both.slot_settings, _STORAGE)
    if storages[0] and storages[0] == storages[1]:
        raise HostIdsCollide(app=slot.name, slot=slot.title, id=ids[0])
    return ()


def host_id(site: Site, settings: Mapping[str, str] | None) -> str:
    """Return the id that the Functions host has in a site.

    Source: https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Host/ScriptHostIdProvider.cs
    """
    chosen = _among(settings or {}, (_HOST_ID,)).get(_HOST_ID, "")
    name = f"{site.name}-{site.slot}" if site.slot else site.name
    return chosen or name.lower()[:_LONGEST_HOST_ID].rstrip("-")


def swap_notes(both: Both) -> Iterator[str]:
    """Yield what a swap moves that a reader may not expect."""
    production = both.production.settings
    if production is None or both.slot_settings is None:
        yield "the settings of both slots cannot be compared, because the connection may not read them"
        return
    if both.sticky is None:
        yield "which settings stay with their slot is not known, because the connection may not read it"
    sticky = both.sticky or frozenset[str]()
    if stay := _names((*production, *both.slot_settings), only=sticky):
        yield f"settings that stay with their slot: {stay}"
    if moves := _names(production, without=folded(both.slot_settings) | sticky):
        yield f"settings that only production has, and that move to the slot: {moves}"
    if comes := _names(both.slot_settings, without=folded(production) | sticky):
        yield f"settings that only the slot has, and that move to production: {comes}"
    if _among(production, (_SECRETS,)).get(_SECRETS, "").lower() == "files":
        yield "AzureWebJobsSecretStorageType is files: a swap resets the function keys"


def _settings_after(both: Both) -> Mapping[str, str] | None:
    """Return the settings that production will have: the slot's, and its own sticky ones."""
    production, sticky = both.production.settings, both.sticky or frozenset[str]()
    if production is None or both.slot_settings is None:
        return None
    comes = {name: value for name, value in both.slot_settings.items() if name.casefold() not in sticky}
    return {**comes, **{name: value for name, value in production.items() if name.casefold() in sticky}}


def _refuse_differences(both: Both, differences: list[str]) -> None:
    if differences:
        raise SwapPullDiffers(
            app=both.slot.name,
            slot=both.slot.title,
            group=both.slot.resource_group,
            slot_name=both.slot.slot,
            differences="\n".join(differences),
        )


def _pull_differences(both: Both) -> Iterator[str]:
    here, there = both.production.site.configuration, both.slot.configuration
    flags = bool(flag_at(here, _BY_IDENTITY)), bool(flag_at(there, _BY_IDENTITY))
    if flags[0] != flags[1]:
        told = [str(flag).lower() for flag in flags]
        yield f"{_BY_IDENTITY} reads {told[0]} in production and {told[1]} in the slot"
    ids = text_at(here, _IDENTITY), text_at(there, _IDENTITY)
    if any(flags) and ids[0].lower() != ids[1].lower():
        told = [one or "nothing (the system-assigned identity)" for one in ids]
        yield f"{_IDENTITY} reads {told[0]} in production and {told[1]} in the slot"


def _among(settings: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the settings with these names in lowercase; an older spelling has a colon in place of `__`."""
    wanted = set(names)
    found = {name.casefold().replace(":", "__"): value for name, value in settings.items()}
    return {name: value for name, value in found.items() if name in wanted and value}


def _names(settings: Iterable[str], *, only: frozenset[str] | None = None, without: Iterable[str] = frozenset()) -> str:
    unwanted = frozenset(without)
    names = {
        name.casefold(): name
        for name in settings
        if name.casefold() not in unwanted and (only is None or name.casefold() in only)
    }
    shown = sorted(names.values())
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
