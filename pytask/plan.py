"""Everything that will be done, decided from the inputs alone; shown before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.image.dockerfile import shown
from pytask.model import Plan

if TYPE_CHECKING:
    from pytask.model import Destination, Inputs, Recipe


def make_plan(inputs: Inputs) -> Plan:
    """Give the plan; pure."""
    return Plan(
        connection=inputs.connection,
        recipe=inputs.recipe,
        references=inputs.destination.references(inputs.destination.registry.login_server),
        destination=inputs.destination,
        app=inputs.app,
        verify=inputs.verify,
        verify_seconds=inputs.verify_seconds,
    )


def render_plan(plan: Plan) -> str:
    """Give the plan as a person reads it."""
    rows = [
        ("build", _build(plan.recipe)),
        ("push", _push(plan.destination)),
        ("deploy", _deploy(plan)),
        ("prove", _prove(plan)),
    ]
    return "\n".join(["Plan", *(f"  {name:<7} {text}" for name, text in rows)])


def _build(recipe: Recipe) -> str:
    context = shown(recipe.context, recipe.sources)
    words = [shown(recipe.dockerfile, recipe.sources), f"context {'the checkout' if context == '.' else context}"]
    words += [recipe.platform]
    words += [f"stage {recipe.target}"] if recipe.target else []
    words += [f"build arguments {', '.join(item.name for item in recipe.arguments)}"] if recipe.arguments else []
    words += [f"flags {' '.join(recipe.flags)}"] if recipe.flags else []
    return ", ".join(words)


def _push(destination: Destination) -> str:
    registry = destination.registry
    host = registry.login_server or f"(login server of {registry.name}, from Azure)"
    first, *others = destination.references(host)
    return f"{first}, also as {', '.join(destination.tags[1:])}" if others else first


def _deploy(plan: Plan) -> str:
    group = f"resource group {plan.app.resource_group}" if plan.app.resource_group else "resource group found by name"
    return (
        f"{plan.app.name}, {group}, subscription {plan.connection.subscription_name or plan.connection.subscription_id}"
    )


def _prove(plan: Plan) -> str:
    if not plan.verify:
        return "not asked for (verify is false)"
    return f"for up to {plan.verify_seconds / 60:g} minutes"
