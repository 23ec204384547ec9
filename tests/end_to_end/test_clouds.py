"""Every cloud, by nothing but what the service connection says: the names of the others lead nowhere here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clouds import assert_the_whole_run_works, assert_the_whole_run_works_on_a_stack
from tests.local_azure.environments import CHINA, STACK_WITH_ADFS, US_GOVERNMENT, AzureEnvironment
from tests.pipeline import Scheme, a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure


@pytest.mark.parametrize(("cloud", "scheme"), [(US_GOVERNMENT, "federation"), (CHINA, "certificate")])
def test_the_whole_run_works_in_another_cloud(
    azure: LocalAzure, tmp_path: Path, cloud: AzureEnvironment, scheme: Scheme
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme, cloud=cloud) as pipeline:
        assert_the_whole_run_works(pipeline)


@pytest.mark.parametrize(("cloud", "scheme"), [(STACK_WITH_ADFS, "certificate")])
def test_the_whole_run_works_on_an_azure_stack(
    azure: LocalAzure, tmp_path: Path, cloud: AzureEnvironment, scheme: Scheme
) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme, cloud=cloud) as pipeline:
        assert_the_whole_run_works_on_a_stack(pipeline)
