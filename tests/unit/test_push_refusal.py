"""What the engine's error means when a registry does not take an image, in the words of engines and registries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.engine import PushProgress
from pytask.builders.docker.push import Push
from pytask.builders.docker.push_refusal import is_bare, push_refusal
from pytask.clock import Clock, Timeouts
from pytask.errors import TaskFailure, render
from pytask.errors.push import PushDenied, TagMoved
from pytask.errors.registry import RegistryFirewall
from pytask.model import BuiltImage
from tests.unit.growth import grows_linearly

OURS = "contoso.azurecr.io"


def refused(error: str, *, registry: str = OURS, attempt: int = 1, last: bool = False) -> TaskFailure | None:
    reference = f"{registry}/team/hello:42"
    return push_refusal(error, reference=reference, registry=registry, attempt=attempt, last=last)


HTML = "<html>\n<head><title>413 Request Entity Too Large</title></head>\n<body>x</body>\n</html>"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("denied: requested access to the resource is denied", "push-denied"),
        ("error from registry: denied: requested access to the resource is denied", "push-denied"),
        (
            "push access denied, repository does not exist: server message: insufficient_scope: authorization failed",
            "push-denied",
        ),
        (
            "unknown: The operation is disallowed on this registry, repository or image. View troubleshooting steps",
            "tag-locked",
        ),
        (
            "tag invalid: The image tag '1' already exists and cannot be overwritten because the tag is immutable.",
            "tag-locked",
        ),
        ("denied: Failed to process request due to 'x:1' configured as immutable.", "tag-locked"),
        ("denied: This operation is not allowed on this registry.", "registry-read-only"),
        ("denied: The system is in read only mode. Any modification is prohibited.", "registry-read-only"),
        (
            "denied: adding 29.0 MiB of storage resource will exceed the configured upper limit of 10.0 MiB.",
            "registry-full",
        ),
        ("unknown: quota exceeded", "registry-full"),
        (
            "error parsing HTTP 413 response body: invalid character '<' looking for beginning of value",
            "layer-too-large",
        ),
        (f"unknown: {HTML}", "layer-too-large"),
        (
            "name unknown: The repository with name 'x' does not exist in the registry with id '1'",
            "push-repository-missing",
        ),
        ("unauthorized: project team not found: project team not found", "push-repository-missing"),
        ("unauthorized: incorrect username or password", "registry-login-refused"),
        (
            'Get "https://contoso.azurecr.io/v2/": unauthorized: Invalid clientid or client secret.',
            "registry-login-refused",
        ),
        ("no basic auth credentials", "registry-login-refused"),
        ("unauthorized: AADSTS7000222: The provided client secret keys are expired.", "registry-login-refused"),
        ("unauthorized: unauthenticated: User cannot be authenticated with the token.", "registry-login-refused"),
        ("denied: Your authorization token has expired. Reauthenticate and try again.", "registry-login-refused"),
        ("denied: permission_denied: write_package", "push-denied"),
        (
            "denied: client with IP '20.1.2.3' is not allowed access. Refer https://aka.ms/acr/firewall",
            "registry-firewall",
        ),
        ("write /var/lib/docker/tmp/x: no space left on device", "agent-disk-full"),
        ('Get "https://contoso.azurecr.io/v2/": x509: certificate signed by unknown authority', "engine-certificate"),
    ],
)
def test_what_lasts_is_told_at_once_in_whichever_words(error: str, code: str) -> None:
    told = refused(error)
    assert told is not None
    assert told.code == code
    assert "<html>" not in render(told)


@pytest.mark.parametrize(
    "error",
    [
        "received unexpected HTTP status: 504 Gateway Time-out",
        "unexpected EOF",
        "toomanyrequests: too many requests",
        "unauthorized: authentication required",
        'Put "https://contoso.azurecr.io/v2/x": dial tcp: i/o timeout',
    ],
)
def test_what_may_pass_is_tried_again(error: str) -> None:
    assert refused(error) is None
    assert refused(error, attempt=3, last=True) is not None


def test_a_token_that_is_refused_again_is_a_right_that_is_missing() -> None:
    error = "error from registry: authentication required, visit https://aka.ms/acr/authorization for more information."
    assert refused(error) is None
    assert isinstance(refused(error, attempt=2), PushDenied)


@pytest.mark.parametrize("word", ["denied", "quota", "immutable", "readonly", "quarantine"])
def test_the_repositorys_name_is_no_reason(word: str) -> None:
    reference = f"{OURS}/team/{word}:1"
    error = f"failed to push {OURS}/team/{word}: unexpected EOF"
    assert push_refusal(error, reference=reference, registry=OURS, attempt=1, last=False) is None


@pytest.mark.parametrize(
    ("registry", "advice"),
    [(OURS, "AcrPush"), ("docker.io", "<account>/<name>"), ("registry.contoso.com", "give that user")],
)
def test_the_advice_is_that_for_this_registry(registry: str, advice: str) -> None:
    told = refused("denied: requested access to the resource is denied", registry=registry)
    assert told is not None
    assert advice in told.tell(told.fix)
    assert ("AcrPush" in told.tell(told.fix)) is (registry == OURS)


BARE = f"unexpected status from HEAD request to https://{OURS}/v2/team/hello/manifests/42: 403 Forbidden"


class FakeEngine:
    """An engine whose pushes all end in the same error."""

    def name(self, image: BuiltImage, reference: str) -> None:
        """Name nothing."""

    def has(self, *_: object) -> bool:
        """Return that nobody has moved the tag."""
        return True

    def push(self, *_: object, **__: object) -> PushProgress:
        """Return the error of a HEAD that the registry answers without a body."""
        return PushProgress(error=BARE)


def pushed(answer: TaskFailure | None) -> TaskFailure:
    reference = f"{OURS}/team/hello:42"
    work = Push(
        engine=FakeEngine(),  # type: ignore[arg-type] # all that a push asks of it
        login=lambda _again: None,
        ask=lambda: answer,
        clock=Clock(),
        timeouts=Timeouts(),
        say=lambda _text: None,
    )
    with pytest.raises(TaskFailure) as caught:
        work.all(BuiltImage(references=(reference,), id="i", platform="linux/amd64", size_bytes=1), (reference,))
    return caught.value


def test_after_a_refusal_without_a_reason_the_registry_itself_is_asked() -> None:
    firewall = RegistryFirewall(registry=OURS, address="20.1.2.3", detail="x")
    assert pushed(firewall) is firewall
    assert isinstance(pushed(None), PushDenied)


def test_only_a_refusal_without_a_reason_is_bare() -> None:
    assert is_bare(PushDenied(reference="r", registry=OURS, detail=BARE))
    assert not is_bare(PushDenied(reference="r", registry=OURS, detail="denied: 403 Forbidden: no right"))


@given(st.text(max_size=400))
def test_no_words_are_too_much_for_it(error: str) -> None:
    told = refused(error, last=True)
    assert told is not None
    assert len(render(told)) < 3_000


@pytest.mark.parametrize("piece", ["<", "<html>", "client with IP'.", "denied ", 'Get "https://a": ', "<title>"])
def test_reading_grows_with_the_error_and_no_faster(piece: str) -> None:
    assert grows_linearly(lambda times: refused(piece * times, last=True))


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"error": "denied", "errorDetail": {"message": "denied: no"}}, "denied: no"),
        ({"error": "denied", "errorDetail": None}, "denied"),
        ({"error": "denied"}, "denied"),
        ({"error": "", "errorDetail": {"message": ""}}, "the engine gave no reason"),
        ({"error": None}, "the engine gave no reason"),
    ],
)
def test_a_push_that_failed_without_a_word_has_failed(event: dict[str, object], told: str) -> None:
    seen = PushProgress()
    seen.take(event)
    assert seen.error == told


class SharedEngine:
    """An engine in which another job moves the tag during the first pushes."""

    def __init__(self, moves: int) -> None:
        self.moves = moves
        self.done: list[str] = []

    def name(self, image: BuiltImage, reference: str) -> None:
        """Note which image gets the tag."""
        self.done.append(f"tag {image.id} {reference}")

    def push(self, reference: str, **_: object) -> PushProgress:
        """Push whatever has the tag."""
        self.done.append(f"push {reference}")
        return PushProgress(digest="sha256:" + "a" * 64)

    def has(self, *_: object) -> bool:
        """Tell whether the tag has stayed."""
        self.moves -= 1
        return self.moves < 0


def push_from(engine: SharedEngine) -> PushProgress:
    reference = f"{OURS}/team/hello:42"
    work = Push(
        engine=engine,  # type: ignore[arg-type] # all that a push asks of it
        login=lambda _again: None,
        ask=lambda: None,
        clock=Clock(),
        timeouts=Timeouts(push_attempts=3),
        say=lambda _text: None,
    )
    return work.all(BuiltImage(references=(reference,), id="ours", platform="linux/amd64", size_bytes=1), (reference,))


def test_a_tag_that_another_job_moves_is_given_back_to_our_image_and_pushed_again() -> None:
    engine, reference = SharedEngine(moves=2), f"{OURS}/team/hello:42"
    assert push_from(engine).digest
    assert engine.done == [f"tag ours {reference}", f"push {reference}"] * 3


def test_a_tag_that_another_job_keeps_moving_is_told() -> None:
    with pytest.raises(TagMoved) as caught:
        push_from(SharedEngine(moves=9))
    assert caught.value.leaves_open
