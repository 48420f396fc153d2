"""The root: the form that a newcomer fills in, and what it refuses with a sentence of advice."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from templates.parameters.capacity import FARGATE_MEMORY_MIB
from tests.templates import stacks
from tests.templates.rendition import refusals, rendition

EXISTING_NETWORK = {
    "Egress": "existing",
    "ExistingVpcId": "vpc-0123456789abcdef0",
    "ExistingVpcCidr": "10.7.0.0/22",
    "ExistingPrivateSubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
}
OWN_DOMAIN = {"DomainName": "chat.example.com", "HostedZoneId": "Z0123456789ABCDEFGHIJ"}


def test_the_defaults_are_accepted() -> None:
    assert refusals(stacks.stack("root")) == []


@pytest.mark.parametrize(
    ("choices", "model"),
    [
        ({}, "amazon.titan-embed-text-v2:0"),
        ({"EmbeddingModelId": ""}, ""),
        # Searches have an address of their own in DynamoDB, to which no private way is documented.
        ({"Egress": "endpoints"}, ""),
        (EXISTING_NETWORK, "amazon.titan-embed-text-v2:0"),
    ],
)
def test_there_are_documents_to_ask_where_searches_get_out(choices: dict[str, str], model: str) -> None:
    root = rendition(stacks.stack("root"), **choices)
    for title in ("Data", "Service"):
        assert stacks.properties(root, title)["Parameters"]["EmbeddingModelId"] == model


def test_without_cloudfronts_addresses_only_another_front_door_is_accepted() -> None:
    (sentence,) = refusals(stacks.stack("root"), OriginFacingPrefixListId="")
    assert "com.amazonaws.global.cloudfront.origin-facing" in sentence
    assert "choose FrontDoor domain" in sentence
    assert refusals(stacks.stack("root"), FrontDoor="http", OriginFacingPrefixListId="") == []


@pytest.mark.parametrize(
    ("choices", "advice"),
    [
        ({"FrontDoor": "domain"}, "give both"),
        ({"FrontDoor": "domain", "DomainName": "chat.example.com"}, "give both"),
        ({"FrontDoor": "domain", "HostedZoneId": "Z1"}, "give both"),
        ({"FrontDoor": "cloudfront", **OWN_DOMAIN}, "leave them empty"),
        ({"FrontDoor": "http", "HostedZoneId": "Z1"}, "leave them empty"),
        ({"TaskCpu": "4096", "TaskMemory": "1024"}, "from 8192 to 30720 MiB"),
        ({"UseFirewall": "no", "AllowedCountries": "ES"}, "need UseFirewall yes"),
        ({"UseFirewall": "no", "AllowedAddresses": "192.0.2.0/24"}, "need UseFirewall yes"),
        ({**EXISTING_NETWORK, "ExistingVpcCidr": ""}, "give all three"),
        ({**EXISTING_NETWORK, "Egress": "nat"}, "leave them empty"),
        ({**EXISTING_NETWORK, "FrontDoor": "http"}, "give them, or choose FrontDoor cloudfront"),
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
        EXISTING_NETWORK,
    ],
)
def test_a_choice_that_makes_sense_is_accepted(choices: dict[str, str]) -> None:
    assert refusals(stacks.stack("root"), **choices) == []


def test_memory_is_accepted_exactly_where_fargate_has_it() -> None:
    root = stacks.stack("root")
    offered = {name: root["Parameters"][name]["AllowedValues"] for name in ("TaskCpu", "TaskMemory")}
    for cpu, memory in itertools.product(offered["TaskCpu"], offered["TaskMemory"]):
        refused = bool(refusals(root, TaskCpu=cpu, TaskMemory=memory))
        assert refused == (int(memory) not in FARGATE_MEMORY_MIB[int(cpu)]), (cpu, memory)


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


@pytest.mark.parametrize("given", ["", "eu-west-1b,eu-west-1c"])
def test_zones_are_the_ones_given_or_else_the_regions_first(given: str) -> None:
    child = rendition(stacks.stack("root"), AvailabilityZones=given)["Resources"]["Network"]
    passed = child["Properties"]["Parameters"]["AvailabilityZones"]
    assert passed == (given or {"Fn::Join": [",", {"Fn::GetAZs": ""}]})


@pytest.mark.parametrize("refused", ["us-east-1a", "use1-az1,use1-az2", "us-east-1a, us-east-1b", "a,b"])
def test_what_are_no_two_zones_is_refused(refused: str) -> None:
    pattern = stacks.stack("root")["Parameters"]["AvailabilityZones"]["AllowedPattern"]
    assert not re.fullmatch(pattern, refused)
    assert re.fullmatch(pattern, "us-gov-west-1a,us-gov-west-1b")


@pytest.mark.parametrize("name", ["Egress", "VpcCidr", "ExistingVpcId", "AvailabilityZones"])
def test_what_cannot_be_changed_says_so(name: str) -> None:
    assert "cannot be changed later" in stacks.stack("root")["Parameters"][name]["Description"]


def test_plain_http_carries_its_warning() -> None:
    assert "http: WITHOUT ENCRYPTION" in stacks.stack("root")["Parameters"]["FrontDoor"]["Description"]


def test_the_service_waits_for_the_image_and_not_for_cloudfront() -> None:
    children = rendition(stacks.stack("root"))["Resources"]
    needed = {"Alerts", "Auth", "Build", "Data", "Edge", "Encryption", "Network"}
    assert stacks.siblings(children["Service"]) == needed


def test_children_that_need_nothing_start_at_once() -> None:
    children = stacks.stack("root")["Resources"]
    assert not stacks.siblings(children["Encryption"])
    assert not stacks.siblings(children["Network"])
    for title in ("Alerts", "Auth", "Build", "Data"):
        assert stacks.siblings(children[title]) <= {"Encryption"}, title


def test_what_another_stack_gives_is_bound_to_no_choice_of_values() -> None:
    """A change set would hold its placeholder for the value, which is not known yet, against them."""
    for title, child in stacks.stack("root")["Resources"].items():
        properties = child["Properties"]
        declared = stacks.stack(properties["TemplateURL"].removesuffix(".json"))["Parameters"]
        for name, value in properties.get("Parameters", {}).items():
            if "Outputs." in json.dumps(value):
                assert declared[name].keys() <= {"Type", "Description"}, f"{title}: {name}"


@pytest.mark.parametrize(
    ("choices", "network", "public"),
    [
        ({}, ["Network", "Outputs.PrivateSubnetIds"], "DISABLED"),
        ({"Egress": "endpoints"}, ["Network", "Outputs.PrivateSubnetIds"], "DISABLED"),
        ({"Egress": "none"}, ["Network", "Outputs.PublicSubnetIds"], "ENABLED"),
        (EXISTING_NETWORK, None, "DISABLED"),
    ],
)
def test_tasks_are_where_they_can_reach_aws(
    choices: dict[str, str], network: list[str] | None, public: str
) -> None:
    given = rendition(stacks.stack("root"), **choices)["Resources"]["Service"]["Properties"]["Parameters"]
    expected = {"Fn::GetAtt": network} if network else EXISTING_NETWORK["ExistingPrivateSubnetIds"]
    assert (given["TaskSubnetIds"], given["AssignPublicIp"]) == (expected, public)


def test_an_existing_network_replaces_ours_entirely() -> None:
    root = rendition(stacks.stack("root"), **EXISTING_NETWORK)
    assert "Network" not in root["Resources"]
    assert "Network" not in {title for r in root["Resources"].values() for title in stacks.siblings(r)}
    edge = root["Resources"]["Edge"]["Properties"]["Parameters"]
    assert edge["VpcCidr"] == EXISTING_NETWORK["ExistingVpcCidr"]
    assert edge["PublicSubnetIds"] == EXISTING_NETWORK["ExistingPrivateSubnetIds"]


def test_without_a_key_of_ones_own_nobody_is_given_one() -> None:
    children = rendition(stacks.stack("root"), EncryptionKey="aws")["Resources"]
    assert "Encryption" not in children
    for title, child in children.items():
        assert child["Properties"]["Parameters"].get("KeyArn", "") == "", title
