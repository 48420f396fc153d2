"""Quotas against what parameters need: Service Quotas and the services answer as their API references say.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ServiceQuota.html
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from deployer.account.checks import quotas
from deployer.account.checks.findings import Finding
from tests.deployer.account.checks.stubbed import REGION, answering

pytestmark = pytest.mark.slow

VALUES = {
    "MaxTaskCount": "4", "TaskCount": "2", "TaskCpu": "512", "SpotPercent": "0", "Egress": "nat",
    "FrontDoor": "domain",
}  # fmt: skip
METRIC = {
    "MetricNamespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "MetricDimensions": {"Service": "Fargate", "Resource": "vCPU", "Type": "Resource"},
    "MetricStatisticRecommendation": "Maximum",
}  # fmt: skip


def quota(value: float, **more: Any) -> tuple[str, Any]:
    return "get_service_quota", {"Quota": {"Value": value} | more}


def used(*values: float) -> tuple[str, Any]:
    return "get_metric_data", {"MetricDataResults": [{"Id": "used", "Values": list(values)}]}


def vpcs(count: int) -> tuple[str, Any]:
    return "describe_vpcs", {"Vpcs": [{"VpcId": f"vpc-{number}"} for number in range(count)]}


def addresses(count: int) -> tuple[str, Any]:
    return "describe_addresses", {"Addresses": [{"PublicIp": f"192.0.2.{number}"} for number in range(count)]}


def gateways(*states: str) -> list[tuple[str, Any]]:
    """All in one zone, in the subnet s."""
    found = [{"NatGatewayId": f"nat-{n}", "SubnetId": "s", "State": state} for n, state in enumerate(states)]
    subnets = {"Subnets": [{"SubnetId": "s", "AvailabilityZone": "eu-west-1a"}]}
    answers: list[tuple[str, Any]] = [("describe_nat_gateways", {"NatGateways": found})]
    return answers + ([("describe_subnets", subnets)] if {"available", "pending"} & set(states) else [])


def check(
    answers: list[tuple[str, Any]],
    ec2: list[tuple[str, Any]],
    cloudwatch: list[tuple[str, Any]] | None = None,
    cloudfront: list[tuple[str, Any]] | None = None,
    deployed: dict[str, str] | None = None,
    **chosen: str,
) -> dict[str, Finding]:
    """The findings by their subject; the last answer is the global quota's where CloudFront is chosen."""
    wanted = VALUES | chosen
    is_global = wanted["FrontDoor"] == "cloudfront"
    with ExitStack() as stack:
        clients = quotas.Clients(
            quotas=stack.enter_context(answering("service-quotas", *answers[: -1 if is_global else None])),
            global_quotas=stack.enter_context(
                answering("service-quotas", *(answers[-1:] if is_global else []), region="us-east-1")
            ),
            cloudwatch=stack.enter_context(answering("cloudwatch", *(cloudwatch or []))),
            ec2=stack.enter_context(answering("ec2", *ec2)),
            cloudfront=stack.enter_context(answering("cloudfront", *(cloudfront or []))),
        )
        found = list(quotas.check(clients, wanted, deployed))
    return {finding.subject: finding for finding in found}


FARGATE, BUILDS, VPCS, ADDRESSES, GATEWAYS = (
    "Fargate On-Demand vCPU", "Builds at once, ARM/Small", "VPCs", "Elastic IP addresses",
    "NAT gateways in a zone",
)  # fmt: skip
ROOM = [quota(6), quota(1), quota(5), quota(5), quota(5)]


def test_room_enough_is_well() -> None:
    found = check(ROOM, [vpcs(1), addresses(0), *gateways()])
    assert {finding.level for finding in found.values()} == {"ok"}
    assert list(found) == [FARGATE, BUILDS, VPCS, ADDRESSES, GATEWAYS]
    assert "6, of which 4 may be needed" in found[FARGATE].message  # 4 tasks of half a vCPU, twice


