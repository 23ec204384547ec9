"""Every remote call with one fault, every fault at one call; `npm run faults` runs all of them at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.kinds import KINDS
from tests.faults.matrix import play, points, rotated
from tests.faults.oracle import Case, problems
from tests.faults.paper_azure import PaperAzure
from tests.faults.scenes import NEW, SCENES
from tests.faults.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.matrix import Point


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


@pytest.fixture(scope="module")
def found(azure: PaperAzure, tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    return points(azure, tmp_path_factory.mktemp("found") / "run")


@pytest.fixture(scope="module")
def good(azure: PaperAzure, tmp_path_factory: pytest.TempPathFactory) -> Case:
    case = play(azure, tmp_path_factory.mktemp("good") / "run", SCENES[0])
    assert problems(case) == []
    return case


def test_whatever_a_call_meets_a_run_ends_and_tells_the_truth(found: list[Point]) -> None:
    chosen = rotated(found)
    assert {point.call for point, _ in chosen} == {point.call for point in found}
    assert {kind for _, kind in chosen} == set(KINDS)
    results = list(run_all(chosen, 3))
    assert [(one.title, one.wrong, one.state) for one in results if one.wrong] == []


def test_the_runs_make_the_calls_that_matter(found: list[Point]) -> None:
    calls = "\n".join(point.call for point in found)
    for part in (
        *("oidctoken", "oauth2/v2.0/token", "oauth2/exchange", "oauth2/token", "listCredentials", "slotConfigNames"),
        *(
            "roleAssignments",
            "identity/oauth2/token",
            "msi/token",
            "service/token",
            "containerApps/shop-capp/revisions",
        ),
        *("eventstream", "containerappOperationResults", "containerApps/shop-capp/getAuthToken"),
        *("Annotations", "listkeys", "containerlogs", "restart", "slots/staging/config/web", "instances"),
        *(
            "PATCH",
            "PUT",
            "HEAD",
            "blob.core.windows.net",
            "api/HttpTriggerSample",
            "operationresults",
            "userAssignedIdentities",
        ),
        *("PUT contoso.azurecr.io/v2/shop-cache/manifests", "shop-cache/blobs/uploads"),
        *("slotsswap", "slots/staging/operationresults", "api/HttpTriggerSample"),
    ):
        assert part in calls
    signed_in = {point.scene.sign_in for point in found if "oauth2/v2.0/token" in point.call}
    assert signed_in == {"key", "certificate", "federation"}
    assert any(point.call.startswith("PATCH") and point.nth == 2 for point in found), "the rollback's own change"


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        ({"hung": True}, "it hung"),
        ({"result": "Failed", "raw": "##vso[task.logissue type=error]error our-bug: x"}, "our-bug"),
        ({"result": "Failed", "raw": "##vso[task.logissue type=error]error a-code: x"}, "does not say how things are"),
        ({"variables": {"runningImage": "contoso.azurecr.io/shop:1"}}, "runningImage is"),
        ({"summary": "canary-of-the-new-setting"}, "a secret in the summary"),
        ({"result": "Failed", "log": "  state     nothing was pushed and nothing was changed"}, "and something was"),
        ({"result": "Failed", "log": "  state     shop-app was not changed"}, "'was not changed', and it was"),
        ({"result": "Failed", "log": "  state     contoso.azurecr.io/shop:3 is in the registry"}, "and it is not"),
        ({"result": "Failed", "log": "  state     x is configured with contoso.azurecr.io/shop:1"}, "and it is"),
    ],
)
def test_a_run_that_does_not_tell_the_truth_does_not_pass(good: Case, lie: dict[str, object], told: str) -> None:
    run = replace(good.run, **lie)  # type: ignore[arg-type] # fields of the record
    assert any(told in problem for problem in problems(replace(good, run=run)))


def test_a_run_that_lost_something_does_not_pass(good: Case) -> None:
    after = good.after
    losses = {
        "lost settings: SIZE": {"settings": {k: v for k, v in after.settings.items() if k != "SIZE"}},
        "no longer stay with their slot: SIZE": {"sticky": frozenset()},
        "no longer stay with their slot: Db": {"lists": frozenset()},
        "lost an identity": {"identities": frozenset()},
        "lost a role": {"roles": frozenset()},
        "verified, but another runs": {"running": good.before.running},
        "it succeeded, and the app is configured with x": {"image": "x"},
        "is not in the registry": {"tags": {name: tag for name, tag in after.tags.items() if name != NEW}},
    }
    for told, loss in losses.items():
        found = problems(replace(good, after=replace(after, **loss)))  # type: ignore[arg-type] # fields of the record
        assert any(told in problem for problem in found), told
