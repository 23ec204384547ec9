"""What a run says, held against what is true."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.errors.start import StartFailure
from tests.faults.paper_host import FUNCTION
from tests.faults.scenes import CANARIES, NEW, REPOSITORY
from tests.local_azure.registries.docker_registries import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.kinds import Kind
    from tests.faults.runs import Run
    from tests.faults.stage import Stage
    from tests.faults.truth import Truth

_TOKEN = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}")
_CREDENTIALS = re.compile(r"^(authorization|x-functions-key|cookie):", re.IGNORECASE | re.MULTILINE)
_REFERENCE = r"((?:contoso\.azurecr\.io|harbor\.contoso\.example)/[^\s;,)]+)"
_SUCCESS = {"Succeeded", "SucceededWithIssues"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run, and what it has to be held against."""

    stage: Stage
    kind: Kind | None
    """None for a run without a fault."""
    of_the_app: bool
    """Whether the fault is what the app itself answers, so that it may be to blame."""
    of_the_cache: bool
    """Whether the fault is at a call for the build cache."""
    before: Truth
    after: Truth
    run: Run

    @property
    def wanted(self) -> str:
        """The reference that the step deploys."""
        repository = f"{self.stage.host}/{REPOSITORY}"
        tag = self.stage.scene.image
        if self.stage.inputs.get("deployBy") == "digest":
            return f"{repository}@{self.after.tags.get(tag, '')}"
        return f"{repository}:{tag}"

    @property
    def lost_swap(self) -> bool:
        """Whether nobody can know if the swap was begun, so that it must not be sent again."""
        swaps = self.kind is not None and self.run.code == "swap-unfinished"
        return swaps or (self.stage.scene.swaps and "result is not known" in self.run.state)

    @property
    def added(self) -> dict[str, str]:
        """The settings that are not as they were."""
        before = self.before.settings
        return {name: value for name, value in self.after.settings.items() if before.get(name) != value}


def problems(case: Case) -> list[str]:
    """Return what is wrong with a run; nothing where it ended well or told the truth."""
    if case.run.hung:
        return ["it hung"]
    checks = (_ended, _kept, _secrets, _unknown_calls, _outputs, _of_the_cache)
    found = [problem for check in checks for problem in check(case)]
    return found + list(_of_success(case) if case.run.result in _SUCCESS else _of_failure(case))


def _ended(case: Case) -> Iterator[str]:
    run = case.run
    if run.exit_code != 0 or not run.result:
        yield f"it ended with {run.exit_code} and the result '{run.result}'"
    if "Traceback (most recent" in run.raw:
        yield "a traceback"
    if "our-bug" in run.raw:
        yield f"our-bug: {next(line for line in run.raw.splitlines() if 'our-bug' in line)[:300]}"
    if run.result not in _SUCCESS and not run.code:
        yield "it failed without a code"


def _kept(case: Case) -> Iterator[str]:
    before, after, settings = case.before, case.after, case.stage.scene.settings
    if lost := before.settings.keys() - after.settings.keys():
        yield f"lost settings: {', '.join(sorted(lost))}"
    for name, value in case.added.items():
        if name in before.settings and settings.get(name) != value and not name.startswith("DOCKER_"):
            yield f"the setting {name} became {value!r}"
    if loose := before.sticky - after.sticky or before.lists - after.lists:
        yield f"no longer stay with their slot: {', '.join(sorted(loose))}"
    if before.identities - after.identities:
        yield "lost an identity"
    if before.roles - after.roles:
        yield "lost a role"
    if any(after.tags.get(tag) != digest for tag, digest in before.tags.items() if tag != case.stage.scene.image):
        yield "another tag moved"


def _of_the_cache(case: Case) -> Iterator[str]:
    """Yield a run that failed for its cache, which is never a reason to."""
    if case.of_the_cache and case.run.result not in _SUCCESS:
        yield f"a cache that was not kept ended the run with {case.run.code}"


