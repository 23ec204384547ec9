"""The storage account the host keeps its secrets and locks in: only whether its connection string can be read."""

from __future__ import annotations

import os

SETTING = "AzureWebJobsStorage"


def storage_error() -> str:
    """Return what the real host reports of a connection string it cannot read; empty when there is nothing to say.

    Source: ParseInternal in StorageConnectionString.cs of https://github.com/Azure/azure-sdk-for-net, and
    https://github.com/Azure/azure-functions-core-tools/issues/1836 for how it comes up.
    """
    connection = os.environ.get(SETTING, "")
    parts = [part for part in connection.split(";") if part]
    if any("=" not in part for part in parts):
        return 'Azure.Storage.Common: Settings must be of the form "name=value".'
    names = {part.partition("=")[0].lower() for part in parts}
    complete = {"accountname", "accountkey"} <= names or "usedevelopmentstorage" in names or "blobendpoint" in names
    return "" if complete or not parts else "Azure.Storage.Common: No valid combination of account information found."
