"""A target in a world that a test arranges: what the suite needs to know of a kind, besides the kind itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from pytask.model import AppAddress, AppPlan, DeployBy, VerifyPlan, WhenUnchanged, WhenUnverified
from pytask.registry.images import ImageSource

if TYPE_CHECKING:
    from pytask.clock import Clock, Timeouts
    from pytask.registry.registries import Registries
    from pytask.targets.target import Target

BEFORE, NEW, THEIRS = (f"contoso.azurecr.io/shop:{tag}" for tag in ("6", "7", "8"))
VERIFY = VerifyPlan(seconds=600, smoke_test=None, when_unverified=WhenUnverified.WARN, roll_back=True, annotate=True)
PLAN = AppPlan(
    app=AppAddress(name="shop", resource_group="g"),
    deploy_by=DeployBy.TAG,
    when_unchanged=WhenUnchanged.DEPLOY,
    verify=VERIFY,
)
NO_REGISTRY = ImageSource(registries=cast("Registries", None), host=None)


class Scene(Protocol):
    """One target that runs `BEFORE`, and what a test does to it behind the product's back."""

    timeouts: Timeouts
    shows_its_image: bool
    """Whether the platform shows which image it started."""

    @property
    def clock(self) -> Clock:
        """The clock that its verification goes by."""

    def find(self) -> Target[Any]:
        """Return the target as it is found now."""

    def image(self) -> str:
        """Return the image that it is configured with."""

    def writes(self) -> list[str]:
        """Return the calls so far that change something."""

    def somebody_uses(self, reference: str) -> None:
        """Have somebody else configure another image."""

    def new_image(self, what: str) -> None:
        """Say what becomes of an image from now on: `runs`, `crashes`, `stays away` or `cannot be seen`."""

    def refuse(self) -> None:
        """Have the next write refused."""

    def lose_the_answer(self) -> None:
        """Have the next write done, and its answer lost."""