def _secrets(case: Case) -> Iterator[str]:
    stage, run = case.stage, case.run
    keys = (stage.site.keys.host, stage.site.keys.of(FUNCTION), stage.registry.admin_password)
    secret = [*CANARIES, *keys, stage.azure.job_access_token, PASSWORD]
    for told in stage.azure.elsewhere.got:
        if _CREDENTIALS.search(told) or _TOKEN.search(told) or any(one in told for one in secret):
            yield f"a credential went to somebody else: {told.splitlines()[0]}"
    shown = {"the summary": run.summary, "the record": run.record, "the outputs": json.dumps(dict(run.variables))}
    for place, text in shown.items():
        if _TOKEN.search(text) or any(one in text for one in secret):
            yield f"a secret in {place}"
    told = "\n".join(line for line in run.raw.splitlines() if "task.setsecret" not in line)
    if _TOKEN.search(told) or any(one in told for one in secret):
        yield "a secret in the log"


def _unknown_calls(case: Case) -> Iterator[str]:
    for call in case.stage.azure.unexpected:
        yield f"an unknown call: {call[:200]}"


def _outputs(case: Case) -> Iterator[str]:
    told, after = case.run.variables, case.after
    if (running := told.get("runningImage")) and running != after.serves:
        yield f"runningImage is {running}, and what serves is {after.serves}"
    if previous := told.get("previousImage"):
        yield from () if previous == case.before.image else [f"previousImage is {previous}"]
    if (digest := told.get("imageDigest")) and digest not in after.tags.values():
        yield f"imageDigest {digest} is not in the registry"
    yield from _of_traffic(case)
    held_back = case.stage.scene.several_revisions and case.run.result not in _SUCCESS
    if told.get("verification") == "verified" and not case.stage.scene.bad and not held_back:
        yield from () if after.running == after.tags.get(case.stage.scene.image) else ["verified, but another runs"]


def _of_traffic(case: Case) -> Iterator[str]:
    """Yield who has traffic that should have none, and what was not distributed again as before."""
    verified = case.run.variables.get("verification") == "verified"
    if case.stage.scene.several_revisions and not verified and case.after.running != case.before.running:
        yield "what is not verified has traffic"
    over = (verified and case.run.result in _SUCCESS) or "and verified" in case.run.state
    if over and case.after.traffic != case.before.traffic:
        yield f"the traffic was not distributed again as before: {case.after.traffic}"


def _of_success(case: Case) -> Iterator[str]:
    scene, after = case.stage.scene, case.after
    answered = scene.fails_in_production and case.of_the_app  # by the fault, as the app ought to
    if scene.bad and not answered and case.run.variables.get("verification") != "unverified":
        yield "it succeeded, and the image does not start"
    if not scene.deploys:
        yield from _unchanged(case)
        if scene.pushes and NEW not in after.tags:
            yield "it succeeded, and the image is not in the registry"
        return
    yield from _of_deployed(case)
    if case.run.variables.get("verification") == "unverified":
        if case.run.result == "Succeeded":
            yield "unverified without a warning"
        if case.kind and case.kind.passes:
            why = next((line for line in case.run.log.splitlines() if "could not be made" in line), "")
            yield f"a passing fault left it unverified: {why}"


def _unchanged(case: Case) -> Iterator[str]:
    """Yield what a step changed that it is not there for."""
    before, after, scene = case.before, case.after, case.stage.scene
    if before.app() != after.app() or before.roles != after.roles or before.running != after.running:
        yield f"the command {scene.command} changed the app"
    if before.tags != after.tags and not scene.pushes:
        yield f"the command {scene.command} changed the registry"


def _of_deployed(case: Case) -> Iterator[str]:
    scene, after = case.stage.scene, case.after
    if after.image != case.wanted:
        yield f"it succeeded, and the app is configured with {after.image}"
    if any(after.settings.get(name) != value for name, value in scene.settings.items()):
        yield "it succeeded without its settings"
    if set(scene.sticky) - after.sticky:
        yield "it succeeded without its sticky settings"
    if "alwaysOn" in scene.inputs.get("configurationStrings", "") and not after.properties.get("alwaysOn"):
        yield "it succeeded without its configuration"


def _of_failure(case: Case) -> Iterator[str]:
    if case.kind is None or case.kind.passes:
        back = "swapped back: " if case.stage.scene.swaps else "rolled back to"
        if case.lost_swap:
            yield from () if "not known" in case.run.state else ["a swap was lost, and the state is sure of it"]
        elif not case.stage.scene.bad:
            yield f"a passing fault failed the run: {case.run.code}"
        elif back not in case.run.state:
            yield "a passing fault prevented the rollback"
    if not case.stage.scene.bad and not case.of_the_app and case.run.code in _blaming_the_image():
        yield f"{case.run.code} blames the image"
    yield from _of_state(case)


