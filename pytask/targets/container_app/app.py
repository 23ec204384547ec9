"""A Functions app on Container Apps, as found and as updated by this run.

Its template describes the containers; each change of the template creates a new revision.
Source: https://learn.microsoft.com/rest/api/containerapps/container-apps/get
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytask.decode import object_at, objects_at, text_at
from pytask.model import App, ByHand, Update

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.decode import JSON, JSONObject
    from pytask.targets.container_app.traffic import Traffic

VERSION = "2026-01-01"
SECRET_REFERENCE = "secretref:"  # noqa: S105 - a prefix
"""The prefix of a reference to a secret, as the az CLI writes it.
https://learn.microsoft.com/azure/container-apps/manage-secrets"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerApp(App):
    """The app: `/subscriptions/…/resourceGroups/…/providers/Microsoft.App/containerApps/…`."""

    container: str
    """Name of the container that runs the functions; empty when that is not known."""
    resource: JSONObject = field(repr=False)
    """Everything that ARM returned about it."""

    @property
    def properties(self) -> JSONObject:
        """The resource's properties."""
        return object_at(self.resource, "properties")

    @property
    def containers(self) -> list[JSONObject]:
        """The containers of its template, with every field that was read."""
        return objects_at(self.properties, "template", "containers")

    @property
    def mode(self) -> str:
        """The revision mode, such as `Single`."""
        return text_at(self.properties, "configuration", "activeRevisionsMode")

    @property
    def latest_revision(self) -> str:
        """Name of the revision that was created last; empty when there is none."""
        return text_at(self.properties, "latestRevisionName")

    @property
    def ready_revision(self) -> str:
        """Name of the revision that became ready last; empty when there is none."""
        return text_at(self.properties, "latestReadyRevisionName")

    @property
    def is_changing(self) -> bool:
        """Whether Azure is still carrying out a change."""
        return text_at(self.properties, "provisioningState").lower() == "inprogress"

    @property
    def traffic(self) -> list[JSONObject]:
        """The distribution of its traffic over its revisions; none without ingress.

        Source: https://learn.microsoft.com/azure/container-apps/traffic-splitting
        """
        ingress = object_at(self.properties, "configuration", "ingress")
        everything: list[JSONObject] = [{"latestRevision": True, "weight": 100}]
        return (objects_at(ingress, "traffic") or everything) if ingress else []

    @property
    def registries(self) -> list[JSONObject]:
        """The registries that it signs in to."""
        return objects_at(self.properties, "configuration", "registries")

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables of the container, with `secretref:NAME` for a reference to a secret."""
        variables = (objects_at(one, "env") for one in self.containers if text_at(one, "name") == self.container)
        return {text_at(one, "name"): _value(one) for all_of_them in variables for one in all_of_them}

    def with_container(self, name: str) -> ContainerApp:
        """Return the same app with another container as the one that runs the functions."""
        by_hand = commands(self.name, self.resource_group, self.resource, name)
        return replace(self, container=name, image=image_of(self.resource, name), by_hand=by_hand)

    def with_template(self, template: JSONObject) -> ContainerApp:
        """Return the same app with the template of one of its revisions."""
        return self.reading({**self.resource, "properties": {**self.properties, "template": template}})

    def reading(self, resource: JSONObject) -> ContainerApp:
        """Return the same app with a newer answer of ARM."""
        return replace(self, resource=resource, image=image_of(resource, self.container))


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerAppUpdate(Update):
    """An update that pointed the app at an image, with what its verification needs."""

    app: ContainerApp
    """The app as read just before the update."""
    revision: str
    """Name of the revision that the update creates."""
    operation: str
    """URL that shows how the update ends; empty when Azure returned none."""
    serving: ContainerApp
    """The app with the template that served before the update: that of the revision that became ready last."""
    traffic: Traffic | None = None
    """The traffic that waits for the verification; None where nothing is held back."""
    fresh_tag: bool = False
    """Whether `reference` has a tag that did not exist before this run."""

    @property
    def served_before(self) -> ContainerApp:
        """The app with the template that served before the update."""
        return self.serving


def commands(name: str, resource_group: str, resource: JSONObject, container: str) -> ByHand:
    """Return the commands that set the image of an app's container and restart the app.

    Source: https://learn.microsoft.com/cli/azure/containerapp
    """
    flags = f"--name {name} --resource-group {resource_group}"
    several = len(objects_at(resource, "properties", "template", "containers")) > 1
    which = f" --container-name {container}" if several else ""
    latest = text_at(resource, "properties", "latestRevisionName") or "<revision>"
    return ByHand(
        use_image=f"az containerapp update {flags}{which} --image",
        restart=f"az containerapp revision restart {flags} --revision {latest}",
    )


def image_of(resource: JSONObject, container: str) -> str:
    """Return the image of a container in an app's or a revision's template; empty when there is no such container."""
    for one in objects_at(resource, "properties", "template", "containers"):
        if text_at(one, "name") == container:
            return text_at(one, "image").strip()
    return ""


def is_whole(resource: JSONObject, container: str) -> bool:
    """Tell whether an answer shows all that a change of the app replaces, and the mode that its traffic depends on."""
    configuration = object_at(resource, "properties", "configuration")
    registries = bool(text_at(configuration, "activeRevisionsMode")) and _are_objects(configuration, "registries")
    return registries and has_whole_containers(object_at(resource, "properties", "template"), container)


def has_whole_containers(template: JSONObject, container: str) -> bool:
    """Tell whether a template shows all of its containers, among them the one with a name."""
    containers = objects_at(template, "containers")
    complete = all(text_at(one, "name") and text_at(one, "image") and _are_objects(one, "env") for one in containers)
    named = any(text_at(one, "name") == container for one in containers)
    return named and complete and _are_objects(template, "containers")


def _are_objects(value: JSONObject, name: str) -> bool:
    """Tell whether a list holds objects only; a list that is absent or null is empty."""
    found = value.get(name)
    return found is None or (isinstance(found, list) and all(isinstance(one, dict) for one in found))


def with_image(containers: list[JSONObject], container: str, image: str, variables: Mapping[str, str]) -> list[JSON]:
    """Return the containers with a new image and changed variables in one of them, and otherwise as they were read."""
    return [
        {**one, "image": image, **_changed_variables(one, variables)} if text_at(one, "name") == container else one
        for one in containers
    ]


def _changed_variables(container: JSONObject, variables: Mapping[str, str]) -> JSONObject:
    """Return the field `env` if a variable is to change; names are case-sensitive, as on Linux."""
    if not variables:
        return {}
    kept = [one for one in objects_at(container, "env") if text_at(one, "name") not in variables]
    return {"env": [*kept, *(_variable(name, value) for name, value in variables.items())]}


def _variable(name: str, value: str) -> JSONObject:
    if value.startswith(SECRET_REFERENCE):
        return {"name": name, "secretRef": value.removeprefix(SECRET_REFERENCE)}
    return {"name": name, "value": value}


def _value(variable: JSONObject) -> str:
    secret = text_at(variable, "secretRef")
    return f"{SECRET_REFERENCE}{secret}" if secret else text_at(variable, "value")
