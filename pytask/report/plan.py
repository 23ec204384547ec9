"""The plan as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.builders.docker.arguments import flag_names
from pytask.builders.docker.dockerfile import shown
from pytask.errors.foreign import listed
from pytask.model import (
    Build,
    BuildAndPush,
    BuildPushDeploy,
    Check,
    Deploy,
    DeployBy,
    PullAccess,
    ServiceConnection,
    Swap,
    WhenUnchanged,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.model import (
        AppAddress,
        AppPlan,
        BuildCache,
        BuildPlan,
        DeployPlan,
        Destination,
        ImageNames,
        Plan,
        PullPlan,
        Recipe,
        RegistryHost,
        VerifyPlan,
    )


def render_plan(plan: Plan) -> str:
    """Return the plan, with a row for each stage of the run."""
    rows = [f"  {name:<7} {text}" for name, text in _rows(plan)]
    return "\n".join([f"Plan ({plan.command.value})", *rows, *(f"  note    {note}" for note in plan.notes)])


def _rows(plan: Plan) -> Iterator[tuple[str, str]]:
    match plan:
        case Build():
            yield from _of_build(plan)
            yield "name", _names(plan.names, None) + _signed_in(plan)
        case BuildAndPush():
            yield from _of_build(plan)
            yield "push", _push(plan.names) + _signed_in(plan)
        case BuildPushDeploy():
            yield from _of_build(plan)
            yield "push", _push(plan.names) + _signed_in(plan)
            yield from _of_app(plan, plan.app)
        case Deploy():
            yield "use", str(plan.image.reference) + _signed_in(plan)
            if plan.imports_into:
                yield "import", f"into {plan.imports_into.login_server or plan.imports_into.name}, by Azure"
            yield from _of_app(plan, plan.app)
        case Swap():
            yield from _of_swap(plan)
        case Check():
            yield "check", _app(plan, plan.app)
            yield from _more(plan.app.more)
            yield from _pull(plan.app.pull)


def _of_swap(plan: Swap) -> Iterator[tuple[str, str]]:
    yield "swap", _app(plan, plan.app)
    if plan.image:
        yield "only", f"if the slot runs {plan.image.reference}{_signed_in(plan)}"
    yield from _pull(plan.app.pull)
    yield "verify", _verify(plan.app.verify, "swap back")


def _of_build(plan: BuildPlan) -> Iterator[tuple[str, str]]:
    yield "build", _build(plan.recipe)
    if plan.acr:
        pool = f", on its agent pool {plan.acr.agent_pool}" if plan.acr.agent_pool else ""
        yield "on", f"ACR Tasks of {plan.acr.registry.login_server or plan.acr.registry.name}{pool}"
    if plan.recipe.cache:
        yield "cache", _cache(plan.recipe.cache)
    if plan.signs_in_to:
        hosts = ", ".join(sorted(map(str, plan.signs_in_to)))
        own = "" if plan.acr else ", unless Docker has its own"
        yield "base", f"from {hosts} with this run's credentials{own}"


def _of_app(plan: DeployPlan, app: AppPlan) -> Iterator[tuple[str, str]]:
    yield "deploy", _app(plan, app)
    yield from _more(app.more)
    yield from _pull(app.pull)
    yield from _set(app)
    yield "verify", _verify(app.verify)
    if app.swap:
        yield "swap", f"{app.app.slot} with production once it is verified; if production does not run, swap back"


def _build(recipe: Recipe) -> str:
    context = shown(recipe.context, recipe.sources)
    words = [shown(recipe.dockerfile, recipe.sources), f"context {'the checkout' if context == '.' else context}"]
    words += [recipe.platform]
    words += [f"stage {recipe.target}"] if recipe.target else []
    words += [f"build arguments {listed(item.name for item in recipe.arguments)}"] if recipe.arguments else []
    words += [f"secrets {', '.join(secret.id for secret in recipe.secrets)}"] if recipe.secrets else []
    words += [f"flags {', '.join(flag_names(recipe.flags))}"] if recipe.flags else []
    return ", ".join(words)


def _cache(cache: BuildCache) -> str:
    where = cache.place if cache.host else f"(the registry's login server, from Azure)/{cache.repository}"
    others = f", then {', '.join(cache.others)}" if cache.others else ""
    why = f": {cache.why_not}" if cache.why_not else ""
    return f"{where}:{cache.tag}{others}{'' if cache.writes else f', read-only{why}'}"


def _push(destination: Destination) -> str:
    asked = "" if destination.host else f"(login server of {destination.registry.name}, from Azure)/"
    return asked + _names(destination, destination.host)


def _names(names: ImageNames, host: RegistryHost | None) -> str:
    first, *others = names.references_at(host)
    return f"{first}, also as {', '.join(names.tags[1:])}" if others else first


def _signed_in(plan: Plan) -> str:
    """Return a note about the input whose connection signs in to the registry; empty for the usual one."""
    own = plan.registry_connection
    if own is None:
        return ""
    return f", signed in with {own.input if isinstance(own, ServiceConnection) else 'containerRegistry'}"


def _app(plan: DeployPlan | Swap | Check, deploy: AppPlan) -> str:
    app, connection = deploy.app, plan.connection
    words = [f"{app.name}, {app.slot or 'production'}"]
    words += [f"resource group {app.resource_group}" if app.resource_group else "resource group found by name"]
    words += [f"subscription {connection.subscription_name or connection.subscription_id}"]
    words += ["pinned by digest"] if deploy.deploy_by is DeployBy.DIGEST else []
    words += ["unless it already runs this image"] if deploy.when_unchanged is WhenUnchanged.SKIP else []
    return ", ".join(words)


def _more(more: tuple[AppAddress, ...]) -> Iterator[tuple[str, str]]:
    """Yield the apps that follow the first one."""
    for app in more:
        group = f", resource group {app.resource_group}" if app.resource_group else ""
        yield "then", f"{app.name}, {app.slot or 'production'}{group}"


def _set(deploy: AppPlan) -> Iterator[tuple[str, str]]:
    """Yield what is set besides the image; names only."""
    settings, properties = tuple(deploy.settings.values), tuple(deploy.configuration)
    sticky = f"; slot settings: {listed(deploy.settings.sticky)}" if deploy.settings.sticky else ""
    words = [f"{_count(settings, 'app setting')} ({listed(settings)}){sticky}"] if settings else []
    words += ["startup command"] if "appCommandLine" in properties else []
    others = tuple(name for name in properties if name != "appCommandLine")
    words += [f"{_count(others, 'configuration property')} ({listed(others)})"] if others else []
    if words:
        yield "set", ", ".join(words)


def _count(things: tuple[str, ...], name: str) -> str:
    many = name.removesuffix("y") + "ies" if name.endswith("y") else f"{name}s"
    return f"{len(things)} {name if len(things) == 1 else many}"


def _pull(pull: PullPlan) -> Iterator[tuple[str, str]]:
    if pull.access is PullAccess.ADMIN_USER:
        yield "pull", "with the registry's admin user, whose password is stored in the app's settings"
    if pull.access is PullAccess.MANAGED_IDENTITY:
        whose = f"the identity {pull.identity.rpartition('/')[2]}" if pull.identity else "the system-assigned identity"
        yield "pull", f"with {whose}; the identity and its role on the registry are set up if missing"


def _verify(verify: VerifyPlan | None, back: str = "roll back") -> str:
    if verify is None:
        return "off (verify is false)"
    otherwise = f"; if the new image does not start, {back}" if verify.roll_back else ""
    test = f", with GET {verify.smoke_test.path}" if verify.smoke_test else ""
    minutes = f"{verify.seconds / 60:g} minute{'' if verify.seconds == 60 else 's'}"  # noqa: PLR2004 - one minute
    return f"for up to {minutes}{test}{otherwise}"
