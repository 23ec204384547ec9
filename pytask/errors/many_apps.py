"""Failures of deploying one image to several apps."""

from __future__ import annotations

from pytask.errors.base import TaskFailure
from pytask.errors.inputs import InputMistake


class MoreAppsInvalid(InputMistake):
    """A line of moreApps that names no app."""

    value: str
    code = "more-apps-invalid"
    title = "'{value}' in {input} is not an app"
    happened = "a line of {input} reads '{value}'"
    cause = (
        "each line is one app: its name, name/slot, resource-group/name/slot, or its resource ID; a name has 2 to 60 "
        "letters, digits and hyphens, and the slot of the app itself is called production"
    )
    fix = "write each app on a line of its own, such as shop-eu, shop-eu/staging or rg-eu/shop-eu/production"


class AppNamedTwice(InputMistake):
    """Two of the apps that a step names are the same."""

    app: str
    first: str
    second: str
    code = "app-named-twice"
    title = "{app} is named twice"
    happened = "{first} and {second} name the same app"
    cause = "appName is deployed first and moreApps after it, so each app can be listed only once"
    fix = "remove one of the two; appName itself does not belong in moreApps"


class SomeAppsFailed(TaskFailure):
    """The image runs in appName, but not in all of moreApps."""

    failed: str
    apps: str
    first: str
    code = "some-apps-failed"
    title = "{failed} of {apps} apps failed"
    happened = "each of them has an error of its own above, beginning with {first}"
    cause = "a failure of one app after the first does not stop the others, and only that app is rolled back"
    fix = (
        "fix what the errors above say and run the step again; with whenUnchanged set to skip, apps that already run "
        "the image are left as they are"
    )


class MoreAppsNotBegun(TaskFailure):
    """The first app is unverified, so that no other was begun."""

    app: str
    gaps: str
    more: str
    code = "more-apps-not-begun"
    title = "{app} is unverified, so {more} more apps were not deployed"
    happened = "these checks of {app} could not be made: {gaps}"
    cause = "the apps in moreApps are deployed only once appName is verified to run the image"
    fix = (
        "make the checks possible (docs/permissions.md), set appName to an app where they are, or set whenUnverified "
        "to succeed to deploy the others anyway"
    )
