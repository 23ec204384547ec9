"""Writing the app's settings while others write too: nothing is lost that could have been kept, a loss is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors.app import SettingsNotReadable, SettingsOverwritten
from pytask.errors.azure import AzureFailing, AzureRefused
from pytask.journal import Action, Journal
from pytask.model import WantedSettings
from pytask.report.settings import settings_now
from pytask.targets.site.settings import (
    STORAGE,
    change_settings,
    confirm_readable,
    confirm_written,
    put_settings_back,
    settings_notes,
    write_settings,
)
from pytask.targets.site.slot_settings import make_not_sticky, make_sticky, not_sticky
from tests.contract.arm_site import PATH, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Arm
    from pytask.model import SettingsChange

WANTED = WantedSettings(values={"A": "1", "B": "2"})
AS_BEFORE = {"AzureWebJobsStorage": "secret", STORAGE: "false"}
ONE_WRITE = ["POST list", "PUT appsettings", "POST list"]


def written(arm: Arm, wanted: WantedSettings = WANTED) -> SettingsChange:
    change = write_settings(arm, PATH, wanted)
    assert change
    return change


def by_somebody_else(site: Site, **settings: str) -> Callable[[], None]:
    """Return somebody who reads all settings now, and adds some to them when called."""
    read = dict(site.settings)

    def write() -> None:
        site.settings = {**read, **settings}

    return write


def test_what_differs_is_written_once_with_all_that_is_there(site: Site, arm: Arm) -> None:
    site.settings["A"] = "0"
    change = written(arm)
    assert site.settings == {**AS_BEFORE, "A": "1", "B": "2"}
    assert (change.added, change.changed, change.kept, change.lost) == (("B",), ("A",), (), ())
    assert site.calls == ONE_WRITE
    confirm_written("app", change)


def test_nothing_is_written_where_nothing_differs(site: Site, arm: Arm) -> None:
    site.settings.update(A="1", B="2")
    assert write_settings(arm, PATH, WANTED) is None
    assert site.writes == []


@pytest.mark.parametrize("theirs", ["true", "false", ""])
def test_the_storage_setting_is_never_overwritten(site: Site, arm: Arm, theirs: str) -> None:
    site.settings[STORAGE.lower()] = theirs
    del site.settings[STORAGE]
    wanted = WantedSettings(when_absent={STORAGE: "false"})
    assert write_settings(arm, PATH, wanted) is None
    del site.settings[STORAGE.lower()]
    assert written(arm, wanted).added == (STORAGE,)
    assert site.settings == AS_BEFORE


def test_who_asks_for_the_storage_setting_gets_what_they_ask_for(site: Site, arm: Arm) -> None:
    del site.settings[STORAGE]
    written(arm, WantedSettings(values={STORAGE.lower(): "true"}, when_absent={STORAGE: "false"}))
    assert site.settings == {"AzureWebJobsStorage": "secret", STORAGE.lower(): "true"}


def test_a_name_in_another_case_is_the_same_setting(site: Site, arm: Arm) -> None:
    site.settings["a"] = "0"
    change = written(arm)
    assert site.settings == {**AS_BEFORE, "A": "1", "B": "2"}
    assert change.changed == ("A",)
    put_settings_back(arm, PATH, change)
    assert site.settings == {**AS_BEFORE, "a": "0"}


def test_what_somebody_wrote_before_our_own_reading_is_kept(site: Site, arm: Arm) -> None:
    site.before["POST list"].append(by_somebody_else(site, THEIRS="x"))
    written(arm)
    assert site.settings == {**AS_BEFORE, "THEIRS": "x", "A": "1", "B": "2"}
    assert site.calls == ONE_WRITE


def test_a_writer_who_wrote_over_ours_loses_nothing_and_neither_do_we(site: Site, arm: Arm) -> None:
    site.after["PUT appsettings"].append(by_somebody_else(site, THEIRS="x"))
    change = written(arm)
    assert site.settings == {**AS_BEFORE, "THEIRS": "x", "A": "1", "B": "2"}
    assert site.calls == ["POST list", "PUT appsettings", "POST list", *ONE_WRITE]
    assert (change.added, change.again, change.kept, change.lost) == (("A", "B"), True, (), ())
    confirm_written("app", change)


def test_a_setting_of_a_third_that_was_dropped_with_ours_is_put_back_and_named(site: Site, arm: Arm) -> None:
    stale = by_somebody_else(site, THEIRS="x")
    site.settings["OF_A_THIRD"] = "y"
    site.after["PUT appsettings"].append(stale)
    change = written(arm)
    assert site.settings == {**AS_BEFORE, "OF_A_THIRD": "y", "THEIRS": "x", "A": "1", "B": "2"}
    assert (change.kept, change.lost) == (("OF_A_THIRD",), ())


def test_what_a_third_has_written_again_meanwhile_is_not_put_back_over_it(site: Site, arm: Arm) -> None:
    stale = by_somebody_else(site)
    site.settings["OF_A_THIRD"] = "old"
    site.after["PUT appsettings"].append(stale)
    site.before["POST list"].extend([lambda: None, lambda: None, lambda: site.settings.update(of_a_third="new")])
    written(arm)
    assert site.settings == {**AS_BEFORE, "of_a_third": "new", "A": "1", "B": "2"}


def test_a_setting_that_is_taken_away_beside_ours_stays_away_and_is_named(site: Site, arm: Arm) -> None:
    site.settings["OLD"] = "y"
    site.after["PUT appsettings"].append(lambda: site.settings.pop("OLD"))
    change = written(arm)
    assert "OLD" not in site.settings
    assert (change.kept, change.lost) == ((), ("OLD",))
    assert site.writes == ["PUT appsettings"]


def test_a_writer_who_goes_on_is_a_failure_that_names_what_is_lost(site: Site, arm: Arm) -> None:
    stale = by_somebody_else(site, A="theirs")
    site.after["PUT appsettings"].extend([stale, stale])
    change = written(arm)
    assert site.writes == ["PUT appsettings"] * 2
    with pytest.raises(SettingsOverwritten) as caught:
        confirm_written("app", change)
    assert caught.value.names == "A, B"


def test_a_write_that_is_repeated_reads_again(site: Site, arm: Arm) -> None:
    site.refusals["PUT appsettings"].extend([503, 429])
    site.after["PUT appsettings"].append(by_somebody_else(site, THEIRS="x"))
    change = written(arm)
    assert site.settings == {**AS_BEFORE, "THEIRS": "x", "A": "1", "B": "2"}
    assert site.calls == ["POST list", "PUT appsettings"] * 3 + ["POST list"]
    assert change.lost == ()


def test_what_a_repeated_write_has_kept_is_named_when_it_is_gone(site: Site, arm: Arm) -> None:
    site.refusals["PUT appsettings"].append(503)
    adds, takes = by_somebody_else(site, THEIRS="x"), lambda: site.settings.pop("THEIRS")
    site.after["PUT appsettings"].extend([adds, takes])
    assert written(arm).lost == ("THEIRS",)


def test_a_write_that_azure_goes_on_refusing_changes_nothing(site: Site, arm: Arm) -> None:
    site.refusals["PUT appsettings"].extend([503] * 4)
    with pytest.raises(AzureFailing):
        write_settings(arm, PATH, WANTED)
    assert site.settings == AS_BEFORE


def test_a_rollback_restores_what_was_changed_and_takes_away_what_was_added(site: Site, arm: Arm) -> None:
    site.settings["A"] = "0"
    change = written(arm)
    back = put_settings_back(arm, PATH, change)
    assert site.settings == {**AS_BEFORE, "A": "0"}
    assert (back.names, back.stayed) == (("A", "B"), ())
    assert back.moment
    assert back.moment.sent_at > change.moment.sent_at


def test_a_rollback_leaves_alone_what_somebody_else_changed_since(site: Site, arm: Arm) -> None:
    change = written(arm)
    site.settings.update(A="theirs", THEIRS="x")
    back = put_settings_back(arm, PATH, change)
    assert site.settings == {**AS_BEFORE, "A": "theirs", "THEIRS": "x"}
    assert (back.names, back.stayed) == (("B",), ("A",))

    site.calls.clear()
    again = put_settings_back(arm, PATH, change)
    assert (again.names, again.moment, site.writes) == ((), None, [])


def test_settings_are_made_sticky_and_those_that_are_stay_so(site: Site, arm: Arm) -> None:
    target = site.found(slot="staging")
    assert make_sticky(arm, target, ("A", "B")) == ("A", "B")
    assert make_sticky(arm, target, ("a", "C")) == ("C",)
    assert not_sticky(arm, target, ("A", "D")) == ("D",)
    assert site.slot_names == {"appSettingNames": ["A", "B", "C"], "connectionStringNames": ["Db"]}
    make_not_sticky(arm, target, ("C",))
    assert site.slot_names == {"appSettingNames": ["A", "B"], "connectionStringNames": ["Db"]}
    assert make_sticky(arm, target, ("A",)) == ()
    assert site.writes == ["PUT slotConfigNames"] * 3
    assert {path.partition("?")[0] for path in site.paths} == {f"{PATH}/config/slotConfigNames"}


def test_names_count_as_sticky_only_when_the_answer_lists_them(
    site: Site, arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "_answered", lambda *_: {"appSettingNames": ["OLD"]})
    for change in (make_sticky, make_not_sticky):
        with pytest.raises(AzureFailing) as caught:
            change(arm, site.found(), ("A", "OLD"))
        assert caught.value.leaves_open


def test_a_write_that_cannot_be_read_back_may_have_been_done(site: Site, arm: Arm) -> None:
    journal = Journal(lambda _: None)
    site.refusals["POST list"].extend([200, 400])
    with pytest.raises(AzureRefused), journal.attempt(Action.UPDATE):
        change_settings(arm, site.found(), WantedSettings(values={"A": "1"}), AS_BEFORE, journal)
    assert site.settings == {**AS_BEFORE, "A": "1"}
    assert settings_now(journal) == "A may have been written"
    assert journal.left_open(Action.UPDATE) == ()


def test_settings_count_as_restored_only_when_they_are(site: Site, arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    change = written(arm)
    kept = dict(site.settings)
    monkeypatch.setattr(site, "_answered", lambda *_: kept)
    assert put_settings_back(arm, PATH, change).names == ()


def test_nothing_is_asked_where_no_setting_is_to_be_sticky(site: Site, arm: Arm) -> None:
    assert make_sticky(arm, site.found(), ()) == not_sticky(arm, site.found(), ()) == ()
    assert site.calls == []


def test_settings_that_may_not_be_read_cannot_be_changed(site: Site) -> None:
    with pytest.raises(SettingsNotReadable) as caught:
        confirm_readable(None, WANTED, site.found(slot="staging"))
    assert caught.value.permission == "Microsoft.Web/sites/slots/config/list/action"
    confirm_readable(None, WantedSettings(), site.found())
    confirm_readable({}, WANTED, site.found())


def test_the_storage_setting_is_noted_where_nobody_wrote_it() -> None:
    assert STORAGE in settings_notes({}, WantedSettings())[0]
    assert settings_notes({STORAGE: "true"}, WantedSettings()) == ()
    assert settings_notes({}, WantedSettings(values={STORAGE: "true"})) == ()