def _blaming_the_image() -> set[str]:
    kinds = {one for one in _all_of(StartFailure) if one.rolls_back}
    return {one.code for one in kinds if hasattr(one, "code")}


def _all_of(kind: type[StartFailure]) -> set[type[StartFailure]]:
    return {kind, *(one for below in kind.__subclasses__() for one in _all_of(below))}


def _of_state(case: Case) -> Iterator[str]:
    """Yield what the row `state` says that is not so, and what it does not say."""
    state, before, after = case.run.state, case.before, case.after
    if not case.stage.scene.deploys:
        yield from _unchanged(case)
    if not case.stage.scene.pushes and not case.stage.scene.deploys:
        return
    if not state:
        yield "it does not say how things are"
    if "nothing was changed" in state and (before.app() != after.app() or before.roles != after.roles):
        yield "'nothing was changed', and something was"
    if "nothing was pushed" in state and before.tags != after.tags:
        yield "'nothing was pushed', and something was"
    if "was not changed" in state and before.app() != after.app():
        yield "'was not changed', and it was"
    if "keeps its image" in state and before.image != after.image:
        yield "'keeps its image', and it did not"
    yield from _of_swapped(case) if case.stage.scene.swaps else _of_configured(case)
    yield from _of_silence(case)


def _of_configured(case: Case) -> Iterator[str]:
    state, after = case.run.state, case.after
    if either := re.search(rf"configured with {_REFERENCE}(?: again)? or still with {_REFERENCE}", state):
        yield from () if after.image in either.groups() else [f"{either[0]}, and it is {after.image}"]
    elif one := re.search(rf"configured with {_REFERENCE}", state):
        yield from () if after.image == one[1] else [f"'{one[0]}', and it is {after.image}"]
    if back := re.search(rf"rolled back to {_REFERENCE}( and verified)?", state):
        yield from () if after.image == back[1] else [f"'{back[0]}', and it is {after.image}"]
        if back[2] and after.running != case.stage.old_digest:
            yield f"'{back[0]}', and another image runs"
    if there := re.search(rf"{_REFERENCE} is in the registry", state):
        name = there[1].rpartition("/")[2].partition("@")[0]
        tag = name.rpartition(":")[2] if ":" in name else ""
        yield from () if not tag or tag in after.tags else [f"'{there[0]}', and it is not"]
    for name in re.findall(r"(\w+) restored", state):
        if name.isupper() and after.settings.get(name) != case.before.settings.get(name):
            yield f"'{name} restored', and it is not"


def _of_swapped(case: Case) -> Iterator[str]:
    """Yield what is not so of the two slots."""
    state, after = case.run.state, case.after
    if either := re.search(rf"it may be configured with {_REFERENCE}(?: again)? or still with {_REFERENCE}", state):
        yield from () if after.image in either.groups() else [f"{either[0]}, and it is {after.image}"]
    of_production = rf"(?:shop-app is configured with|production still has|production has) {_REFERENCE}"
    for told in re.finditer(of_production, state):
        yield from () if after.image == told[1] else [f"'{told[0]}', and it is {after.image}"]
    for told in re.finditer(rf"\(slot staging\) (?:is configured with|has) {_REFERENCE}", state):
        yield from () if after.slot_image == told[1] else [f"'{told[0]}', and it is {after.slot_image}"]
    if "again and verified" in state and after.running != case.stage.old_digest:
        yield f"'{state}', and another image runs"


def _of_silence(case: Case) -> Iterator[str]:
    """Yield what was done that the state does not speak of."""
    state, before, after = case.run.state, case.before, case.after
    open_ = "may have been changed" in state
    for name in case.added:
        if name not in state and not open_:
            yield f"the setting {name} was changed, and the state is silent: {state}"
    if after.sticky - before.sticky and "slot settings" not in state and not open_:
        yield f"a setting was made sticky, and the state is silent: {state}"
    if after.identities - before.identities and "identity" not in state:
        yield f"an identity was assigned, and the state is silent: {state}"
    if after.roles - before.roles and "AcrPull" not in state:
        yield f"a role was granted, and the state is silent: {state}"
    if after.tags != before.tags and "registry" not in state and case.wanted not in state:
        yield f"an image was pushed, and the state is silent: {state}"
    if after.image != before.image and after.image not in state:
        yield f"the app was pointed at {after.image}, and the state is silent: {state}"
