"""Plans by what they must have for a test: the type checker does not know which command it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.model import Build, BuildAndPush, BuildPushDeploy, Deploy, app_plan

if TYPE_CHECKING:
    from pytask.model import AppPlan, BuildPlan, Plan, PushPlan


def building(plan: Plan) -> BuildPlan:
    """Return a plan that builds."""
    assert isinstance(plan, Build | BuildAndPush | BuildPushDeploy)
    return plan


def pushing(plan: Plan) -> PushPlan:
    """Return a plan that pushes what it builds."""
    assert isinstance(plan, BuildAndPush | BuildPushDeploy)
    return plan


def deploying(plan: Plan) -> Deploy:
    """Return a plan that deploys what is there."""
    assert isinstance(plan, Deploy)
    return plan


def app_of(plan: Plan) -> AppPlan:
    """Return what a plan says of the app."""
    app = app_plan(plan)
    assert app
    return app
