"""Failures of swapping a slot with production."""

from __future__ import annotations

from functools import cached_property

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral
from pytask.errors.inputs import InputMistake
from pytask.errors.start import ImageNotSet

_SLOTS = "https://learn.microsoft.com/azure/azure-functions/functions-deployment-slots"
_PULLING = "https://learn.microsoft.com/azure/app-service/configure-custom-container#use-managed-identity-to-pull-image-from-azure-container-registry"


class SwapNeedsSlot(InputMistake):
    """A swap of production with itself."""

    why: str
    code = "swap-needs-slot"
    title = "a swap needs a slot besides production"
    happened = "{why}, and slotName is empty or production"
    cause = "a swap exchanges a slot with production, so slotName has to name the other slot"
    fix = "set slotName to the slot that is swapped with production, such as staging"
    link = _SLOTS


class SwapOfManyApps(InputMistake):
    """A swap in a step that deploys to several apps."""

    code = "swap-of-many-apps"
    title = "swapWithProduction cannot be combined with moreApps"
    happened = "swapWithProduction is true, and moreApps names further apps"
    cause = "the further apps would run the new image before production does"
    fix = "swap in this step, and deploy to the further apps in a following step with command: deploy and recordFile"


class SwapNeedsVerification(InputMistake):
    """A swap without the verification that it depends on."""

    code = "swap-needs-verification"
    title = "swapWithProduction needs the verification of the slot"
    happened = "swapWithProduction is true, and verify is false"
    cause = "only a slot that was verified is swapped"
    fix = "remove verify: false, or swap in another step with command: swap"


class SlotHasNoImage(AzureFailure):
    """The slot to be swapped runs nothing."""

    app: str
    code = "slot-has-no-image"
    title = "{app} has no image that production could get"
    happened = "its linuxFxVersion names no container image"
    cause = "nothing was deployed to the slot yet"
    fix = "deploy to the slot first (command: buildPushDeploy or deploy with slotName), or set swapWithProduction in that step"
    link = _SLOTS


class SwapPullDiffers(AzureFailure):
    """The two slots pull in different ways, and Azure does not say which one applies after a swap."""

    app: str
    slot: str
    group: str
    slot_name: str
    differences: str
    code = "swap-pull-differs"
    title = "{slot} and production of {app} do not pull images in the same way"
    happened = "{differences}"
    cause = "a managed identity stays with its slot in a swap, and it is not documented whether these properties move: after the swap, production might not be able to pull its new image"
    fix = "set appPullAccess to managedIdentity in the step that deploys to the slot and in the one that swaps, which sets up both slots; or make the properties equal by hand: az functionapp config set --name {app!q} --resource-group {group!q} --generic-configurations … for production, and the same with --slot {slot_name!q} for the slot"
    link = _PULLING


class SlotSwapsItself(AzureFailure):
    """Azure swaps the slot by itself as soon as it is changed."""

    slot: str
    app: str
    group: str
    slot_name: str
    target: str
    code = "slot-swaps-itself"
    title = "Azure itself swaps {slot} as soon as a new image is set"
    happened = "its autoSwapSlotName reads {target}"
    cause = "auto swap would bring the image to {target} before it is verified"
    fix = "turn auto swap off: az webapp deployment slot auto-swap --name {app!q} --resource-group {group!q} --slot {slot_name!q} --disable"
    link = "https://learn.microsoft.com/azure/app-service/deploy-staging-slots#configure-auto-swap"


class HostIdsCollide(AzureFailure):
    """Both slots have the same host id and the same storage account."""

    app: str
    slot: str
    id: str
    code = "host-ids-collide"
    title = "{slot} and production of {app} have the same host id"
    happened = "both use the host id {id} and the same storage account (AzureWebJobsStorage)"
    cause = "the Functions host makes its id from the first 32 characters of the app's name and the slot's, and stops when another app has the same one (AZFD0004)"
    fix = "give each slot a host id of its own that stays with it: in appSettings, AzureFunctionsWebHost__hostid with slotSetting true, at most 32 lowercase letters, digits and hyphens"
    link = "https://learn.microsoft.com/azure/azure-functions/errors-diagnostics/diagnostic-events/azfd0004"


