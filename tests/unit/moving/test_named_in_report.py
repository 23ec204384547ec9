"""What has no place in the new step: outputs, names and scripts are named in the report."""

from __future__ import annotations

import pytest

from tests.unit.moving.old_steps import BUILD, BUILD_2, DEPLOY, PUSH, job, move, steps_in, tasks


def test_what_has_no_place_in_the_new_step_is_named() -> None:
    build = f"{BUILD}    includeSourceTags: true\n    memoryLimit: 2GB\n"
    moved, told = move(job(build, f"{PUSH}    imageDigestFile: d\n", DEPLOY))
    assert tasks(moved) == ["all"]
    for name in ("includeSourceTags: true", "memoryLimit: 2GB", "imageDigestFile: d"):
        assert f"    {name} has no equivalent in the new step" in told


def test_the_name_by_which_the_address_is_read_stays() -> None:
    moved, _ = move(job(BUILD, PUSH, DEPLOY.replace("@1\n", "@1\n  name: to_azure\n  displayName: Now\n")))
    (step,) = steps_in(moved)
    assert (step["name"], step["displayName"]) == ("to_azure", "Now")


@pytest.mark.parametrize(
    "reading",
    [
        "$(make.DockerOutput)",
        "$(DockerOutput)",
        "$(DockerOutputPath)",
        "$MAKE_DOCKEROUTPUT",
        "$[ dependencies.b.outputs['make.DockerOutput'] ]",
    ],
)
def test_an_output_that_is_gone_is_named_with_its_line(reading: str) -> None:
    text = job(BUILD.replace("@1\n", "@1\n  name: make\n"), PUSH, DEPLOY) + f"- script: echo {reading}\n"
    _, told = move(text)
    assert f"line {text.count(chr(10))}: output variable: note: " in told
    assert "DockerOutput" not in move(job(BUILD_2.replace("hello", "x")) + f"- script: echo {reading}\n")[1]


def test_a_name_that_is_gone_is_named_with_the_lines_that_read_it() -> None:
    build, deploy = (step.replace("@1\n", f"@1\n  name: {name}\n") for step, name in ((BUILD, "make"), (DEPLOY, "run")))
    _, told = move(job(build, PUSH, deploy) + "- script: echo $(make.DockerOutput) $(run.AppServiceApplicationUrl)\n")
    assert "the name make is gone; read in line 22" in told
    assert "the name run" not in told


@pytest.mark.parametrize(
    "script",
    [
        "az functionapp config container set -n a",
        "az functionapp \\\n      config container set",
        "az webapp config container set `\n      --name a",
        "az functionapp restart -n a",
        "az containerapp update -n a",
        "az functionapp deployment slot swap -n a",
    ],
)
@pytest.mark.parametrize("kind", ["bash: |\n    ", "task: AzureCLI@2\n  inputs:\n    inlineScript: |\n      "])
def test_a_script_that_does_the_same_is_named(script: str, kind: str) -> None:
    text = job(f"\n- {kind}{script}\n", DEPLOY)
    assert "line 2: " in move(text)[1]
    assert tasks(move(text)[0])[-1] == "deploy"
