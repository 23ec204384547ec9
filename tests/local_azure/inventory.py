"""Making what exists in the local Azure: principals, roles, registries, apps, slots, components."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Literal

from tests.local_azure.arm.new_site import PullAccess, new_site, set_up_pull_access
from tests.local_azure.logs.platform_logs import new_log
from tests.local_azure.machinery import Machinery
from tests.local_azure.registries.registry_contents import delete_image
from tests.local_azure.state.container_app import Revision, new_container_app
from tests.local_azure.state.insights import Component
from tests.local_azure.state.principal import Machine
from tests.local_azure.state.registry_state import RegistryState, RoleAssignmentMode
from tests.local_azure.state.roles import Role, check_listed
from tests.local_azure.state.subscription import PRODUCTION, TENANT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.local_azure.environments import AzureEnvironment
    from tests.local_azure.logs.platform_log import Dialect
    from tests.local_azure.registries.docker_registries import DockerRegistry
    from tests.local_azure.state.app_kinds import KindName
    from tests.local_azure.state.client_certificate import ClientCertificate
    from tests.local_azure.state.container_app import ContainerApp
    from tests.local_azure.state.principal import Principal
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.subscription import Subscription
    from tests.local_azure.weather import Weather


class Inventory(Machinery):
    """The machinery, and what is made on it."""

    @property
    def place(self) -> AzureEnvironment:
        """Which of the clouds this is."""
        return self._services.cloud.environment

    def move_to(self, environment: AzureEnvironment) -> None:
        """Be another cloud, until `reset`; call it before anything is made. The names of others lead nowhere then."""
        self._loop.call(lambda: self._services.cloud.move_to(environment))

    def use_weather(self, weather: Weather) -> None:
        """Take other times than by default over what is done without being asked, until `reset`."""
        self._loop.call(lambda: setattr(self._services.cloud, "weather", weather))

    def add_principal(
        self,
        name: str,
        *,
        secret: str | None = None,
        certificate: ClientCertificate | None = None,
        federated_subject: str | None = None,
        service_connection_id: str | None = None,
        tenant_id: str = TENANT_ID,
        roles: Mapping[str, str] | None = None,
    ) -> Principal:
        """Register an application; `roles` are role names by scope (a resource id).

        With a `federated_subject` it trusts assertions with that subject, which Azure DevOps hands to jobs
        for the service connection `service_connection_id` (a GUID, made up where not given). Raises KeyError
        for a role the local Azure does not know.
        """
        connection = service_connection_id or (str(uuid.uuid4()) if federated_subject else None)

        def add() -> Principal:
            cloud = self._services.cloud
            principal = cloud.add_principal(
                name,
                secret=secret,
                certificate=certificate,
                federated_subject=federated_subject,
                service_connection_id=connection and connection.lower(),
                tenant_id=tenant_id,
            )
            for scope, role in (roles or {}).items():
                cloud.grant(principal, role, scope)
            return principal

        return self._loop.call(add)

    def assign_to_machine(self, *, own: Principal | None = None, users: Sequence[Principal] = ()) -> None:
        """Have the agent's machine be `own` by its system-assigned identity, and `users` by user-assigned ones."""
        self._loop.call(lambda: self._services.cloud.assign_to_machine(Machine(own=own, users=tuple(users))))

    def machine_environment(self, endpoint: Literal["imds", "app_service"] = "imds") -> Mapping[str, str]:
        """Return what a process on the agent's machine finds in its environment to get tokens of its identities."""
        return self._services.machine_identities.environment[endpoint]

    def add_role(
        self,
        name: str,
        *,
        actions: Sequence[str] = (),
        not_actions: Sequence[str] = (),
        data_actions: Sequence[str] = (),
    ) -> str:
        """Define a custom role, or define it again; gives its name, which is granted as a built-in one's is.

        Raises ValueError for an action that Azure does not list, as Azure does.
        """
        check_listed([*actions, *not_actions])
        role = Role(actions=tuple(actions), not_actions=tuple(not_actions), data_actions=tuple(data_actions))
        self._loop.call(lambda: self._services.cloud.roles.update({name: role}))
        return name

    def add_identity(self, name: str, *, resource_group: str = "rg-func") -> tuple[str, Principal]:
        """Create a user-assigned identity that no app has; gives its resource id, and itself."""

        def add() -> tuple[str, Principal]:
            cloud = self._services.cloud
            resource_id = cloud.add_identity(name, resource_group)
            return resource_id, cloud.identities[resource_id.lower()]

        return self._loop.call(add)

    def assign_identity(self, site: Site, name: str) -> Principal:
        """Create a user-assigned identity and give it to an app beside those it has."""
        resource_id, identity = self.add_identity(name, resource_group=site.resource_group)
        site.user_identities[resource_id] = identity
        return identity

    def assignments(self, principal: Principal) -> list[tuple[str, str]]:
        """Return the roles that a principal has, each with its scope, whose spelling Azure does not care about."""
        all_of_them = self._loop.call(lambda: list(self._services.cloud.assignments))
        held = (one for one in all_of_them if one.principal_id == principal.object_id)
        return [(one.role, one.scope.replace("/resourcegroups/", "/resourceGroups/")) for one in held]

    def grant(self, principal: Principal, role: str, scope: str, *, condition: str | None = None) -> None:
        """Assign one more role, in force at once; raises KeyError for a role the local Azure does not know."""
        self._loop.call(lambda: self._services.cloud.grant(principal, role, scope, condition=condition))

    def revoke(self, principal: Principal, role: str) -> None:
        """Take a role away, wherever the principal has it."""
        self._loop.call(lambda: self._services.cloud.revoke(principal, role))

    def add_registry(
        self,
        name: str = "contoso",
        *,
        resource_group: str = "rg-shared",
        subscription: Subscription = PRODUCTION,
        admin_user_enabled: bool = False,
        anonymous_pull: bool = False,
        role_assignment_mode: RoleAssignmentMode = "LegacyRegistryPermissions",
        dnl_hash: str = "",
    ) -> RegistryState:
        """Create a container registry with a real one behind it; raises RegistryFailed.

        What was pushed to that name before a `reset` is still there. Its properties may be changed later.
        """
        registry = RegistryState(
            name=name,
            resource_group=resource_group,
            subscription=subscription,
            domain=self.place.registries,
            admin_user_enabled=admin_user_enabled,
            anonymous_pull=anonymous_pull,
            role_assignment_mode=role_assignment_mode,
            dnl_hash=dnl_hash,
        )
        server = self._registry_server(registry.login_server)

        def add() -> RegistryState:
            self._services.registries.servers[registry.login_server] = server.url
            self._services.blobs.folders[registry.login_server] = self._registry_storage(registry.login_server)
            return self._services.cloud.registries.setdefault(name.lower(), registry)

        return self._loop.call(add)

    def add_docker_registry(self, registry: DockerRegistry) -> DockerRegistry:
        """Have a registry that is not Azure's, with a real one behind it; raises RegistryFailed.

        What was pushed to it before a `reset` is still there.
        """
        server = self._docker_registry_server(registry)

        def add() -> DockerRegistry:
            room = self._services.docker_registries
            room.registries[registry.answers_at] = registry
            room.servers[registry.answers_at] = server.url
            return registry

        return self._loop.call(add)

    def add_secret(self, reference: str, value: str) -> None:
        """Put a secret where a setting `@Microsoft.KeyVault(reference)` finds it."""
        self._loop.call(lambda: self._services.cloud.secrets.update({reference: value}))

    def delete_image(self, reference: str) -> None:
        """Take a tag away (its manifest stays), or with `…@sha256:…` the manifest; raises FileNotFoundError."""
        delete_image(self._registry_storage(reference.partition("/")[0]), reference)

    def add_component(self, name: str, *, resource_group: str = "rg-func") -> Component:
        """Create an Application Insights component; an app has it through `connection_string` in its settings."""
        component = Component(name=name, resource_group=resource_group)
        self._loop.call(lambda: self._services.cloud.components.update({component.id.lower(): component}))
        return component

    def add_app(
        self,
        name: str,
        *,
        resource_group: str = "rg-func",
        pull: PullAccess | None = "managed_identity",
        registry: RegistryState | None = None,
        settings: Mapping[str, str | None] | None = None,
        image: str | None = None,
        kind: KindName = "linux_container",
        instances: int = 1,
        log: Dialect | None = "classic",
    ) -> Site:
        """Create a Function App, and with an `image` wait until it runs or was given up.

        It may pull from `registry` (else the one of `image`, else the first there is) in the way `pull` says.
        `settings` come on top of the usual ones (`new_site.SETTINGS`); None takes one away. `log` is the form of
        the platform's log (`platform_log.Dialect`), None for an app that has none. An app whose name another one
        has already answers under a host name of its own. Images run only of kinds that are Linux containers.
        """
        return self._settled(
            name,
            resource_group=resource_group,
            pull=pull,
            registry=registry,
            settings=settings or {},
            image=image,
            kind=kind,
            instances=instances,
            log=log,
        )

    def add_native_app(
        self, name: str, *, image: str, registry: RegistryState, multiple: bool = False, resource_group: str = "rg-func"
    ) -> ContainerApp:
        """Create a Functions app on Container Apps that pulls with its own identity, and wait until it is ready."""
        services = self._services

        def add() -> ContainerApp:
            identity = services.cloud.add_principal(name)
            services.cloud.grant(identity, "AcrPull", registry.id)
            app = new_container_app(name, resource_group, identity, registry.login_server, multiple=multiple)
            app.template["containers"][0]["image"] = image
            services.cloud.container_apps[app.id.lower()] = app
            services.apps_environment.begin(app, Revision(name=f"{name}--0000001", template=app.template))
            return app

        app = self._loop.call(add)
        self._loop.run(services.apps_environment.settled(app), timeout=60)
        return app

    def add_slot(
        self,
        site: Site,
        name: str = "staging",
        *,
        pull: PullAccess | None = "managed_identity",
        registry: RegistryState | None = None,
        settings: Mapping[str, str | None] | None = None,
        image: str | None = None,
        instances: int = 1,
        log: Dialect | None = "classic",
    ) -> Site:
        """Create a deployment slot, a site of its own in `site.slots`; raises ValueError where there can be none."""
        if not site.kind.has_slots:
            raise ValueError(f"{site.kind.kind} has no slots")
        return self._settled(
            site.name,
            resource_group=site.resource_group,
            pull=pull,
            registry=registry,
            settings=settings or {},
            image=image,
            instances=instances,
            log=log,
            slot_of=site,
            slot=name,
        )

    def _settled(
        self,
        name: str,
        *,
        resource_group: str,
        pull: PullAccess | None,
        registry: RegistryState | None,
        settings: Mapping[str, str | None],
        image: str | None,
        instances: int,
        log: Dialect | None,
        kind: KindName = "linux_container",
        slot_of: Site | None = None,
        slot: str | None = None,
    ) -> Site:
        services = self._services

        def add() -> Site:
            site = new_site(
                services.cloud,
                name=name,
                resource_group=resource_group,
                settings=settings,
                image=image,
                kind=kind,
                slot=slot,
                log=log,
                second=self._second,
            )
            if slot_of is not None and slot is not None:
                site.kind = slot_of.kind
                slot_of.slots[slot.lower()] = site
            site.instances = instances
            set_up_pull_access(services.cloud, site, pull, registry)
            services.app_service.open_generation(site)
            return site

        site = self._loop.call(add)
        self.settle(site)
        return site

    def use_log(self, site: Site, dialect: Dialect) -> None:
        """Return a site that has not started anything yet the platform log of a dialect, empty."""
        site.log = new_log(dialect, f"{site.resource_name} {dialect}", second=self._second)

    def settle(self, site: Site, *, timeout: float = 120.0) -> None:
        """Wait until a site's containers came up or were given up for good; raises TimeoutError."""
        self._loop.run(self._services.app_service.settled(site), timeout=timeout)
