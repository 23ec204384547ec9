"""The inputs about settings and configuration: typed, masked, and every mistake told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.errors import render
from pytask.errors.setting_inputs import PropertyRefused, PropertyUnknown, PropertyValueInvalid
from pytask.inputs.reader import Reader
from pytask.inputs.settings import read_app_settings, read_configuration
from pytask.model import Secret
from pytask.targets.site.setting_forms import Setting
from pytask.targets.site.site_properties import CHOICES, LISTS, NUMBERS, OBJECTS, REFUSED, SWITCHES, TEXTS, property_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.model import WantedSettings


class Masked(list[str]):
    """What was masked."""

    def secret(self, text: str) -> Secret:
        """Take note of it."""
        self.append(text)
        return Secret(text)


def a_reader(**inputs: str) -> Reader:
    return Reader(environment={f"INPUT_{name.upper()}": value for name, value in inputs.items()})


def settings(text: str) -> WantedSettings:
    return read_app_settings(a_reader(appSettings=text), Secret).value


def configuration(**inputs: str) -> Mapping[str, object]:
    return read_configuration(a_reader(**inputs)).value


def mistakes(text: str, *, of: str = "appSettings") -> list[str]:
    """Return what the reader of the log is told of each mistake."""
    reader = a_reader(**{of: text})
    found = read_app_settings(reader, Secret) if of == "appSettings" else read_configuration(reader)
    assert not found.found
    return [render(mistake) for mistake in reader.mistakes]


def test_nothing_written_is_nothing_wanted() -> None:
    assert (settings("").values, settings("").sticky, configuration()) == ({}, (), {})


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (8, "8"), (-1, "-1"), ("", ""), ("Ü\n", "Ü\n")]
)
def test_a_setting_is_text_whatever_its_type_in_json(value: object, text: str) -> None:
    assert settings(json.dumps({"A": value})).values == {"A": text}


@pytest.mark.parametrize("value", ["null", "1.10", "{}", "[]", '"\\u0000"', '"\\ud800"'])
def test_a_value_that_is_no_text_is_refused(value: str) -> None:
    (told,) = mistakes(f'{{"A": {value}}}')
    assert told.startswith("setting-value-invalid: the value of A ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A:B=1", "'A:B'"),
        ("A-B=1", "'A-B'"),
        ("=1", "the name is empty"),
        ("- x", "the name is empty"),
        ("-A 1 -B: 2", "'B:'"),
        ('{"A:": "1"}', "'A:'"),
        ("A B=1", "the name is not shown"),
        ("-A --password", "the name is not shown"),
        ("-A -pass:word", "the name is not shown"),
        ("-A=1", "the name is not shown"),
        ("Ä=1", "the name is not shown"),
    ],
)
def test_a_name_that_azure_does_not_take_is_refused_and_shown_only_when_it_is_one(text: str, told: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.startswith("setting-name-invalid: ")
    assert told in mistake
    assert "password" not in mistake


def test_the_fix_of_a_name_says_how_to_write_it() -> None:
    told = mistakes("A:=1\nLogging:Level=x\nmy-key=y\n?=z")
    assert [line.partition("fix       ")[2].splitlines()[0] for line in told] == [
        "write the name without the colon at the end",
        "write the name with __ (two underscores) for each ':', as nested settings are named on Linux",
        "write the name with '_' for each '-'",
        "write the name with letters, digits, '_' and '.' only; put a value that begins with a dash in quotes",
    ]


def test_the_fix_of_what_may_be_a_value_is_quotes() -> None:
    (told,) = mistakes("-A -pass:word")
    assert "put a value that begins with a dash in quotes" in told


def test_sticky_settings_are_those_that_the_portal_says() -> None:
    text = '[{"name": "A", "value": "1", "slotSetting": true}, {"name": "B", "value": "2", "slotSetting": false}]'
    assert settings(text).sticky == ("A",)
    assert settings("A=1").sticky == ()


def test_values_are_masked_line_by_line_but_for_plain_words_and_hosts() -> None:
    masked = Masked()
    values = {
        "A": "s3cret-value",
        "B": "-----BEGIN KEY-----\nMIIEvQIBADANBg\n\nshort",
        "C": "production",
        "D": "dotnet-isolated",
        "E": "12345678.90",
        "F": "https://contoso.azurewebsites.net",
        "G": "https://contoso.azurewebsites.net/?code=x",
        "H": "true",
        "I": "two words",
    }
    read_app_settings(a_reader(appSettings=json.dumps(values)), masked.secret)
    assert masked == [values["A"], "-----BEGIN KEY-----", "MIIEvQIBADANBg", values["G"]]


def test_values_are_masked_also_when_a_name_is_wrong() -> None:
    masked = Masked()
    read_app_settings(a_reader(appSettings="A:B=s3cret-value"), masked.secret)
    assert masked == ["s3cret-value"]


@given(st.lists(st.from_regex(r"[a-z0-9]{12,20}", fullmatch=True), max_size=3))
def test_no_representation_shows_a_value(values: list[str]) -> None:
    wanted = settings("\n".join(f"A{number}={value}" for number, value in enumerate(values)))
    assert list(wanted.values.values()) == values
    assert not [value for value in values if value in repr(wanted)]


def test_a_value_lost_to_a_dash_is_noted() -> None:
    reader = a_reader(appSettings="-A -b")
    read_app_settings(reader, Secret)
    assert reader.notes == [
        "appSettings: a key without a value is followed by another key; a value that begins with a dash needs quotes"
    ]


def test_the_command_line_is_a_property_and_is_left_alone_when_empty() -> None:
    assert configuration(containerCommand="run -x") == {"appCommandLine": "run -x"}
    assert configuration(containerCommand=" ") == {}


def test_properties_have_azures_types_and_spelling_in_every_form() -> None:
    typed = {"alwaysOn": True, "numberOfWorkers": 2, "healthCheckPath": "/true", "ftpsState": "FtpsOnly"}
    assert configuration(configurationStrings=json.dumps(typed)) == typed
    for text in (
        "AlwaysOn=TRUE\nnumberOfWorkers=2\nhealthcheckpath=/true\nftpsState=ftpsonly",
        "-AlwaysOn TRUE -numberOfWorkers 2 -healthcheckpath /true -ftpsState ftpsonly",
        '{"alwaysOn": "true", "numberOfWorkers": "2", "healthCheckPath": "/true", "ftpsState": "ftpsonly"}',
    ):
        assert configuration(configurationStrings=text) == typed
    assert configuration(configurationStrings="minTlsVersion=1.2") == {"minTlsVersion": "1.2"}
    assert configuration(configurationStrings="ftpsState=Newest") == {"ftpsState": "Newest"}
    assert configuration(configurationStrings='cors={"allowedOrigins": ["*"]}') == {"cors": {"allowedOrigins": ["*"]}}


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("alwaysOn=yes", "true or false"),
        ('{"alwaysOn": 1}', "true or false"),
        ('{"alwaysOn": null}', "true or false"),
        ("numberOfWorkers=2.0", "a whole number"),
        ('{"numberOfWorkers": true}', "a whole number"),
        ("numberOfWorkers=" + "9" * 5000, "a whole number"),
        ('{"minTlsVersion": 1.2}', "text (in JSON, in quotes)"),
        ('{"healthCheckPath": "\\u0000"}', "text (in JSON, in quotes)"),
        ("cors=x", "a JSON object"),
        ("cors=[]", "a JSON object"),
        ("defaultDocuments={}", "a JSON array"),
    ],
)
def test_a_property_of_another_type_is_refused(text: str, takes: str) -> None:
    (told,) = mistakes(text, of="configurationStrings")
    assert told.startswith("property-value-invalid: ")
    assert f"takes {takes}" in told


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("-linuxFxVersion: node|6.11", "setting-name-invalid", "without the colon"),
        ("-linuxFxVersion node|6.11", "property-refused", "imageName"),
        ("appCommandLine=x", "property-refused", "containerCommand"),
        ("acrUseManagedIdentityCreds=true", "property-refused", "appPullAccess"),
        ("AppSettings=x", "property-refused", "the input appSettings"),
        ("alwaysOnn=true", "property-unknown", "the closest name is alwaysOn"),
        ("GREETING=Hello", "property-unknown", "appSettings"),
        ('[{"name": "alwaysOn", "value": true, "slotSetting": true}]', "setting-value-invalid", "slotSetting"),
    ],
)
def test_a_property_that_cannot_be_set_so_says_what_to_do(text: str, code: str, told: str) -> None:
    (mistake,) = mistakes(text, of="configurationStrings")
    assert mistake.startswith(f"{code}: ")
    assert told in mistake


def test_all_mistakes_in_one_input_are_told_at_once() -> None:
    told = mistakes("alwaysOn=2\nlinuxFxVersion=x\nfoo=1", of="configurationStrings")
    assert [one.partition(":")[0] for one in told] == ["property-value-invalid", "property-refused", "property-unknown"]
    assert len(mistakes('{"A:B": "1", "C": null, "D": "1", "E-F": "2"}')) == 3


def a_property(name: str, value: object) -> tuple[str, object]:
    return property_of(Setting(name=name, value=value, where="JSON"), input_name="configurationStrings")


@given(st.sampled_from([*SWITCHES, *NUMBERS, *TEXTS, *CHOICES, *LISTS, *OBJECTS]), st.none() | st.text() | st.floats())
def test_every_property_takes_some_value_and_refuses_others_by_its_name(name: str, value: object) -> None:
    candidates: tuple[object, ...] = (True, 3, "x", [], {})
    fitting = next(one for one in candidates if fits(name, one))
    assert a_property(name.upper(), fitting) == (name, fitting)
    if not isinstance(value, str):
        with pytest.raises(PropertyValueInvalid, match=name):
            a_property(name, value)


def fits(name: str, value: object) -> bool:
    """Tell whether a property takes a value, by its type alone."""
    types: dict[type, list[str]] = {bool: SWITCHES, int: NUMBERS, str: [*TEXTS, *CHOICES], list: LISTS, dict: OBJECTS}
    return name in types[type(value)]


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_another_place_is_refused(name: str) -> None:
    with pytest.raises(PropertyRefused, match=name):
        a_property(name, "x")


def test_what_azure_would_ignore_is_refused() -> None:
    with pytest.raises(PropertyUnknown, match="linuxFXVersions"):
        a_property("linuxFXVersions", "x")


@pytest.mark.parametrize(
    ("value", "is_secret"),
    [("hunter2222", True), ("Password=hunter2222;Server=a", True), ("no", True), ("none", False), ("hunter", False)],
)
def test_a_setting_whose_value_comes_from_a_secret_variable_is_known_as_that(value: str, *, is_secret: bool) -> None:
    environment = {"INPUT_APPSETTINGS": f"A={value}\nB=1", "SECRET_PASSWORD": "hunter2222", "SECRET_SHORT": "no"}
    found = read_app_settings(Reader(environment=environment), Secret).value
    assert found.secret == (("A",) if is_secret else ())
