"""Failures of the start: the app was pointed at the image but does not run it."""

from __future__ import annotations

from typing import ClassVar

from pytask.errors.base import AzureFailure


class StartFailure(AzureFailure):
    """The base of failures where the app does not run the image; by default, the run then rolls back."""

    rolls_back: ClassVar[bool] = True
    app: str
    reference: str


class ToldStartFailure(StartFailure):
    """A failed start that the platform's log reports."""

    line: str
    """The platform's own words."""
    tail: str
    """The container's last lines, each preceded by a newline; empty when there are none."""


class ImageNotSet(StartFailure):
    """The configuration does not name the image that was just written."""

    rolls_back = False
    wanted: str
    found: str
    code = "image-not-set"
    title = "{app} is not configured with the image of this run"
    happened = "linuxFxVersion should be {wanted}, but is {found}"
    cause = "something else changed it at the same time: another pipeline, a person, or Azure Policy"
    fix = "let only one pipeline deploy to the app, then run again"


class PropertyNotSet(StartFailure):
    """The configuration does not have the values that were just written."""

    rolls_back = False
    names: str
    code = "property-not-set"
    title = "{app} is not configured as this run requested"
    happened = "linuxFxVersion has the written value; these properties do not: {names}"
    cause = "Azure accepted the change but kept another value (a plan or policy may not allow it), or someone else changed it at the same time"
    fix = "compare them with the portal; remove from the step what the app's plan does not allow, then run again"


class PullUnauthorized(ToldStartFailure):
    """The registry refuses the app's credentials."""

    code = "pull-unauthorized"
    title = "the registry does not allow {app} to pull {reference}"
    happened = "the app's platform log says: {line}{tail}"
    cause = "the app signs in to the registry on its own, not with the service connection, and its identity or its credentials were refused (a new role takes a few minutes to take effect)"
    fix = "set appPullAccess: managedIdentity, which sets this up; or do it by hand: give the app's managed identity the role AcrPull on the registry (Container Registry Repository Reader where it uses ABAC) and set acrUseManagedIdentityCreds, or correct its DOCKER_REGISTRY_SERVER_* settings"
    link = "https://learn.microsoft.com/azure/app-service/configure-custom-container#use-managed-identity-to-pull-image-from-azure-container-registry"


class PullNotFound(ToldStartFailure):
    """The registry does not have the image."""

    code = "pull-not-found"
    title = "{reference} is no longer in the registry"
    happened = "the app's platform log says: {line}{tail}"
    cause = (
        "the tag or digest was deleted between the push and the pull, by a person, a purge task or a retention policy"
    )
    fix = "run the pipeline again; check the registry's purge tasks and retention policy"


class PullFirewall(ToldStartFailure):
    """The registry's firewall blocks the app."""

    code = "pull-firewall"
    title = "the registry's firewall blocks {app}"
    happened = "the app's platform log says: {line}{tail}"
    cause = "the registry allows only selected networks, and the app's outbound address is not among them"
    fix = "allow the app's outbound addresses on the registry's Networking page, or pull through the virtual network (private endpoint and outbound image pull routing)"
    link = "https://aka.ms/acr/firewall"


class PullNetwork(ToldStartFailure):
    """The app cannot reach the registry."""

    code = "pull-network"
    title = "{app} cannot reach the registry of {reference}"
    happened = "the app's platform log says: {line}{tail}"
    cause = "name resolution or routing between the app and the registry fails: often a virtual network whose DNS does not know the registry's private endpoint. A pull through a virtual network also fails for an image with an OCI manifest, and then says only UnexpectedFaliure"
    fix = "from the app's console (Kudu) try nslookup on the registry's host; link the private DNS zone privatelink.azurecr.io to the app's network; for UnexpectedFaliure add --provenance=false to arguments, or let the app pull without the virtual network"
    link = "https://learn.microsoft.com/azure/app-service/configure-vnet-integration-routing"


