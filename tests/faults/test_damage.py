"""The local Azure's own faults: answers that are damaged on their way, calls that are carried out and not answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.faults.paper_azure import PaperAzure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_azure.state.site import Site

_NAMES = {"properties": {"appSettingNames": ["A"]}}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


@pytest.fixture
def azure(started: PaperAzure) -> PaperAzure:
    started.reset()
    return started


@pytest.fixture
def site(azure: PaperAzure) -> Site:
    return azure.add_app("shop", image=None, pull=None)


def ask(azure: PaperAzure, site: Site, method: str = "GET", *, stream: bool = False) -> requests.Response:
    """Ask for the names that stay with their slot, or put some there."""
    principal = azure.add_principal("somebody", roles={site.id: "Owner"})
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            method,
            f"https://management.azure.com{site.id}/config/slotConfigNames?api-version=2025-05-01",
            json=_NAMES if method == "PUT" else None,
            headers={"Authorization": f"Bearer {azure.token(principal)}"},
            proxies={"https": azure.environment["HTTPS_PROXY"]},
            verify=azure.environment["REQUESTS_CA_BUNDLE"],
            timeout=30,
            stream=stream,
        )


def test_a_truncated_answer_ends_before_its_length(azure: PaperAzure, site: Site) -> None:
    azure.faults.script("slotConfigNames", status=None, damage="truncated", after=True)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask(azure, site)
    assert ask(azure, site).json()["properties"]


def test_what_says_that_it_is_gzip_and_is_not_cannot_be_read(azure: PaperAzure, site: Site) -> None:
    azure.faults.script("slotConfigNames", status=None, damage="bad gzip")
    with pytest.raises(requests.exceptions.ContentDecodingError):
        ask(azure, site)


def test_a_dripping_answer_comes_byte_by_byte(azure: PaperAzure, site: Site) -> None:
    azure.faults.script("slotConfigNames", status=None, damage="drip")
    with ask(azure, site, stream=True) as answer:
        bytes_of = answer.iter_content(1)
        assert [next(bytes_of) for _ in range(3)] == [b" "] * 3


@pytest.mark.parametrize("after", [True, False])
def test_a_call_may_be_carried_out_before_the_connection_is_cut(azure: PaperAzure, site: Site, *, after: bool) -> None:
    azure.faults.script("PUT .*slotConfigNames", drop=True, after=after)
    with pytest.raises(requests.ConnectionError):
        ask(azure, site, "PUT")
    assert (site.slot_names["appSettingNames"] == ["A"]) is after


def test_a_fault_may_let_some_calls_through_first(azure: PaperAzure, site: Site) -> None:
    azure.faults.script("slotConfigNames", status=507, skip=1)
    assert [ask(azure, site).status_code for _ in range(3)] == [200, 507, 200]
