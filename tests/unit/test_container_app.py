"""Functions on Container Apps: what is found, refused, sent, verified, explained and restored."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from azure.core.exceptions import ServiceRequestError

from pytask.cloud.poll import Seen
from pytask.errors.app import AppNotFound
from pytask.errors.azure import AzureFailing, Forbidden, OperationInProgress
from pytask.errors.container_app import (
    ContainerAppAdminUser,
    ContainerAppCannotPull,
    ContainerAppHasNoSlots,
    ContainerAppIsNoFunctionApp,
    ContainerAppMode,
    ContainerAppNotFound,
    ContainerImageNotSet,
    ContainerUnknown,
    ImageRefused,
    ImageRefusedCause,
    InputsForSites,
    RevisionFailed,
    RevisionNotReady,
    RevisionProbeFails,
    RevisionPullUnauthorized,
    RevisionWithoutFunctions,
    SecretMissing,
    SettingIsSecret,
)
from pytask.errors.start import (
    ContainerExits,
    PullFailed,
    PullFirewall,
    PullNotFound,
    SmokeTestFailed,
    StartFailure,
    WrongArchitecture,
)
from pytask.journal import AccessGiven, Journal
from pytask.model import AppAddress, AppPlan, PullAccess, PullPlan, RegistryHost, SmokeTest, Verdict
from pytask.model.settings import WantedSettings
from pytask.registry.images import ImageSource
from pytask.targets.container_app.app import VERSION
from pytask.targets.container_app.target import find_container_app
from pytask.targets.find import find_target
from pytask.targets.site.address import parse_app
from pytask.targets.target import CannotRollBack, UseImage
from pytask.verification import verify_watch
from tests.contract.targets.container_app import (
    FORBIDDEN,
    PATH,
    ScriptedContainerApp,
    a_container,
    a_replica,
)
from tests.contract.targets.scene import BEFORE, NEW, NO_REGISTRY, PLAN, THEIRS, VERIFY
from tests.scripted import OURS, SENT_AT, Answer

if TYPE_CHECKING:
    from pytask.errors import TaskFailure
    from pytask.model import Verification
    from pytask.targets.container_app.app import ContainerAppUpdate

_REFUSED_IMAGE = (
    "The following field(s) are either invalid or missing. Field 'template.containers.shop.image' is invalid with "
    "details: 'Invalid value: \"contoso.azurecr.io/shop:7\": GET https:: {}';."
)
_MISSING = 'MANIFEST_UNKNOWN: manifest tagged by "7" is not found; map[Tag:7]'
_UNAUTHORIZED = "UNAUTHORIZED: authentication required"
NO_JOURNAL = Journal(lambda _: None)
HOST = RegistryHost("contoso.azurecr.io")


def updated(
    app: ScriptedContainerApp, *, plan: AppPlan = PLAN, fresh: bool = True, journal: Journal = NO_JOURNAL
) -> ContainerAppUpdate:
    target = app.find()
    change = UseImage(reference=NEW, digest=OURS, fresh_tag=fresh, plan=plan)
    return target.update(change, target.preflight(plan, NO_REGISTRY), journal)


def verified(
    app: ScriptedContainerApp, update: ContainerAppUpdate, smoke_test: SmokeTest | None = None
) -> Verification:
    plan = replace(VERIFY, smoke_test=smoke_test)
    watch = app.find().watch(update, plan, digest_now=lambda _: Seen(OURS))
    return verify_watch(watch, clock=app.clock, timeouts=app.timeouts, say=app.said.append)


def failure(app: ScriptedContainerApp) -> StartFailure:
    with pytest.raises(StartFailure) as caught:
        verified(app, updated(app))
    return caught.value


def sent(app: ScriptedContainerApp) -> dict[str, Any]:
    found: dict[str, Any] = app.bodies[-1]["properties"]
    return found


def a_refusal(words: str) -> Answer:
    code = "InvalidParameterValueInContainerTemplate"
    return Answer(400, {"error": {"code": code, "message": _REFUSED_IMAGE.format(words)}})


def an_event(reason: str, message: str, revision: str, kind: str = "Warning") -> dict[str, Any]:
    return {"Type": kind, "RevisionName": revision, "Msg": message, "Reason": reason}


# Found and refused


def test_a_resource_id_names_a_container_app() -> None:
    found = parse_app(PATH, input_name="appName")
    assert found == AppAddress(subscription_id="s", resource_group="g", name="shop", on_container_apps=True)


def test_a_container_app_that_does_not_run_functions_is_refused() -> None:
    app = ScriptedContainerApp()
    app.resource["kind"] = ""
    with pytest.raises(ContainerAppIsNoFunctionApp):
        app.find()


@pytest.mark.parametrize("group", ["g", ""])
def test_a_container_app_is_found_by_name_where_there_is_no_function_app(group: str) -> None:
    app = ScriptedContainerApp()
    app.answers("GET resources", Answer(body={"value": [{"id": PATH}]}))
    found = find_target(app.azure(), AppAddress(name="shop", resource_group=group))
    assert found.app.resource_id == PATH


@pytest.mark.parametrize("status", [403, 404, 409])
def test_an_app_that_is_neither_is_not_found_as_a_function_app(status: int) -> None:
    app = ScriptedContainerApp()
    refusal = Answer(status, {"error": {"code": "MissingSubscriptionRegistration", "message": "no"}})
    app.answers("GET containerApps/nobody", refusal)
    with pytest.raises(AppNotFound):
        find_target(app.azure(), AppAddress(name="nobody", resource_group="g"))


def test_an_api_version_that_shows_no_kind_is_not_believed() -> None:
    app = ScriptedContainerApp()
    app.hides_kind_in = VERSION
    assert app.find().app.name == "shop"


def test_a_slot_of_a_container_app_is_refused() -> None:
    with pytest.raises(ContainerAppHasNoSlots):
        find_container_app(ScriptedContainerApp().azure(), replace(PLAN.app, slot="staging"))


@pytest.mark.parametrize("mode", ["Labels", "Canary"])
def test_a_revision_mode_that_is_not_known_is_refused_before_anything_is_written(mode: str) -> None:
    app = ScriptedContainerApp()
    app.configuration["activeRevisionsMode"] = mode
    with pytest.raises(ContainerAppMode):
        updated(app)
    assert app.writes() == []


@pytest.mark.parametrize(
    ("plan", "refusal"),
    [
        (replace(PLAN, configuration={"appCommandLine": "x"}), InputsForSites),
        (replace(PLAN, settings=WantedSettings(values={"A": "secretref:other"})), SecretMissing),
        (replace(PLAN, pull=PullPlan(access=PullAccess.ADMIN_USER)), ContainerAppAdminUser),
        (replace(PLAN, settings=WantedSettings(values={"A": "hunter22"}, secret=("A",))), SettingIsSecret),
    ],
)
def test_what_a_container_app_cannot_have_is_refused(plan: AppPlan, refusal: type[TaskFailure]) -> None:
    app = ScriptedContainerApp()
    with pytest.raises(refusal):
        updated(app, plan=plan)
    assert app.writes() == []


# Sent


def test_only_the_image_and_the_revision_name_change_and_nothing_else_is_lost() -> None:
    app = ScriptedContainerApp()
    sidecar = a_container(name="proxy", image="contoso.azurecr.io/proxy:1", volumeMounts=[{"volumeName": "v"}])
    app.template["containers"].append(sidecar)
    update = updated(app)
    template = sent(app)["template"]
    assert template["containers"] == [a_container(image=NEW), sidecar]
    assert update.revision == f"shop--{template['revisionSuffix']}"
    assert set(sent(app)) == {"template"}
    assert set(template) == {"containers", "revisionSuffix"}


def test_what_others_changed_during_the_build_is_kept() -> None:
    app = ScriptedContainerApp()
    target = app.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    app.template["containers"] = [a_container(resources={"cpu": 2.0, "memory": "4Gi"})]
    target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN), snapshot, NO_JOURNAL)
    assert sent(app)["template"]["containers"][0]["resources"] == {"cpu": 2.0, "memory": "4Gi"}


def test_settings_are_variables_of_the_same_revision_and_a_rollback_restores_them() -> None:
    app = ScriptedContainerApp()
    values = {"COLOR": "green", "SIZE": "9", "KEY": "secretref:storage", "AzureWebJobsStorage": "secretref:storage"}
    update = updated(app, plan=replace(PLAN, settings=WantedSettings(values=values)))
    assert sent(app)["template"]["containers"][0]["env"] == [
        {"name": "AzureWebJobsStorage", "secretRef": "storage"},
        {"name": "COLOR", "value": "green"},
        {"name": "SIZE", "value": "9"},
        {"name": "KEY", "secretRef": "storage"},
    ]
    assert len(app.writes()) == 1
    assert update.settings
    assert set(update.settings.written) == {"COLOR", "SIZE", "KEY"}
    app.find().roll_back(update, BEFORE, None, NO_JOURNAL)
    assert sent(app)["template"]["containers"] == [a_container()]


@pytest.mark.parametrize("lacks", ["configuration", "template", "everything"])
def test_nothing_is_sent_from_an_answer_that_does_not_show_the_whole_app(lacks: str) -> None:
    app = ScriptedContainerApp()
    target = app.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    app.resource["properties"] = {lacks: None}
    if lacks == "everything":
        app.resource["properties"] = {"configuration": {}, "template": {}}
    with pytest.raises(AzureFailing) as caught:
        target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN), snapshot, NO_JOURNAL)
    assert (app.writes(), caught.value.leaves_open) == ([], False)


def test_of_several_containers_the_one_with_the_runs_repository_is_updated() -> None:
    app = ScriptedContainerApp()
    app.template["containers"].insert(0, a_container(name="proxy", image="contoso.azurecr.io/proxy:1"))
    source = replace(NO_REGISTRY, repository="shop", host=None)
    target = app.find()
    with pytest.raises(ContainerUnknown):
        target.preflight(PLAN, source)
    snapshot = target.preflight(PLAN, replace(source, host=HOST))
    assert snapshot.app.image == BEFORE
    target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN), snapshot, NO_JOURNAL)
    images = [one["image"] for one in sent(app)["template"]["containers"]]
    assert images == ["contoso.azurecr.io/proxy:1", NEW]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (_MISSING, ImageRefusedCause.MISSING),
        (_UNAUTHORIZED, ImageRefusedCause.ACCESS),
        ("unable to pull image using Managed identity system for registry x", ImageRefusedCause.ACCESS),
        ("DENIED: client with IP '1.2.3.4' is not allowed access", ImageRefusedCause.FIREWALL),
        ("TEAPOT", ImageRefusedCause.OWN),
    ],
)
def test_an_image_that_azure_refuses_at_once_is_explained_and_nothing_was_done(
    words: str, cause: ImageRefusedCause
) -> None:
    app = ScriptedContainerApp()
    app.refusals = [a_refusal(words)]
    with pytest.raises(ImageRefused) as caught:
        updated(app)
    assert (caught.value.known, caught.value.leaves_open, app.image()) == (cause, False, BEFORE)


def test_a_refusal_while_a_new_role_propagates_is_waited_out() -> None:
    app, journal = ScriptedContainerApp(), Journal(lambda _: None)
    journal.add(AccessGiven(done="AcrPull was granted", role_at=SENT_AT - 100))
    app.refusals = [a_refusal(_UNAUTHORIZED)] * 3
    updated(app, journal=journal)
    assert app.image() == NEW


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "ContainerAppOperationInProgress", "message": "Cannot modify a container app 'shop'"}},
        {"code": "ContainerAppLockConflict", "message": "because another modification is in progress. Please retry"},
    ],
)
def test_another_deployment_is_waited_for(body: object) -> None:
    app = ScriptedContainerApp()
    app.refusals = [Answer(409, body)] * 3
    updated(app)
    assert app.image() == NEW
    app.refusals = [Answer(409, body)] * 9
    with pytest.raises(OperationInProgress):
        updated(app)


@pytest.mark.parametrize("told", ["at once", "in the operation", "not at all"])
def test_an_update_whose_answer_was_lost_makes_one_revision_when_it_is_sent_again(told: str) -> None:
    app = ScriptedContainerApp()
    message = "Field 'template.revisionsuffix' is invalid: revision with suffix x already exists."
    error = {"error": {"code": "ContainerAppOperationError", "message": message}}
    app.loses_once = True
    if told == "at once":
        app.answers_after_loss = [Answer(400, error)]
    if told == "in the operation":
        app.operation = Answer(200, {"status": "Failed", **error})
    update = updated(app)
    assert [one.name for one in app.revisions] == ["shop--0000001", update.revision]
    assert len(app.writes()) > 1
    assert verified(app, update).verdict is Verdict.VERIFIED


def test_an_update_that_is_refused_after_a_lost_answer_may_have_been_done() -> None:
    app = ScriptedContainerApp()
    app.loses_once, app.answers_after_loss = True, [a_refusal(_UNAUTHORIZED)]
    with pytest.raises(ImageRefused) as caught:
        updated(app)
    assert caught.value.leaves_open


# Verified


def test_a_verification_rests_on_the_revision_its_replicas_and_its_functions() -> None:
    app = ScriptedContainerApp()
    found = verified(app, updated(app))
    assert [name for name, _ in found.passed] == [
        "configuration",
        "image of the revision",
        "ready replicas",
        "functions",
    ]
    assert (found.verdict, [one.name for one in found.functions]) == (Verdict.VERIFIED, ["HttpExample"])


@pytest.mark.parametrize("word", ["Running", "RunningAtMaxScale", "ScaledToZero", "Deprovisioning", "Wibbling", ""])
def test_a_state_that_is_not_known_is_neither_good_nor_bad(word: str) -> None:
    app = ScriptedContainerApp()
    app.state_words = ("Provisioned", word, "Healthy")
    assert verified(app, updated(app)).verdict is Verdict.VERIFIED
    app.new_image("stays away")
    assert isinstance(failure(app), RevisionNotReady)


@pytest.mark.parametrize("word", ["Failed", "Degraded", "ActivationFailed", "Activation failed"])
def test_a_revision_that_failed_is_a_failure_although_it_was_ready_once(word: str) -> None:
    app = ScriptedContainerApp()
    app.state_words = ("Provisioned", word, "Unhealthy")
    assert isinstance(failure(app), RevisionFailed)


def test_an_app_that_has_scaled_to_zero_again_was_ready() -> None:
    app = ScriptedContainerApp()
    app.replicas = []
    told = dict(verified(app, updated(app)).passed)["ready replicas"]
    assert "scaled to zero" in told


def test_a_tag_that_existed_before_leaves_the_image_unverified() -> None:
    app = ScriptedContainerApp()
    found = verified(app, updated(app, fresh=False))
    assert [name for name, _ in found.unavailable] == ["image of the revision"]


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_functions_that_cannot_be_listed_leave_it_unverified(status: int) -> None:
    app = ScriptedContainerApp()
    app.answers("GET functions", Answer(status, {"error": {"code": "X"}}))
    found = verified(app, updated(app))
    assert [name for name, _ in found.unavailable] == ["functions"]


def test_a_revision_without_functions_fails_at_the_deadline() -> None:
    app = ScriptedContainerApp()
    app.answers("GET functions", Answer(body={"value": []}))
    assert isinstance(failure(app), RevisionWithoutFunctions)


def test_an_app_without_ingress_cannot_be_smoke_tested() -> None:
    app = ScriptedContainerApp()
    app.configuration["ingress"] = None
    found = verified(app, updated(app), SmokeTest(path="/api/x", statuses=("2xx",)))
    assert [name for name, _ in found.unavailable] == ["smoke test"]


@pytest.mark.parametrize(("status", "verdict"), [(200, Verdict.VERIFIED), (500, Verdict.FAILED)])
def test_the_smoke_test_calls_the_new_revision_by_its_own_name(status: int, verdict: Verdict) -> None:
    app = ScriptedContainerApp()
    app.answers("GET x", Answer(status, "Hello"))
    update, test = updated(app), SmokeTest(path="/x", statuses=("2xx",))
    try:
        assert verified(app, update, test).verdict is verdict
    except SmokeTestFailed:
        assert verdict is Verdict.FAILED
    called = [url for url in app.urls if url.endswith("/x")]
    assert called
    assert all(url.startswith(f"https://{update.revision}.") for url in called)


def test_a_stopped_app_is_pointed_at_the_image_and_not_verified() -> None:
    app = ScriptedContainerApp()
    app.resource["properties"] = {"runningStatus": "Stopped"}
    found = verified(app, updated(app))
    assert ([name for name, _ in found.passed], found.verdict) == (["configuration"], Verdict.UNVERIFIED)


def test_an_image_that_someone_else_sets_meanwhile_is_their_business() -> None:
    app = ScriptedContainerApp()
    update = updated(app)
    app.somebody_uses(THEIRS)
    with pytest.raises(ContainerImageNotSet) as caught:
        verified(app, update)
    assert not caught.value.rolls_back


# Explained


@pytest.mark.parametrize(
    ("reason", "message", "meaning"),
    [
        ("ProbeFailed", "Probe of StartUp failed with status code: 503", RevisionProbeFails),
        ("ContainerTerminated", "Container 'shop' was terminated with exit code '1'", ContainerExits),
        ("Error", 'Failed to pull image "i": failed to fetch oauth token: 401 Unauthorized', RevisionPullUnauthorized),
        ("Error", "code = NotFound desc = i: not found; failed to authorize: 401 Unauthorized", PullNotFound),
        ("Error", "DENIED: client with IP '1.2.3.4' is not allowed access", PullFirewall),
        ("Error", "Container 'shop' was terminated with exit code '' and reason 'ImagePullFailure'", PullFailed),
        ("Error", "exec /start.sh: exec format error", WrongArchitecture),
        ("Wibble", "something else", RevisionFailed),
    ],
)
def test_a_failed_revision_is_explained_by_the_system_log(
    reason: str, message: str, meaning: type[StartFailure]
) -> None:
    app = ScriptedContainerApp()
    app.new_image("crashes")
    update = updated(app)
    others = an_event("ProbeFailed", "of another revision", "shop--0000001")
    app.events = [
        others,
        an_event("Good", "fine", update.revision, "Normal"),
        an_event(reason, message, update.revision),
    ]
    with pytest.raises(meaning) as caught:
        verified(app, update)
    told = caught.value.tell(caught.value.happened)
    assert message.rpartition(": ")[2].rpartition(" ")[2] in told
    assert "another revision" not in told
    assert caught.value.rolls_back


@pytest.mark.parametrize("answer", [FORBIDDEN, Answer(500), Answer(body="no JSON"), Answer(body={"properties": {}})])
def test_a_system_log_that_cannot_be_read_leaves_the_failure_as_it_is(answer: Answer) -> None:
    app = ScriptedContainerApp()
    app.token = answer
    app.new_image("crashes")
    assert isinstance(failure(app), RevisionFailed)


def test_a_container_that_is_restarted_over_and_over_fails_before_the_deadline() -> None:
    app = ScriptedContainerApp()
    app.new_image("stays away")
    app.replicas = [a_replica(ready=False, restarts=4, state="Waiting", details="CrashLoopBackOff")]
    assert isinstance(failure(app), ContainerExits)
    assert app.clock.monotonic() - SENT_AT < VERIFY.seconds / 2


def test_a_revision_that_is_never_ready_fails_at_the_deadline_with_its_state() -> None:
    app = ScriptedContainerApp()
    app.new_image("stays away")
    found = failure(app)
    assert isinstance(found, RevisionNotReady)
    assert "Provisioning" in found.seen


@pytest.mark.parametrize("words", [_MISSING, _UNAUTHORIZED])
@pytest.mark.parametrize("shape", ["operation", "refusal"])
def test_an_update_that_azure_gives_up_later_is_a_failed_start(words: str, shape: str) -> None:
    app = ScriptedContainerApp()
    error = {"code": "ContainerAppOperationError", "message": f"Failed to provision revision. {words}"}
    app.operation = (
        Answer(200, {"status": "Failed", "error": error}) if shape == "operation" else Answer(400, {"error": error})
    )
    app.new_image("stays away")
    assert isinstance(failure(app), PullNotFound if words == _MISSING else RevisionPullUnauthorized)


@pytest.mark.parametrize(
    "answer", [Answer(404), Answer(500), Answer(200, "<html>"), Answer(200, {"status": "Succeeded"})]
)
def test_an_operation_whose_end_nobody_tells_decides_nothing(answer: Answer) -> None:
    app = ScriptedContainerApp()
    app.operation = answer
    assert verified(app, updated(app)).verdict is Verdict.VERIFIED


# Restored


def test_a_rollback_is_a_revision_of_the_former_template() -> None:
    app = ScriptedContainerApp()
    app.template["containers"].append(a_container(name="proxy", image="contoso.azurecr.io/proxy:1"))
    former = list(app.template["containers"])
    app.new_image("crashes")
    update = updated(app)
    back = app.find().roll_back(update, BEFORE, None, NO_JOURNAL).update
    assert sent(app)["template"]["containers"] == former
    assert back.revision not in {update.revision, "shop--0000001"}


def test_a_rollback_restores_the_revision_that_served_and_not_one_that_was_never_ready() -> None:
    app = ScriptedContainerApp()
    app.new_image("stays away")
    app.somebody_uses(THEIRS)
    target = app.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    assert (snapshot.app.image, snapshot.previous and snapshot.previous.reference) == (THEIRS, BEFORE)
    assert any("is not ready" in note for note in snapshot.notes)
    update = updated(app)
    target.roll_back(update, BEFORE, snapshot.previous, NO_JOURNAL)
    assert sent(app)["template"]["containers"] == [a_container()]


def test_an_update_that_azure_did_not_carry_out_needs_no_rollback() -> None:
    app = ScriptedContainerApp()
    update = updated(app)
    app.template = app.revisions[0].template
    with pytest.raises(CannotRollBack, match="did not carry out"):
        app.find().roll_back(update, BEFORE, None, NO_JOURNAL)


def test_a_revision_that_someone_else_made_with_our_image_is_left_alone() -> None:
    app = ScriptedContainerApp()
    update = updated(app)
    app.somebody_uses(NEW)
    with pytest.raises(CannotRollBack, match="someone else"):
        app.find().roll_back(update, BEFORE, None, NO_JOURNAL)


def test_a_container_app_that_is_named_by_its_id_and_is_not_there_is_told() -> None:
    app = ScriptedContainerApp()
    with pytest.raises(ContainerAppNotFound):
        find_container_app(app.azure(), replace(PLAN.app, name="other", on_container_apps=True))


# Pull access


def a_source(**changes: Any) -> ImageSource:  # noqa: ANN401 - a record's fields
    session = SimpleNamespace(open=False, host=HOST, as_anybody=lambda: SimpleNamespace(token=_no_token))
    registries = cast("Any", SimpleNamespace(azure=None))
    given: dict[str, Any] = {"registries": registries, "host": HOST, "session": cast("Any", session), **changes}
    return ImageSource(repository="shop", **given)


def _no_token(_repository: str) -> None:
    raise Forbidden(doing="get a token", detail="no")


def a_new_app() -> ScriptedContainerApp:
    """Return an app that runs an image of another registry, so that nothing shows that it can pull from ours."""
    app = ScriptedContainerApp()
    app.template["containers"] = [a_container(image="mcr.microsoft.com/azure-functions/node:4")]
    registry = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso",
        "name": "contoso",
        "properties": {"loginServer": "contoso.azurecr.io"},
    }
    app.answers("GET registries", Answer(body={"value": [registry]}))
    app.answers("GET roleAssignments", Answer(body={"value": []}))
    app.resource["identity"] = {"type": "SystemAssigned", "principalId": "p"}
    return app


def test_an_app_that_does_not_sign_in_to_the_registry_cannot_pull() -> None:
    app = a_new_app()
    app.configuration["registries"] = None
    with pytest.raises(ContainerAppCannotPull, match="container-app-cannot-pull"):
        app.find().preflight(PLAN, a_source())


def test_an_app_whose_identity_has_no_role_cannot_pull() -> None:
    with pytest.raises(ContainerAppCannotPull) as caught:
        a_new_app().find().preflight(PLAN, a_source())
    assert "system-assigned" in caught.value.reason


def test_roles_that_may_not_be_read_are_a_note() -> None:
    app = a_new_app()
    app.answers("GET roleAssignments", FORBIDDEN)
    notes = app.find().preflight(PLAN, a_source()).notes
    assert any("not certain" in note for note in notes)


@pytest.mark.parametrize("there", [True, False])
def test_an_identity_is_named_in_the_registries_of_the_app_beside_the_others(*, there: bool) -> None:
    app = a_new_app()
    app.answers("GET roleAssignments", FORBIDDEN)
    app.answers("GET permissions", FORBIDDEN)
    other = {"server": "docker.io", "username": "me", "passwordSecretRef": "storage"}
    ours = {"server": "contoso.azurecr.io", "identity": "system"}
    app.configuration["registries"] = [other, ours] if there else [other]
    plan = replace(PLAN, pull=PullPlan(access=PullAccess.MANAGED_IDENTITY))
    connection = SimpleNamespace(tenant_id="t")
    target = replace(
        app.find(), azure=replace(app.azure(), credentials=cast("Any", SimpleNamespace(connection=connection)))
    )
    snapshot = target.preflight(plan, a_source())
    assert target.pending(plan, snapshot) == (() if there else ("registry contoso.azurecr.io",))
    target.update(UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=plan), snapshot, NO_JOURNAL)
    assert sent(app).get("configuration") == (None if there else {"registries": [other, ours]})


def test_a_network_that_hides_the_system_log_is_tried_only_once() -> None:
    app = ScriptedContainerApp()
    app.new_image("crashes")
    app.answers("GET eventstream", lambda _: ServiceRequestError("no route to host"))
    assert isinstance(failure(app), RevisionFailed)
    assert len([url for url in app.urls if url.endswith("/eventstream")]) == 1


def test_by_hand_the_runs_own_container_is_named() -> None:
    app = ScriptedContainerApp()
    app.template["containers"].insert(0, a_container(name="proxy", image="contoso.azurecr.io/proxy:1"))
    snapshot = app.find().preflight(PLAN, replace(NO_REGISTRY, host=HOST, repository="shop"))
    assert " --container-name shop --image " in snapshot.app.by_hand.use(NEW)
    assert snapshot.app.by_hand.restart.endswith("--revision shop--0000001")


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"properties": {}},
        {"properties": {"template": {"containers": [a_container()]}}},
        {"properties": {"configuration": {"registries": ["x"]}, "template": {"containers": [a_container()]}}},
        {"properties": {"configuration": {}, "template": {"containers": []}}},
        {"properties": {"configuration": {}, "template": {"containers": [a_container(), 7]}}},
        {"properties": {"configuration": {}, "template": {"containers": [a_container(name="other")]}}},
        {"properties": {"configuration": {}, "template": {"containers": [a_container(env=[None])]}}},
    ],
)
def test_nothing_is_written_from_an_answer_that_does_not_show_the_whole_app(
    monkeypatch: pytest.MonkeyPatch, part: dict[str, Any]
) -> None:
    app = ScriptedContainerApp()
    target = app.find()
    change = UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=PLAN)
    snapshot = target.preflight(PLAN, a_source())
    monkeypatch.setattr(app, "_app", lambda *_, **__: Answer(body={"name": "shop", "kind": "functionapp", **part}))
    with pytest.raises(AzureFailing, match="azure-failing"):
        target.update(change, snapshot, Journal(lambda _: None))
    assert app.writes() == []
