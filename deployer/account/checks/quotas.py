"""Whether the account's quotas leave room for what the parameters ask for, beside what is in use already.

The codes are those of Service Quotas (`aws service-quotas list-service-quotas --service-code vpc`). What is
in use of the network is counted; what is used of Fargate is in the metric that its quota names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from botocore.exceptions import ClientError

from deployer.account.checks.findings import Finding, ok, warning, wrong
from deployer.errors import error_code

NAME = "quotas"
GLOBAL_REGION = "us-east-1"
"""Where Service Quotas keeps those of global services."""
VERSIONS = 2
"""With every strategy, up to two versions of all tasks run while a deployment goes on."""
CPU_UNITS = 1024
GATEWAYS = {"nat": 1, "nat-per-zone": 2}
"""By Egress, NAT gateways, each with an address."""
IN_USE = {"pending", "available"}
"""States of a NAT gateway that count."""

Values = Mapping[str, str]


@dataclass(frozen=True)
class Clients:
    """What is asked: the Region's services, and Service Quotas and CloudFront where global quotas are."""

    quotas: Any
    global_quotas: Any
    cloudwatch: Any
    ec2: Any
    cloudfront: Any


@dataclass(frozen=True)
class _Quota:
    """One quota: its name for people and its codes, how much the parameters need, and what counts it."""

    title: str
    service: str
    code: str
    need: Callable[[Values], float]
    used: Callable[[Clients, Mapping[str, Any]], float | None]
    least: Callable[[Values], float] | None = None
    """What must be there for a deployment to begin, where that is less than what may be needed."""
    is_global: bool = False


def check(clients: Clients, wanted: Values, deployed: Values | None) -> Iterator[Finding]:
    """Yield a finding for each quota that these parameters need something of.

    Args:
        clients: what is asked.
        wanted: the template's parameters.
        deployed: those of the running stack, whose share is in use already; None without one.
    """
    for quota in _QUOTAS:
        if need := quota.need(wanted):
            yield _compared(clients, quota, need, wanted, deployed)


def _compared(
    clients: Clients, quota: _Quota, need: float, wanted: Values, deployed: Values | None
) -> Finding:
    entry = _entry(clients, quota)
    value = entry["Value"]
    more = need - (quota.need(deployed) if deployed else 0)
    used = quota.used(clients, entry) if more > 0 else None
    least = quota.least(wanted) if quota.least else need
    numbers = f"{value:g}, of which {need:g} may be needed"
    if used:
        numbers += f" and {used:g} are in use"
    remedy = (
        f"`aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code "
        f"{quota.code} --desired-value {ceil(need + (used or 0))} --region {_region(clients, quota)}`; "
        "it takes minutes to days."
    )
    if value < least or (more > 0 and value < (used or 0) + min(least, more)):
        return wrong(NAME, quota.title, f"The quota is {numbers}.", remedy)
    if value < need or (more > 0 and value < (used or 0) + more):
        return warning(NAME, quota.title, f"The quota is {numbers}: enough to begin with.", remedy)
    if quota.is_global and not used and deployed is None:
        return warning(
            NAME,
            quota.title,
            "The account has none yet. AWS verifies a new account before it may have one, and whether it has "
            "cannot be asked.",
            "Should the deployment end with *Your account must be verified*: ask AWS Support.",
        )
    return ok(NAME, quota.title, f"The quota is {numbers}.")


def _region(clients: Clients, quota: _Quota) -> str:
    return GLOBAL_REGION if quota.is_global else clients.quotas.meta.region_name


def _entry(clients: Clients, quota: _Quota) -> Mapping[str, Any]:
    """The quota as the account has it; AWS's default where nothing is applied."""
    service_quotas = clients.global_quotas if quota.is_global else clients.quotas
    codes = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        return service_quotas.get_service_quota(**codes)["Quota"]
    except ClientError as error:
        if error_code(error) != "NoSuchResourceException":
            raise
        return service_quotas.get_aws_default_service_quota(**codes)["Quota"]


# --- what is needed ---


def _vcpu(share: Callable[[int], float], count: str) -> Callable[[Values], float]:
    def need(values: Values) -> float:
        tasks = VERSIONS * int(values[count]) * share(int(values["SpotPercent"]))
        return ceil(tasks) * int(values["TaskCpu"]) / CPU_UNITS

    return need


