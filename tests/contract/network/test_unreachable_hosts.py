"""Hosts without a name or a listener, and which host a failure names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from azure.core.exceptions import ServiceRequestError

from pytask.errors.network import HostUnknown, Unreachable
from pytask.model import Network
from tests.contract.company import HOST
from tests.contract.http_clients import an_http_client
from tests.contract.network.ways_out import ONCE, failure_of

if TYPE_CHECKING:
    from tests.contract.company import Company


def test_a_name_that_nobody_knows_and_a_port_that_nobody_listens_on_are_two_things() -> None:
    failure = failure_of(Network())
    assert isinstance(failure, HostUnknown)
    failure = failure_of(Network(), "https://127.0.0.1:9/")
    assert isinstance(failure, Unreachable)
    assert failure.detail == "Connection refused"


def test_what_was_asked_of_a_resource_manager_names_its_host(company: Company) -> None:
    http = replace(an_http_client(ONCE, network=company.network()), base=f"https://{HOST}")
    failure = http.failure(ServiceRequestError("x"), "/subscriptions/s")
    assert failure.host == HOST
