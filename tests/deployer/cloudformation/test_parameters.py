"""Parameters: the file, the command line over it, and every mistake named before anything is created."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.cloudformation.parameters import OWN, parse_override, read_file, resolve
from deployer.errors import UsageError
from deployer.options import PARAMETERS_FILE, load
from templates import root

TEMPLATE = {
    "Parameters": {
        "TaskCount": {"Type": "Number", "Default": 2, "MinValue": 1, "MaxValue": 20},
        "Door": {"Type": "String", "Default": "open", "AllowedValues": ["open", "closed"]},
        "Name": {"Type": "String", "Description": "Who it is.", "MinLength": 1, "MaxLength": 5},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a,b", "AllowedPattern": "[a-z]"},
        "Range": {
            "Type": "String",
            "Default": "1/2",
            "AllowedPattern": r"\d/\d",
            "ConstraintDescription": "A range such as 1/2.",
        },
        "ImageTag": {"Type": "String", "AllowedValues": ["f00"]},
    },
    "Rules": {
        "ClosedNeedsTwo": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "Door"}, "closed"]},
            "Assertions": [
                {
                    "Assert": {
                        "Fn::And": [
                            {"Fn::Not": [{"Fn::Equals": [{"Ref": "TaskCount"}, "1"]}]},
                            {
                                "Fn::Or": [
                                    {"Fn::Contains": [["bob"], {"Ref": "Name"}]},
                                    {"Fn::Equals": [1, 2]},
                                ]
                            },
                        ]
                    },
                    "AssertDescription": "A closed door needs bob and two tasks.",
                }
            ],
        },
        "OnlyAwsKnows": {
            "Assertions": [
                {"Assert": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}, "AssertDescription": "Elsewhere."}
            ]
        },
    },
}
OWN_VALUES = {"ImageTag": "f00"}


def check(**given):
    return resolve(TEMPLATE, {"Name": "bob"} | given, OWN_VALUES)


def test_what_is_not_given_has_the_default_and_all_values_are_text():
    assert check(TaskCount=3) == {
        "TaskCount": "3",
        "Door": "open",
        "Name": "bob",
        "Zones": "a,b",
        "Range": "1/2",
        "ImageTag": "f00",
    }


def test_a_list_is_joined():
    assert check(Zones=["c", "d"])["Zones"] == "c,d"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"TaskCuont": 3}, "There is no parameter TaskCuont. Did you mean TaskCount?"),
        ({"taskcount": 3}, "There is no parameter taskcount. Did you mean TaskCount?"),
        ({"Zzz": 3}, "There is no parameter Zzz."),
        ({"ImageTag": "latest"}, "ImageTag is set by the deployment itself: leave it out."),
        ({"ImageTab": "latest"}, "There is no parameter ImageTab."),
        ({"TaskCount": "two"}, 'TaskCount cannot be "two": it must be a whole number.'),
        ({"TaskCount": 2.5}, 'TaskCount cannot be "2.5": it must be a whole number.'),
        ({"TaskCount": float("nan")}, 'TaskCount cannot be "nan": it must be a whole number.'),
        ({"TaskCount": "1e1"}, 'TaskCount cannot be "1e1": it must be a whole number.'),
        ({"TaskCount": "\uff12"}, 'TaskCount cannot be "\uff12": it must be a whole number.'),
        (
            {"TaskCount": 10**5000},
            'TaskCount cannot be "a number of more than 30 digits": it must be a whole number.',
        ),
        ({"TaskCount": 0}, 'TaskCount cannot be "0": it must be at least 1.'),
        ({"TaskCount": 21}, 'TaskCount cannot be "21": it must be at most 20.'),
        ({"Door": True}, 'Door cannot be "true": it must be one of open, closed.'),
        ({"Name": ""}, 'Name cannot be "": it must have at least 1 characters.'),
        ({"Name": "roberto"}, 'Name cannot be "roberto": it must have at most 5 characters.'),
        ({"Range": "1-2"}, 'Range cannot be "1-2": A range such as 1/2.'),
        ({"Zones": "a,B"}, 'Zones cannot be "a,B": it must match [a-z].'),
        ({"Door": "closed", "TaskCount": 1}, "A closed door needs bob and two tasks."),
        ({"Door": "closed", "Name": "eve"}, "A closed door needs bob and two tasks."),
    ],
)
def test_a_mistake_is_one_sentence(given, sentence):
    with pytest.raises(UsageError) as error:
        check(**given)
    assert str(error.value) == sentence
    assert error.value.exit_code == 2


def test_a_rule_that_holds_is_silent():
    assert check(Door="closed")["Door"] == "closed"


def test_a_missing_one_is_named_with_what_it_is():
    with pytest.raises(UsageError, match=r"^Name needs a value: Who it is\.$"):
        resolve(TEMPLATE, {}, OWN_VALUES)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(UsageError) as error:
        check(TaskCount=0, Door="ajar", Nmae="x")
    assert len(str(error.value).splitlines()) == 3


@given(st.dictionaries(st.sampled_from(["TaskCount", "Name"]), st.integers(1, 9)), st.data())
def test_the_command_line_goes_over_the_file_and_nothing_else_is_changed(file_says, data):
    over = data.draw(st.dictionaries(st.sampled_from(["TaskCount", "Name"]), st.integers(1, 9)))
    values = resolve(TEMPLATE, {"Name": "bob"} | file_says | over, OWN_VALUES)
    for name in ("TaskCount", "Name"):
        default = {"TaskCount": 2, "Name": "bob"}[name]
        assert values[name] == str(over.get(name, file_says.get(name, default)))
    assert values["Door"] == "open"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("stak = 'x'", 'parameters.toml has an unknown key "stak". Did you mean stack?'),
        ("TaskCount = 3", "The template's parameters belong under [parameters]."),
        ("parameters = 3", "parameters must be a table"),
        ("stack = 3", "stack must be a text in quotes"),
        ("stack = ", "is not valid TOML"),
    ],
)
def test_a_malformed_file_is_explained(tmp_path: Path, content: str, sentence: str):
    path = tmp_path / "parameters.toml"
    path.write_text(content)
    with pytest.raises(UsageError) as error:
        read_file(path)
    assert sentence in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match=r"nowhere\.toml cannot be read: No such file"):
        read_file(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("text", ["TaskCount", "=3", ""])
def test_an_override_without_name_or_value_is_refused(text: str):
    with pytest.raises(UsageError, match="not of the form Key=Value"):
        parse_override(text)


def test_a_value_may_contain_an_equals_sign():
    assert parse_override("Key=a=b") == ("Key", "a=b")


def test_command_line_over_file_over_default(tmp_path: Path):
    path = tmp_path / "p.toml"
    path.write_text('stack = "chat"\nregion = "eu-west-1"\n[parameters]\nTaskCount = 3\nDoor = "open"\n')
    options = load(path, region="us-east-2", overrides={"TaskCount": "4"})
    assert (options.stack, options.region) == ("chat", "us-east-2")
    assert options.parameters == {"TaskCount": "4", "Door": "open"}


@pytest.mark.parametrize("stack", ["1st", "a_b", "a.b", "x" * 33, "-a"])
def test_an_impossible_stack_name_is_refused(tmp_path: Path, stack: str):
    path = tmp_path / "p.toml"
    path.write_text("")
    with pytest.raises(UsageError, match="cannot be the name of a stack"):
        load(path, stack=stack)


def test_the_longest_stack_name_is_taken(tmp_path: Path):
    path = tmp_path / "p.toml"
    path.write_text("")
    assert load(path, stack="x" * 32).stack == "x" * 32


def test_the_file_in_the_repository_shows_every_parameter_with_its_default():
    declared = root.template("0" * 16, "yes").to_dict()["Parameters"]
    lines = PARAMETERS_FILE.read_text().splitlines()
    shown = tomllib.loads(
        "\n".join(line.removeprefix("# ") for line in lines if line.startswith("# ") and " = " in line)
    )
    defaults = {name: each["Default"] for name, each in declared.items() if name not in OWN}
    # What is empty by default says nothing of its form: the file shows an example.
    examples = {name for name, default in defaults.items() if default == ""}
    assert {k: str(v) for k, v in shown.items() if k != "region" and k not in examples} == {
        k: v for k, v in defaults.items() if k not in examples
    }
    assert examples < shown.keys()
