"""The root: the form that a newcomer fills in, and what it refuses with a sentence of advice."""

from __future__ import annotations

import itertools

import pytest

from templates.root_parameters import FARGATE_MEMORY_MIB
from tests.templates import stacks
from tests.templates.rendition import refusals

OWN_DOMAIN = {"DomainName": "chat.example.com", "HostedZoneId": "Z0123456789ABCDEFGHIJ"}


def test_the_defaults_are_accepted() -> None:
    assert refusals(stacks.stack("root")) == []


@pytest.mark.parametrize(
    ("choices", "advice"),
    [
        ({"FrontDoor": "domain"}, "give both"),
        ({"FrontDoor": "domain", "DomainName": "chat.example.com"}, "give both"),
        ({"FrontDoor": "domain", "HostedZoneId": "Z1"}, "give both"),
        ({"FrontDoor": "cloudfront", **OWN_DOMAIN}, "leave them empty"),
        ({"FrontDoor": "http", "HostedZoneId": "Z1"}, "leave them empty"),
        ({"TaskCpu": "4096", "TaskMemory": "1024"}, "from 8192 to 30720 MiB"),
        ({"TaskCount": "5"}, "give at least 5"),
        ({"TaskCount": "20", "MaxTaskCount": "19"}, "give at least 20"),
        ({"Sleep": "nights", "SleepFrom": "7"}, "the same hour"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_with_advice(choices: dict[str, str], advice: str) -> None:
    (sentence,) = refusals(stacks.stack("root"), **choices)
    assert advice in sentence


@pytest.mark.parametrize(
    "choices",
    [
        {"FrontDoor": "domain", **OWN_DOMAIN},
        {"FrontDoor": "http"},
        {"Egress": "nat-per-zone"},
        {"TaskCount": "4"},
        {"SleepFrom": "7"},
    ],
)
def test_a_choice_that_makes_sense_is_accepted(choices: dict[str, str]) -> None:
    assert refusals(stacks.stack("root"), **choices) == []


def test_memory_is_accepted_exactly_where_fargate_has_it() -> None:
    root = stacks.stack("root")
    offered = {name: root["Parameters"][name]["AllowedValues"] for name in ("TaskCpu", "TaskMemory")}
    for cpu, memory in itertools.product(offered["TaskCpu"], offered["TaskMemory"]):
        refused = bool(refusals(root, TaskCpu=str(cpu), TaskMemory=str(memory)))
        assert refused == (memory not in FARGATE_MEMORY_MIB[cpu]), (cpu, memory)


def test_every_parameter_stands_once_in_the_form_with_a_label() -> None:
    root = stacks.stack("root")
    form = root["Metadata"]["AWS::CloudFormation::Interface"]
    shown = [name for group in form["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(shown) == sorted(root["Parameters"]) == sorted(form["ParameterLabels"])


def test_only_the_artifact_bucket_has_no_default() -> None:
    without = [name for name, p in stacks.stack("root")["Parameters"].items() if "Default" not in p]
    assert without == ["ArtifactBucketName"]


def test_another_image_than_the_templates_were_made_for_is_refused() -> None:
    assert stacks.stack("root")["Parameters"]["ImageTag"]["AllowedValues"] == [stacks.TAG]


def test_plain_http_carries_its_warning() -> None:
    assert "http: WITHOUT ENCRYPTION" in stacks.stack("root")["Parameters"]["FrontDoor"]["Description"]


def test_the_service_waits_for_the_image_and_not_for_cloudfront() -> None:
    children = stacks.stack("root")["Resources"]
    waits_for = {
        v["Fn::GetAtt"][0]
        for v in stacks.walk(children["Service"])
        if isinstance(v, dict) and "Fn::GetAtt" in v
    }
    assert waits_for == {"Alerts", "Auth", "Build", "Data", "Edge", "Network"}


def test_children_that_need_nothing_start_at_once() -> None:
    children = stacks.stack("root")["Resources"]
    for title in ("Alerts", "Network", "Auth", "Data", "Build"):
        assert not [v for v in stacks.walk(children[title]) if isinstance(v, dict) and "Fn::GetAtt" in v], (
            title
        )
