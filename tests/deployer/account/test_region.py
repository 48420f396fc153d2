"""What AWS is asked about the account and its Region, and what of it becomes a parameter."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.stub import Stubber

from deployer.account import region
from deployer.errors import UsageError
from deployer.offline.profiles import rendered


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubber:
        yield stubber


def zone(letter: str, number: int, **other: str) -> dict[str, str]:
    usual = {"State": "available", "ZoneType": "availability-zone", "OptInStatus": "opt-in-not-required"}
    return {"ZoneName": f"us-east-1{letter}", "ZoneId": f"use1-az{number}"} | usual | other


def answer(stub: Stubber, *zones: dict[str, str]) -> None:
    stub.add_response("describe_availability_zones", {"AvailabilityZones": list(zones)})


def answer_prefix_lists(stub: Stubber, *ids: str) -> None:
    filters = [
        {"Name": "prefix-list-name", "Values": ["com.amazonaws.global.cloudfront.origin-facing"]},
        {"Name": "owner-id", "Values": ["AWS"]},
    ]
    found = [{"PrefixListId": each} for each in ids]
    stub.add_response("describe_managed_prefix_lists", {"PrefixLists": found}, {"Filters": filters})


def test_zones_where_something_cannot_run_are_left_out(stub: Stubber) -> None:
    answer(
        stub,
        zone("f", 5),
        zone("a", 3),
        zone("b", 1, State="impaired"),
        zone("c", 2, ZoneType="local-zone"),
        zone("d", 4, OptInStatus="not-opted-in"),
        zone("e", 6, OptInStatus="opted-in"),
    )
    assert region.suitable_zones(stub.client) == ["us-east-1e", "us-east-1f"]


def answer_endpoints(stub: Stubber, **lacking: str) -> None:
    """Every service is in every zone but those letters that one (without dots or hyphens) lacks."""
    services = region.ENDPOINT_SERVICES
    names = [f"com.amazonaws.us-east-1.{service}" for service in services]
    found = [
        {
            "ServiceName": name,
            "AvailabilityZones": [
                f"us-east-1{letter}"
                for letter in "abcdef"
                if letter not in lacking.get(service.replace("-", "").replace(".", ""), "")
            ],
        }
        for service, name in zip(services, names, strict=True)
    ]
    filters = [{"Name": "service-name", "Values": names}]
    stub.add_response("describe_vpc_endpoint_services", {"ServiceDetails": found}, {"Filters": filters})


@pytest.mark.parametrize("egress", ["nat", "endpoints"])
def test_zones_without_an_endpoint_for_each_service_come_last(stub: Stubber, egress: str) -> None:
    answer(stub, zone("a", 1), zone("b", 2), zone("c", 4), zone("d", 5))
    answer_endpoints(stub, cognitoidp="a", bedrockruntime="c")
    answer_prefix_lists(stub, "pl-3b927c52")
    found = region.explore(stub.client, {"Egress": egress}, None)
    assert found["AvailabilityZones"] == "us-east-1b,us-east-1d"


def test_without_endpoints_in_two_zones_only_egress_endpoints_is_refused(stub: Stubber) -> None:
    for _ in range(2):
        answer(stub, zone("a", 1), zone("b", 2))
        answer_endpoints(stub, cognitoidp="a")
    with pytest.raises(UsageError, match="here us-east-1b has them all: choose another Egress"):
        region.explore(stub.client, {"Egress": "endpoints"}, None)
    answer_prefix_lists(stub, "pl-3b927c52")
    found = region.explore(stub.client, {"Egress": "nat"}, None)
    assert found["AvailabilityZones"] == "us-east-1a,us-east-1b"


def test_the_services_are_those_of_the_templates() -> None:
    network = rendered()["network"]["Resources"].values()
    asked = {
        resource["Properties"]["ServiceName"]["Fn::Sub"].removeprefix("com.amazonaws.${AWS::Region}.")
        for resource in network
        if resource.get("Properties", {}).get("VpcEndpointType") == "Interface"
    }
    assert asked == set(region.ENDPOINT_SERVICES)


def test_the_first_two_by_name_are_taken_in_whatever_order_aws_names_them(stub: Stubber) -> None:
    answer(stub, zone("d", 4), zone("b", 1), zone("c", 2))
    answer_endpoints(stub)
    answer_prefix_lists(stub, "pl-3b927c52")
    assert region.explore(stub.client, {"Egress": "nat"}, None) == {
        "AvailabilityZones": "us-east-1b,us-east-1c",
        "OriginFacingPrefixListId": "pl-3b927c52",
    }


@pytest.mark.parametrize(("letters", "has"), [("", "none"), ("b", "us-east-1b")])
def test_too_few_are_one_sentence(stub: Stubber, letters: str, has: str) -> None:
    answer(stub, zone("a", 3), *(zone(letter, 1) for letter in letters))
    with pytest.raises(UsageError, match=f"your account has {has} here: choose another region"):
        region.suitable_zones(stub.client)


@pytest.mark.parametrize("deployed", [{"AvailabilityZones": "us-east-1d,us-east-1e"}, {}])
def test_a_running_stack_keeps_its_zones_and_nobody_is_asked(stub: Stubber, deployed: dict[str, str]) -> None:
    answer_prefix_lists(stub, "pl-3b927c52")
    found = region.explore(stub.client, {"Egress": "nat"}, deployed)
    assert found["AvailabilityZones"] == deployed.get("AvailabilityZones", "")


EXISTING = {"Egress": "existing", "ExistingPrivateSubnetIds": "subnet-1a,subnet-1b"}


def answer_subnets(stub: Stubber, **zone_ids: str) -> None:
    filters = [{"Name": "subnet-id", "Values": ["subnet-1a", "subnet-1b"]}]
    found = [
        {
            "SubnetId": f"subnet-1{letter}",
            "AvailabilityZone": f"us-east-1{letter}",
            "AvailabilityZoneId": zone,
        }
        for letter, zone in zone_ids.items()
    ]
    stub.add_response("describe_subnets", {"Subnets": found}, {"Filters": filters})


def test_an_existing_network_has_zones_of_its_own(stub: Stubber) -> None:
    answer_subnets(stub, a="use1-az1", b="use1-az2")
    answer_prefix_lists(stub, "pl-3b927c52")
    assert region.explore(stub.client, EXISTING, None)["AvailabilityZones"] == ""


def test_a_subnet_of_ones_own_where_something_cannot_run_is_named(stub: Stubber) -> None:
    answer_subnets(stub, a="use1-az1", b="use1-az3")
    with pytest.raises(UsageError, match=r"subnet-1b is in us-east-1b \(use1-az3\), where .* do not work"):
        region.explore(stub.client, EXISTING, None)


def test_a_running_stack_in_a_network_of_ones_own_is_asked_nothing(stub: Stubber) -> None:
    answer_prefix_lists(stub, "pl-3b927c52")
    assert region.explore(stub.client, EXISTING, {})["AvailabilityZones"] == ""


def test_a_region_without_cloudfronts_list_gives_none(stub: Stubber) -> None:
    answer_prefix_lists(stub)
    assert region.origin_facing(stub.client) == ""