@pytest.mark.parametrize(
    ("value", "in_use", "level"),
    [(4, 0, "ok"), (3.9, 0, "warning"), (2, 0, "warning"), (1.9, 0, "wrong"), (6, 2, "ok"), (6, 3, "warning"),
     (6, 4.5, "wrong")],
)  # fmt: skip
def test_fargate_is_measured_by_its_own_metric(value: float, in_use: float, level: str) -> None:
    found = check(
        [quota(value, UsageMetric=METRIC), *ROOM[1:]], [vpcs(1), addresses(0), *gateways()], [used(in_use)]
    )
    assert found[FARGATE].level == level
    assert (level == "ok") == (found[FARGATE].remedy == "")


def test_a_metric_without_a_value_counts_nothing() -> None:
    answers = [quota(6, UsageMetric=METRIC), *ROOM[1:]]
    assert check(answers, [vpcs(1), addresses(0), *gateways()], [used()])[FARGATE].level == "ok"


def test_an_account_without_builds_is_told_the_command() -> None:
    answers = [ROOM[0], quota(0), *ROOM[2:]]
    finding = check(answers, [vpcs(1), addresses(0), *gateways()])[BUILDS]
    assert finding.level == "wrong"
    assert f"--quota-code L-5ED1D25B --desired-value 1 --region {REGION}" in finding.remedy


def test_the_network_is_counted() -> None:
    found = check(
        ROOM, [vpcs(5), addresses(5), *gateways("available", "pending", *["available"] * 3, "deleted")]
    )
    assert [found[each].level for each in (VPCS, ADDRESSES, GATEWAYS)] == ["wrong"] * 3
    assert "5 are in use" in found[GATEWAYS].message
    assert "--desired-value 6" in found[VPCS].remedy


def test_what_the_running_stack_has_is_not_counted_twice() -> None:
    found = check(ROOM, [], deployed=VALUES)
    assert {finding.level for finding in found.values()} == {"ok"}


def test_a_quota_that_was_lowered_since_is_wrong() -> None:
    found = check([quota(1), *ROOM[1:]], [], deployed=VALUES)
    assert found[FARGATE].level == "wrong"


def test_another_way_out_needs_what_it_adds() -> None:
    found = check(ROOM, [addresses(4)], deployed=VALUES, Egress="nat-per-zone")
    assert found[ADDRESSES].level == "ok"
    found = check(ROOM, [addresses(5)], deployed=VALUES, Egress="nat-per-zone")
    assert found[ADDRESSES].level == "wrong"


def test_nothing_is_asked_of_what_is_not_needed() -> None:
    found = check([quota(6), quota(1)], [], Egress="existing")
    assert list(found) == [FARGATE, BUILDS]


def test_spot_has_a_quota_of_its_own() -> None:
    found = check(ROOM, [vpcs(1), addresses(0), *gateways()], SpotPercent="100")
    assert next(iter(found)) == "Fargate Spot vCPU"
    assert FARGATE not in found


@pytest.mark.parametrize(("there", "level"), [(0, "warning"), (1, "ok"), (200, "wrong")])
def test_a_first_distribution_may_need_a_verified_account(there: int, level: str) -> None:
    page = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": there}
    found = check(
        [*ROOM, quota(200)],
        [vpcs(1), addresses(0), *gateways()],
        cloudfront=[("list_distributions", {"DistributionList": page})],
        FrontDoor="cloudfront",
    )
    assert found["CloudFront distributions"].level == level


def test_without_an_applied_quota_aws_s_default_counts() -> None:
    answers = [
        ("get_service_quota", "NoSuchResourceException"),
        ("get_aws_default_service_quota", {"Quota": {"Value": 1.0}}),
        *ROOM[1:],
    ]
    assert check(answers, [vpcs(1), addresses(0), *gateways()])[FARGATE].level == "wrong"
