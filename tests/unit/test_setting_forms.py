"""The forms of settings: what people write is what they mean, or it is refused with the ruling."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytask.errors.inputs import InputMistake
from pytask.errors.setting_inputs import SettingLineInvalid, SettingQuoteOpen, SettingsJsonInvalid, SettingTwice
from pytask.targets.site.setting_forms import parse_settings

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.]{0,9}", fullmatch=True)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
LINES = TEXTS.filter(lambda text: not any(end in text for end in "\r\n"))
QUOTABLE = TEXTS.filter(lambda text: not ('"' in text and "'" in text))


def parsed(text: str) -> dict[str, object]:
    return {setting.name: setting.value for setting in parse_settings(text, input_name="appSettings")}


def unique_names(values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    """Return settings whose names differ in more than case."""
    pairs = st.lists(st.tuples(NAMES, values), unique_by=lambda pair: pair[0].casefold(), min_size=1, max_size=5)
    return pairs.map(dict)


@given(unique_names(LINES))
@example({"A": ' "x" = -y  ', "B": "", "C": "Grüße \u2028 und 日本"})
def test_a_line_gives_its_value_as_it_stands_behind_the_first_equals_sign(settings: dict[str, str]) -> None:
    assert parsed("\n".join(f"{name}={value}" for name, value in settings.items())) == settings
    assert parsed("\r\n\r\n".join(f"  {name} ={value}" for name, value in settings.items())) == settings


@given(unique_names(TEXTS), st.sampled_from([None, 2]), st.booleans())
def test_json_gives_its_values_in_either_shape(settings: dict[str, str], indent: int | None, ascii_only: bool) -> None:
    assert parsed(json.dumps(settings, indent=indent, ensure_ascii=ascii_only)) == settings
    array = [{"name": name, "value": value, "slotSetting": False} for name, value in settings.items()]
    assert parsed(json.dumps(array, indent=indent, ensure_ascii=ascii_only)) == settings


@given(
    unique_names(TEXTS.filter(lambda text: not ('"' in text and "'" in text))), st.sampled_from([" ", "\n", " \r\n\t"])
)
@example({"A": "-x -y", "B": "line\nline", "C": "", "D": "((", "E": "it's"}, " ")
def test_the_form_with_dashes_gives_what_stands_between_quotes(settings: dict[str, str], between: str) -> None:
    quoted = {name: f"'{value}'" if '"' in value else f'"{value}"' for name, value in settings.items()}
    assert parsed(between.join(f"-{name} {value}" for name, value in quoted.items())) == settings


@given(st.text(max_size=60))
@example("-")
@example("-A '")
@example("[" * 100_000)
@example('{"a": ' + "9" * 5000 + "}")
@example('[{"name": "A", "value": 1, "x": 1}]')
@example("[NaN]")
@example("[1]")
def test_any_text_is_understood_or_refused_and_nothing_of_it_is_shown(text: str) -> None:
    try:
        parse_settings(text, input_name="appSettings")
    except SettingTwice:
        pass
    except InputMistake as mistake:
        told = {value for name, value in vars(mistake).items() if name not in {"input", "reason", "sign"}}
        assert told <= {f"{word} {number}" for word in ("line", "key", "entry") for number in range(1, 99)}


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("-port 8080 -Release.ReleaseName Release-1173", {"port": "8080", "Release.ReleaseName": "Release-1173"}),
        ("-ErrorCode -ErrorMessage", {"ErrorCode": "", "ErrorMessage": ""}),
        ("  -A   1    -B\t2  ", {"A": "1", "B": "2"}),
        ("-A -1 -B -2.5e3 -C -.5", {"A": "-1", "B": "-2.5e3", "C": "-.5"}),
        ('-A "-xyz" -B 2', {"A": "-xyz", "B": "2"}),
        ("-A {a -b} -B (c -d) -C [e -f]", {"A": "{a -b}", "B": "(c -d)", "C": "[e -f]"}),
        ('-A {"k": "(", "l": ["-m"]} -B 1', {"A": '{"k": "(", "l": ["-m"]}', "B": "1"}),
        ("-A a`b -B c", {"A": "a`b", "B": "c"}),
        ("-A Server=x;Password=y= -B z", {"A": "Server=x;Password=y=", "B": "z"}),
        (
            "-A @Microsoft.KeyVault(SecretUri=https://v/s) -B 1",
            {"A": "@Microsoft.KeyVault(SecretUri=https://v/s)", "B": "1"},
        ),
    ],
)
def test_what_microsofts_own_tasks_understand_is_understood_alike(text: str, settings: dict[str, str]) -> None:
    assert parsed(text) == settings


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("-A 1\n-B 2", {"A": "1", "B": "2"}),  # theirs: A is all of it
        ("-A Hello World  again -B 2", {"A": "Hello World  again", "B": "2"}),  # theirs: A is Hello
        ("-A it's -B 2", {"A": "it's", "B": "2"}),  # theirs: B is lost
        ("-A 'x y' -B 2", {"A": "x y", "B": "2"}),  # theirs: with the quotes
        ("A=1 B=2", {"A": "1 B=2"}),  # theirs: lost
        ("A=1\nB=it's -C (", {"A": "1", "B": "it's -C ("}),
        ('A="x"', {"A": '"x"'}),
        ('{"A": "one\ntwo"}', {"A": "one\ntwo"}),
        ('{"A": "-x", "B": "{\\"c\\": 1}"}', {"A": "-x", "B": '{"c": 1}'}),
        ("A=1\nA=1", {"A": "1"}),
        ("-B -xyz", {"B": "", "xyz": ""}),  # the ruling: a bare dash opens a key
    ],
)
def test_what_they_get_wrong_is_right(text: str, settings: dict[str, str]) -> None:
    assert parsed(text) == settings


@pytest.mark.parametrize(
    ("text", "mistake", "where"),
    [
        ("A=1\nB", SettingLineInvalid, "line 2"),
        ("A=1\n-B 2", SettingLineInvalid, "line 2"),
        ("-5 x", SettingLineInvalid, "key 1"),
        ("-A one\ntwo -B 3", SettingLineInvalid, "key 2"),
        ('-A "it -B 2', SettingQuoteOpen, "key 1"),
        ("-A 1 -B 'x -C 3", SettingQuoteOpen, "key 2"),
        ('-A 5" -B 2', SettingQuoteOpen, "key 1"),
        ("-A James' -B 2", SettingQuoteOpen, "key 1"),
        ("-A :( -B 2", SettingQuoteOpen, "key 1"),
        ("-A [(] -B 2", SettingQuoteOpen, "key 1"),
        ('-A "x" "y" -B 2', SettingQuoteOpen, "key 1"),
        ('-A "a "b" c"', SettingQuoteOpen, "key 1"),
        ("A=1\nA=2", SettingTwice, "line 2"),
        ("A=1\na=1", SettingTwice, "line 2"),
        ("-A 1 -A 2", SettingTwice, "key 2"),
        ('{"A": "1", "A": "2"}', SettingTwice, "JSON"),
        ('{"A": "1", "A": 1}', SettingTwice, "JSON"),
        ('{"A": "1", "a": "1"}', SettingTwice, "JSON"),
        ('[{"name": "A", "value": "1"}, {"name": "A", "value": "1", "slotSetting": true}]', SettingTwice, "entry 2"),
    ],
)
def test_what_can_only_be_guessed_is_refused_with_its_place(text: str, mistake: type[InputMistake], where: str) -> None:
    with pytest.raises(mistake) as caught:
        parse_settings(text, input_name="appSettings")
    assert vars(caught.value)["where"] == where


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"A": "1"', "Expecting ',' delimiter in line 1, column 10"),
        ('{"A": "it"s"}', "in line 1"),
        ("[1]", "entry 1 is not"),
        ('[{"name": "A"}]', "entry 1 is not"),
        ('[{"name": 1, "value": "x"}]', "entry 1 is not"),
        ('[{"name": "A", "value": "1", "type": "x"}]', "entry 1 has type"),
        ('[{"name": "A", "value": "1", "slotSetting": "yes"}]', "neither true nor false"),
        ('{"A": NaN}', "NaN is not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_is_none_or_has_another_shape_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(SettingsJsonInvalid) as caught:
        parse_settings(text, input_name="appSettings")
    assert reason in caught.value.reason


def test_a_key_that_may_have_been_a_value_is_not_certain() -> None:
    found = parse_settings('-A -b -C 1 -D "" -E', input_name="appSettings")
    assert [(setting.name, setting.certain) for setting in found] == [
        ("A", True),
        ("b", False),
        ("C", False),
        ("D", True),
        ("E", True),
    ]


def test_the_portals_array_says_which_settings_are_sticky() -> None:
    array = [{"name": "A", "value": "1", "slotSetting": True}, {"name": "B", "value": "2"}]
    assert [one.sticky for one in parse_settings(json.dumps(array), input_name="appSettings")] == [True, False]


@pytest.mark.parametrize("text", ["", "  \n "])
def test_no_text_is_no_setting(text: str) -> None:
    assert parsed(text) == {}