class SlotRunsAnotherImage(AzureFailure):
    """The slot does not run the image that the step names."""

    app: str
    wanted: str
    found: str
    code = "slot-runs-another-image"
    title = "{app} does not run {wanted}, so it is not swapped"
    happened = "{found}"
    cause = "someone deployed another image to the slot since it was verified, or the slot was already swapped and has production's previous image"
    fix = "check which image the slot and production run; deploy the image to the slot again if it is missing there, then swap"
    link = _SLOTS


class SlotUnverified(AzureFailure):
    """The slot could not be verified."""

    app: str
    gaps: str
    code = "slot-unverified"
    title = "{app} is not swapped, because it could not be verified"
    happened = "these checks could not be made: {gaps}"
    cause = "the service connection may not read what they need, the network is closed to the agent, or the slot is stopped or does not answer"
    fix = "give the connection the permissions in docs/permissions.md; or set whenUnverified to succeed to swap a slot that is not verified"
    link = _SLOTS


class SlotChanged(AzureFailure):
    """Someone else has changed the slot between its verification and the swap."""

    app: str
    wanted: str
    found: str
    code = "slot-changed"
    title = "{app} was changed after it was verified, so it is not swapped"
    happened = "its linuxFxVersion should read {wanted}, but reads {found}"
    cause = "another pipeline or a person changed the slot at the same time"
    fix = "let only one pipeline deploy to the slot, then run again"


class SwapFailedCause(Cause):
    """Why Azure gives a swap up."""

    PING = (
        "before a swap, Azure restarts the slot with production's slot settings and calls its path / by HTTP; a slot that does not answer in time is not swapped. This also happens by chance, and then succeeds the next time",
        "run again; if it fails each time, look for a slot setting of production that the image does not start with, and let / answer without a redirect to HTTPS or to a sign-in page, or name a path that does in WEBSITE_SWAP_WARMUP_PING_PATH",
        "https://learn.microsoft.com/azure/app-service/deploy-staging-slots#specify-custom-warm-up",
    )
    OWN = ("Azure's response above gives the reason", "fix what it names, then swap again", _SLOTS)


class SwapFailed(OneOfSeveral, AzureFailure):
    """Azure began the swap and gave it up."""

    app: str
    slot: str
    detail: str
    code = "swap-failed"
    title = "Azure did not swap {slot} with production of {app}"
    happened = "Azure says: {detail}"

    @cached_property
    def known(self) -> SwapFailedCause:
        """The cause that Azure's words name."""
        said = self.detail.lower()
        pinged = any(sign in said for sign in ("http ping", "application initialization", "worker process"))
        return SwapFailedCause.PING if pinged else SwapFailedCause.OWN


class SwapUnfinished(AzureFailure):
    """It is not known whether the swap was made."""

    app: str
    slot: str
    minutes: str
    detail: str
    leaves_open = True
    code = "swap-unfinished"
    title = "it is not known whether {slot} was swapped with production of {app}"
    happened = "after {minutes} minutes {detail}"
    cause = "Azure is still working on the swap, or its responses were lost"
    fix = "check which image production runs before anything else; if the swap was not made, run again"
    link = _SLOTS


class SlotsNotExchanged(ImageNotSet):
    """After the swap, the two slots are not configured with each other's image."""

    code = "slots-not-exchanged"
    title = "{app} and its slot are not configured as the swap left them"
    happened = "linuxFxVersion should read {wanted}, but reads {found}"
    cause = "something else changed a slot or swapped the two again at the same time: another pipeline, a person, or auto swap"
    fix = "let only one pipeline deploy to the app and its slots, then run again"
