"""One parameter, one place: what people read of it is made of its declaration."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from troposphere import Template

from deployer.cloudformation.parameters import OWN
from deployer.offline.profiles import checked
from deployer.options import PARAMETERS_FILE
from templates.parameters import FILLED_IN, Parameters, handed_on
from templates.parameters.documents import as_table, as_toml
from templates.wiring import Value, declare, groups, parameter, present, seam
from tests.templates import accept_golden, stacks

SHOWN = [each for members in groups(Parameters).values() for each in members]


@pytest.mark.parametrize("path", accept_golden.documents_made(), ids=lambda path: path.name)
def test_what_people_read_is_made_of_the_declarations(path: Path) -> None:
    made = accept_golden.documents_made()[path]
    assert path.read_text(encoding="utf-8") == made, "make golden writes it anew"


def test_the_file_sets_nothing_but_the_name_of_the_stack() -> None:
    assert tomllib.loads(as_toml({})) == {"stack": "asistente", "parameters": {}}


def test_what_somebody_has_set_stays_set() -> None:
    chosen = {
        "stack": "trial",
        "region": "eu-south-2",
        "parameters": {
            "TaskCount": 3,
            "FrontDoor": "http",
            "AllowedCountries": ["ES", "MX"],
            "SleepFrom": "1",
        },
    }
    assert tomllib.loads(as_toml(chosen)) == chosen


def test_every_line_can_be_uncommented_by_itself() -> None:
    lines = [line for line in PARAMETERS_FILE.read_text(encoding="utf-8").splitlines() if " = " in line]
    settings = [line.removeprefix("# ") for line in lines]
    named = {name: value for line in settings for name, value in tomllib.loads(line).items()}
    declared = stacks.stack("root")["Parameters"]
    assert named.keys() - {"stack", "region"} == declared.keys() - set(OWN)
    for name, value in named.items():
        if declared.get(name, {}).get("Default"):
            assert checked({name: value})[name] == declared[name]["Default"]


def test_an_example_is_what_the_parameter_takes() -> None:
    shown = [each for each in SHOWN if each.form.example]
    assert shown
    for each in shown:
        assert each.declaration["Default"] == "", each.name
        assert re.fullmatch(each.declaration["AllowedPattern"], each.form.example), each.name


def test_what_nobody_chooses_is_what_the_deployer_knows_itself() -> None:
    assert {each.name for each in groups(Parameters)[FILLED_IN]} == set(OWN)


def test_the_page_that_says_more_is_there() -> None:
    pages = {each.form.see for each in SHOWN} - {""}
    assert pages
    assert not [page for page in pages if not (PARAMETERS_FILE.parent / page).is_file()]


def test_the_table_has_every_parameter_once() -> None:
    for each in SHOWN:
        assert as_table().count(f"| `{each.name}` |") == (each.name not in OWN), each.name


@seam
class Doors:
    """Doors"""

    front_door: Value = parameter(
        "String", "Which.", label="Front door", AllowedValues=["a", "b"], Default="a"
    )
    back_door: Value = parameter("String", "Which.", Default="")


@seam
class House(Doors):
    """Groups are bases."""


def test_a_parameter_without_a_label_is_named() -> None:
    with pytest.raises(ValueError, match="back_door has no label"):
        present(Template(), House)


@seam
class Inputs:
    mfa: Value = handed_on()
    task_count: Value = handed_on("Number")


@seam
class Mistyped:
    mfaa: Value = handed_on()


def test_a_child_describes_a_parameter_as_the_root_does_and_gives_it_no_default() -> None:
    t = Template()
    declare(t, Inputs)
    root, child = stacks.stack("root")["Parameters"], t.to_dict()["Parameters"]
    kept = ("Type", "Description", "AllowedValues")
    assert child["Mfa"] == {key: root["Mfa"][key] for key in kept}
    assert child["TaskCount"] == {"Type": "Number", "Description": root["TaskCount"]["Description"]}


def test_a_child_that_names_no_parameter_is_told_which() -> None:
    with pytest.raises(TypeError, match="mfaa is not in Parameters"):
        declare(Template(), Mistyped)
