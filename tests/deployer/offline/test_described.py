"""What CloudFormation is told of an existing resource: how it is, in the template's words where they fit."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.account import kept
from deployer.cloudformation import schemas
from deployer.cloudformation.foreseen import RETAINING
from deployer.offline.described import described, substituted
from deployer.offline.profiles import rendered

INDEX = {"IndexName": "by-change", "KeySchema": [{"AttributeName": "pk"}, {"AttributeName": "at"}]}
FILLED_IN = {"WarmThroughput": {"ReadUnitsPerSecond": 12000}}


@pytest.mark.parametrize(
    ("wanted", "actual", "told"),
    [
        ("ON", "ON", "ON"),
        (True, "true", True),  # CloudFormation's booleans are text now and then
        ("ON", "OFF", "OFF"),
        ("ON", None, None),  # the update sets it
        (None, "ON", "ON"),  # the update takes it away
        (None, [], None),
        ([INDEX], [INDEX | FILLED_IN], [INDEX]),
        ([INDEX], [], None),
        ([INDEX], [{"IndexName": "other"}], [{"IndexName": "other"}]),
        ([INDEX, {"IndexName": "new"}], [INDEX | FILLED_IN], [INDEX]),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}], [{"a": 1}, {"a": 2}]),
        ([{"a": 1}], [{"a": 1}, {"a": 1}], [{"a": 1}, {"a": 1}]),
        (
            {"SSEEnabled": False},
            {"SSEEnabled": True, "SSEType": "KMS"},
            {"SSEEnabled": True, "SSEType": "KMS"},
        ),
        ({"Fn::Sub": "alias/${AWS::StackName}"}, "alias/a", "alias/a"),
    ],
)
def test_a_property_is_told_as_it_is(wanted: Any, actual: Any, told: Any) -> None:
    given = {} if wanted is None else {"Property": wanted}
    there = {} if actual is None else {"Property": actual}
    expected = {} if told is None else {"Property": told}
    assert described({"Property"}, given, there | {"Arn": "read only"}) == expected


def test_what_is_known_of_other_resources_takes_the_place_of_functions() -> None:
    known = {("Encryption/Key", ""): "id", ("Encryption/Key", "Arn"): "arn:aws:kms:id"}
    value = {
        "a": [{"Ref": "Encryption/Key"}, {"Fn::GetAtt": ["Encryption/Key", "Arn"]}],
        "b": {"Ref": "Other"},
    }
    assert substituted(value, known) == {"a": ["id", "arn:aws:kms:id"], "b": {"Ref": "Other"}}


def test_everything_that_the_templates_keep_can_be_taken_over() -> None:
    """A type that is kept one day and not found again here would be left behind without a word."""
    found = {
        each["Type"]
        for stack in rendered("yes").values()
        for each in stack["Resources"].values()
        if each.get("DeletionPolicy") in RETAINING
    }
    assert found
    assert found <= kept.SERVICES.keys()
    for kind in found:
        assert len(schemas.schema(kind)["primaryIdentifier"]) == 1
