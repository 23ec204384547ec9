"""Failures of changing the app's settings."""

from __future__ import annotations

from pytask.errors.base import AzureFailure


class SettingsNotReadable(AzureFailure):
    """Settings are to be changed, and those there are may not be read."""

    app: str
    permission: str
    code = "settings-not-readable"
    title = "the service connection may not read the settings of {app}, and so cannot change them"
    happened = "Azure refuses {permission}"
    cause = "Azure replaces all settings at once, so each one that is there has to be read and written again"
    fix = "give the connection's identity the role Website Contributor on the Function App (it takes {permission}), or remove the settings from the step"
    link = "https://learn.microsoft.com/rest/api/appservice/web-apps/update-application-settings"


class SettingsOverwritten(AzureFailure):
    """Somebody else writes over the settings of this run."""

    app: str
    names: str
    code = "settings-overwritten"
    title = "somebody else has written over settings of {app} that this run wrote"
    happened = "these do not read as written: {names}"
    cause = "another pipeline, a template or a person changed settings at the same time: Azure replaces all of them at once, and the last writer wins"
    fix = "let only one pipeline at a time change the app (exclusive lock check), then run again"
    link = "https://learn.microsoft.com/azure/devops/pipelines/process/approvals#exclusive-lock"
