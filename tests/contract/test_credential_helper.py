"""The credential helper: the program that Docker starts, and the answers it gets over a socket."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytask.builders.docker.credential_helper import NAME, answering, write_helper
from pytask.errors.registry import RegistrySignInRefused
from pytask.model import RegistryHost, RegistryLogin, Secret
from tests.end_to_end.watch import files_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.builders.docker.credential_helper import LoginByName

ROOT = Path(__file__).parents[2]
NOT_FOUND = "credentials not found in native keychain"
"""https://github.com/docker/docker-credential-helpers/blob/master/credentials/error.go"""


def login(host: str) -> RegistryLogin | None:
    known = host == "contoso.azurecr.io"
    found = RegistryLogin(host=RegistryHost.parse(host), user="00000000", password=Secret("tökén"))
    return found if known else None


@contextmanager
def a_helper(folder: Path, login_for: LoginByName = login) -> Iterator[Path]:
    """Return the program, ready to be started, while its questions are answered."""
    (folder / "bin").mkdir(parents=True)
    assert write_helper(folder, folder / "bin")
    with answering(folder, login_for):
        yield folder / "bin" / f"docker-credential-{NAME}"


def ask(helper: Path, verb: str, text: str = "", *, folder: str = "/") -> tuple[int, str]:
    """Start the program as Docker does, in a folder and with an environment that are of no help to it."""
    done = subprocess.run(
        [helper, verb],
        input=text.encode(),
        env={"PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere"},
        cwd=folder,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.stderr == b""
    return done.returncode, done.stdout.decode()


def test_docker_gets_user_and_password_for_a_registry_that_is_known(tmp_path: Path) -> None:
    with a_helper(tmp_path) as helper:
        status, text = ask(helper, "get", "contoso.azurecr.io\n")
        assert status == 0
        assert json.loads(text)["Username"] == "00000000"
        assert json.loads(text)["Secret"] == "tökén"


def test_a_registry_that_is_not_known_is_told_in_the_words_docker_knows(tmp_path: Path) -> None:
    with a_helper(tmp_path) as helper:
        assert ask(helper, "get", "other.azurecr.io") == (1, NOT_FOUND)


def test_a_refusal_is_told_as_it_is(tmp_path: Path) -> None:
    def refuse(host: str) -> RegistryLogin | None:
        raise RegistrySignInRefused(registry=host, detail="401 UNAUTHORIZED")

    with a_helper(tmp_path, refuse) as helper:
        status, text = ask(helper, "get", "contoso.azurecr.io")
        assert (status, text.partition(":")[0]) == (1, "registry-sign-in-refused")


@pytest.mark.parametrize("verb", ["store", "erase", "version"])
def test_it_keeps_and_forgets_nothing(tmp_path: Path, verb: str) -> None:
    with a_helper(tmp_path) as helper:
        assert ask(helper, verb, "contoso.azurecr.io")[0] == 1
        assert ask(helper, "list") == (0, "{}")


def test_questions_wait_for_an_answer_side_by_side(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=20)

    def slowly(host: str) -> RegistryLogin | None:
        both.wait()
        return login(host)

    with a_helper(tmp_path, slowly) as helper:
        answers: list[tuple[int, str]] = []
        threads = [threading.Thread(target=lambda: answers.append(ask(helper, "get", "x"))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [(1, NOT_FOUND)] * 2


def test_the_paths_may_be_long_and_have_any_characters(tmp_path: Path) -> None:
    with a_helper(tmp_path / ('it\'s a "long" $folder ' * 5)) as helper:
        assert ask(helper, "get", "other")[1] == NOT_FOUND


def test_nothing_of_a_secret_is_on_disk_and_nobody_answers_afterwards(tmp_path: Path) -> None:
    with a_helper(tmp_path) as helper:
        ask(helper, "get", "contoso.azurecr.io")
        assert files_with(["tökén"], tmp_path) == []
    done = subprocess.run([helper, "get"], input=b"contoso.azurecr.io", capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