class PullInterrupted(ToldStartFailure):
    """The platform interrupted the pull."""

    code = "pull-interrupted"
    title = "the pull of {reference} by {app} was interrupted"
    happened = "the app's platform log says: {line}{tail}"
    cause = "the platform stopped the start while the image was still being pulled: the app was restarted, stopped or changed in the meantime, or the pull took longer than the platform allows"
    fix = "let only one pipeline or person change the app at a time, then run again; if it happens with every run, make the image smaller"


class ReferenceInvalid(ToldStartFailure):
    """The engine cannot parse the image's name."""

    code = "image-reference-invalid"
    title = "{app} is configured with an image name that cannot be read"
    happened = "the app's platform log says: {line}{tail}"
    cause = "linuxFxVersion, or DOCKER_REGISTRY_SERVER_URL, which is put in front of it, contains a scheme, spaces, capital letters or a second host"
    fix = "set DOCKER_REGISTRY_SERVER_URL to https:// and the registry's host, nothing more; write imageName as host/repository:tag in lowercase letters, then run again"
    link = "https://learn.microsoft.com/azure/app-service/configure-custom-container"


class PullFailed(ToldStartFailure):
    """The pull failed for another reason."""

    code = "pull-failed"
    title = "{app} cannot pull {reference}"
    happened = "the app's platform log says: {line}{tail}"
    cause = "the platform's line above gives the reason; HTTP 429, 500 or 503 means that the registry is busy or down for the moment"
    fix = "correct what it names, or run again if the registry was down; the app's log stream in the portal shows the whole log"


class OldImageStarted(ToldStartFailure):
    """The platform started another image."""

    code = "old-image-started"
    title = "{app} was started with a different image than {reference}"
    happened = "the app's platform log says: {line}{tail}"
    cause = "the platform could not pull the image and used one that it already had, or someone else changed the app"
    fix = "check the app's log stream to see why the pull failed; let only one pipeline deploy to the app"


class WrongArchitecture(ToldStartFailure):
    """The image is for another architecture."""

    code = "image-architecture"
    title = "{reference} cannot run on the machines that run {app}"
    happened = "the app's platform log says: {line}{tail}"
    cause = "Function Apps run linux/amd64; the image, or a program in it, is for another architecture, or its start script has no first line such as #!/bin/sh or has Windows line endings"
    fix = "set platform to linux/amd64; write the start script with a first line #!/bin/sh and Unix line endings"


class UserIdOutOfRange(ToldStartFailure):
    """A file in the image has an owner that the platform cannot map."""

    code = "user-id-out-of-range"
    title = "{reference} has files with a user id that App Service cannot map"
    happened = "the app's platform log says: {line}{tail}"
    cause = "App Service maps only user and group ids 0 to 65535, in every layer of the image: a later chown does not fix it"
    fix = "change the owner in the same RUN instruction that creates the files (chown -R root:root …, tar --no-same-owner, COPY --chown=0:0)"
    link = "https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/"


class ContainerExits(ToldStartFailure):
    """The program in the image exited."""

    code = "container-exits"
    title = "{app} does not start with {reference}: its program exits"
    happened = "the app's platform log says: {line}{tail}"
    cause = "the program in the image stops before it listens"
    fix = "run the image locally (docker run {reference!q} prints the same) and fix what its last lines name"


class ContainerSilent(ToldStartFailure):
    """The program runs, but does not respond in time."""

    code = "container-silent"
    title = "{app} runs {reference}, but the program does not respond"
    happened = "the app's platform log says: {line}{tail}"
    cause = "the program listens on a different port than the one the platform calls or on 127.0.0.1 only, or needs longer than the platform waits (230 seconds, or WEBSITES_CONTAINER_START_TIME_LIMIT)"
    fix = "listen on 0.0.0.0, on port 80 or the one in the app setting WEBSITES_PORT; if it only starts slowly, raise WEBSITES_CONTAINER_START_TIME_LIMIT (1800 seconds at most)"
    link = "https://learn.microsoft.com/azure/app-service/configure-custom-container#configure-port-number"