def _on_demand(spot_percent: int) -> float:
    return (100 - spot_percent) / 100


def _spot(spot_percent: int) -> float:
    return spot_percent / 100


def _gateways(values: Values) -> int:
    return GATEWAYS.get(values["Egress"], 0)


# --- what is in use ---


def _metric(clients: Clients, entry: Mapping[str, Any]) -> float | None:
    """The last value of the metric that the quota names; None where it has none."""
    metric = entry.get("UsageMetric")
    if not metric:
        return None
    dimensions = [{"Name": key, "Value": value} for key, value in metric["MetricDimensions"].items()]
    now = datetime.now(UTC)
    query = {
        "Id": "used",
        "MetricStat": {
            "Metric": {
                "Namespace": metric["MetricNamespace"],
                "MetricName": metric["MetricName"],
                "Dimensions": dimensions,
            },
            "Period": 300,
            "Stat": metric.get("MetricStatisticRecommendation", "Maximum"),
        },
    }
    answer = clients.cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime=now - timedelta(hours=1), EndTime=now
    )
    values = answer["MetricDataResults"][0]["Values"]
    return values[0] if values else None


def _vpcs(clients: Clients, _: Mapping[str, Any]) -> float:
    return _count(clients.ec2, "describe_vpcs", "Vpcs")


def _addresses(clients: Clients, _: Mapping[str, Any]) -> float:
    return len(clients.ec2.describe_addresses()["Addresses"])


def _most_gateways_in_a_zone(clients: Clients, _: Mapping[str, Any]) -> float:
    """NAT gateways of the zone that has most: which zones the deployment gets is chosen elsewhere."""
    pages = clients.ec2.get_paginator("describe_nat_gateways").paginate()
    gateways = [each for page in pages for each in page["NatGateways"] if each["State"] in IN_USE]
    if not gateways:
        return 0
    subnets = clients.ec2.get_paginator("describe_subnets").paginate()
    zones = {each["SubnetId"]: each["AvailabilityZone"] for page in subnets for each in page["Subnets"]}
    by_zone: dict[str, int] = {}
    for gateway in gateways:
        zone = zones.get(gateway.get("SubnetId", ""), "")
        by_zone[zone] = by_zone.get(zone, 0) + 1
    return max(by_zone.values())


def _count(client: Any, operation: str, key: str) -> int:
    return sum(len(page[key]) for page in client.get_paginator(operation).paginate())


def _distributions(clients: Clients, _: Mapping[str, Any]) -> float:
    pages = clients.cloudfront.get_paginator("list_distributions").paginate()
    return sum(page["DistributionList"]["Quantity"] for page in pages)


def _nothing(_: Clients, __: Mapping[str, Any]) -> None:
    """What is in use of it comes and goes."""


_QUOTAS = (
    _Quota(
        "Fargate On-Demand vCPU",
        "fargate",
        "L-3032A538",
        _vcpu(_on_demand, "MaxTaskCount"),
        _metric,
        _vcpu(_on_demand, "TaskCount"),
    ),
    _Quota(
        "Fargate Spot vCPU",
        "fargate",
        "L-36FBB829",
        _vcpu(_spot, "MaxTaskCount"),
        _metric,
        _vcpu(_spot, "TaskCount"),
    ),
    _Quota("Builds at once, ARM/Small", "codebuild", "L-5ED1D25B", lambda _: 1, _nothing),
    _Quota("VPCs", "vpc", "L-F678F1CE", lambda values: int(values["Egress"] != "existing"), _vpcs),
    _Quota("Elastic IP addresses", "ec2", "L-0263D0A3", _gateways, _addresses),
    _Quota(
        "NAT gateways in a zone",
        "vpc",
        "L-FE5A380F",
        lambda values: min(1, _gateways(values)),
        _most_gateways_in_a_zone,
    ),
    _Quota(
        "CloudFront distributions",
        "cloudfront",
        "L-24B04930",
        lambda values: int(values["FrontDoor"] == "cloudfront"),
        _distributions,
        is_global=True,
    ),
)