class ContainerStartFailed(ToldStartFailure):
    """The start failed in an unknown way."""

    code = "container-start-failed"
    title = "{app} does not start with {reference}"
    happened = "the app's platform log says: {line}{tail}"
    cause = "the platform reports nothing more than the line above; if that names a command (exec: …), that command is not in the image or is not executable"
    fix = "check the app's log stream in the portal; run the image locally with docker run {reference!q}; correct containerCommand, or ENTRYPOINT and CMD in the Dockerfile, if the line names a command"
    link = "https://learn.microsoft.com/azure/app-service/configure-custom-container"


class StorageBroken(StartFailure):
    """The Functions host cannot use its storage account, or the platform cannot mount a file share."""

    errors: str
    source: str = "the host"
    """Who reports it."""
    code = "storage-broken"
    title = "{app} cannot use a storage account that it needs"
    happened = "{source} says: {errors}"
    cause = "the account's key, connection string or role is wrong, its share does not exist, or its firewall blocks the app; AzureWebJobsStorage names the account that the host uses, and the app's path mappings name those that the platform mounts"
    fix = "correct what it names: for the host the app setting AzureWebJobsStorage (with an identity, give it Storage Blob Data Owner on the account), for a mount the account, share and access key under Settings > Configuration > Path mappings; allow the app through the account's firewall"
    link = "https://learn.microsoft.com/azure/azure-functions/functions-recover-storage-account"


class HostError(StartFailure):
    """The Functions host runs and reports errors."""

    state: str
    errors: str
    code = "host-error"
    title = "the Functions host of {app} reports errors with {reference}"
    happened = "the host's state is {state}; it says: {errors}"
    cause = "the host cannot load the app's functions, extensions or configuration"
    fix = "correct what it names; func start in the app's folder on your own machine usually shows the same"


class NoFunctions(StartFailure):
    """The host runs the new image, but lists no functions."""

    code = "no-functions"
    title = "{app} runs {reference}, but has no functions"
    happened = "the Functions host is running and its list of functions is empty"
    cause = "the functions are not in /home/site/wwwroot of the image, their worker cannot load them, or the platform's storage is mounted over /home"
    fix = "set the app setting WEBSITES_ENABLE_APP_SERVICE_STORAGE to false; make sure that the Dockerfile copies the app to /home/site/wwwroot and sets AzureWebJobsScriptRoot to it"
    link = "https://learn.microsoft.com/azure/azure-functions/functions-how-to-custom-container"


class NotUpInTime(StartFailure):
    """The new image is still not ready when the verification times out, as the platform says."""

    minutes: str
    seen: str
    code = "not-up-in-time"
    title = "{app} did not start with {reference} within {minutes} minutes"
    happened = "the platform's log last reported: {seen}"
    cause = "the image is large, the app starts slowly, or it does not start at all"
    fix = "check the app's log stream in the portal; if it only needs longer, raise verifyTimeoutMinutes and the app setting WEBSITES_CONTAINER_START_TIME_LIMIT"


class SmokeTestFailed(StartFailure):
    """The app's response is not the expected one."""

    path: str
    wanted: str
    answer: str
    code = "smoke-test-failed"
    title = "{app} does not respond to {path} as expected"
    happened = "expected {wanted}, but the app returned {answer}"
    cause = "the new image runs, but its response is not the one that smokeTestStatus asks for"
    fix = "call the path yourself and fix the function, or correct smokeTestPath and smokeTestStatus"


class Unverified(StartFailure):
    """Checks could not be made, and the pipeline asks to fail in that case."""

    rolls_back = False
    gaps: str
    code = "app-unverified"
    title = "the task could not verify that {app} runs {reference}"
    happened = "these checks could not be made: {gaps}"
    cause = "the connection's rights or the network do not allow them, Azure did not return enough, or the app is stopped; the run fails because whenUnverified is fail"
    fix = "give the connection the rights in docs/permissions.md; with deployBy: digest, or a new tag for each run, the platform's log always tells which image it started; or set whenUnverified to warn"
