"""How a deployment is doing, each part by a question of its own to AWS, told in lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deployer.account.tagged import TAG
from deployer.cloudformation.inventory import Resource

ALARM = "AWS::CloudWatch::Alarm"
ALARMS_AT_ONCE = 100
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
DEPLOYMENTS_SHOWN = 5
NAMESPACE, DEPLOYMENT, FAILURES = "Asistente", "Deployment", "Failures"
"""What the tasks measure (gradio_app/chat/metrics.py); a test compares."""
HOUR_SECONDS = 3600
SMALLEST_USD = 0.005


def tasks(ecs: Any, cluster: str, service: str, version: str) -> Iterator[str]:
    """Yield how many tasks run, of how many, and what version."""
    found = ecs.describe_services(cluster=cluster, services=[service])["services"]
    if not found:
        yield f"there is no service {service}"
        return
    counts = found[0]
    waiting = f", {counts['pendingCount']} starting" if counts.get("pendingCount") else ""
    definition = counts.get("taskDefinition", "").rpartition("/")[2]
    running = f"{counts['runningCount']} of {counts['desiredCount']} run{waiting}"
    yield f"{running}; version {version}, {definition}"


def deployments(ecs: Any, cluster: str, service: str) -> Iterator[str]:
    """Yield the service's last deployments, the newest first."""
    pages = ecs.list_service_deployments(cluster=cluster, service=service, maxResults=DEPLOYMENTS_SHOWN)
    for each in pages["serviceDeployments"][:DEPLOYMENTS_SHOWN]:
        begun = each.get("startedAt") or each["createdAt"]
        ended = each.get("finishedAt")
        how_long = f", {_minutes(ended - begun)}" if ended else ""
        reason = f": {each['statusReason']}" if each.get("statusReason") else ""
        yield f"{_local(begun)}  {each['status']}{how_long}{reason}"


def alarms(cloudwatch: Any, resources: Iterable[Resource]) -> Iterator[str]:
    """Yield each alarm that is on, with its reason, or that none is."""
    names = [each.physical_id for each in resources if each.kind == ALARM]
    states: dict[str, list[dict[str, Any]]] = {}
    for first in range(0, len(names), ALARMS_AT_ONCE):
        some = names[first : first + ALARMS_AT_ONCE]
        pages = cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNames=some, AlarmTypes=["MetricAlarm"]
        )
        for alarm in (alarm for page in pages for alarm in page["MetricAlarms"]):
            states.setdefault(alarm["StateValue"], []).append(alarm)
    on = states.get("ALARM", [])
    for alarm in on:
        since = alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]
        yield f"ALARM since {_local(since)}: {alarm['AlarmName']}: {alarm.get('StateReason', '')}".rstrip(
            ": "
        )
    quiet, unknown = len(states.get("OK", [])), len(states.get("INSUFFICIENT_DATA", []))
    yield f"{len(on)} on, {quiet} quiet, {unknown} without data, of {len(names)}"


def today(cloudwatch: Any, deployment: str, now: datetime) -> Iterator[str]:
    """Yield the answers since midnight of `now`'s time zone, and how many failed."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    metric = {
        "Namespace": NAMESPACE,
        "MetricName": FAILURES,
        "Dimensions": [{"Name": DEPLOYMENT, "Value": deployment}],
    }
    # Of a metric that is 0 or 1 for each answer, the sample count is the number of answers.
    wanted = {"answers": "SampleCount", "failures": "Sum"}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        StartTime=midnight.astimezone(UTC),
        EndTime=now.astimezone(UTC) + timedelta(minutes=1),
        MetricDataQueries=[
            {"Id": name, "MetricStat": {"Metric": metric, "Period": HOUR_SECONDS, "Stat": statistic}}
            for name, statistic in wanted.items()
        ],
    )
    sums = dict.fromkeys(wanted, 0.0)
    for result in (result for page in pages for result in page["MetricDataResults"]):
        sums[result["Id"]] += sum(result["Values"])
    yield f"{sums['answers']:.0f} answers since midnight ({now:%Z}), {sums['failures']:.0f} of them failed"


def cost(explorer: Any, deployment: str, now: datetime) -> Iterator[str]:
    """Yield what this month has cost so far by service. The request itself costs 0.01 USD a page."""
    first, tomorrow = now.date().replace(day=1), now.date() + timedelta(days=1)
    request = {
        "TimePeriod": {"Start": first.isoformat(), "End": tomorrow.isoformat()},
        "Granularity": "MONTHLY",
        "Metrics": ["UnblendedCost"],
        "Filter": {"Tags": {"Key": TAG, "Values": [deployment]}},
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
    }
    by_service: dict[str, float] = {}
    unit = "USD"
    while True:
        answer = explorer.get_cost_and_usage(**request)
        for group in (group for period in answer["ResultsByTime"] for group in period["Groups"]):
            amount = group["Metrics"]["UnblendedCost"]
            unit = amount["Unit"]
            by_service[group["Keys"][0]] = by_service.get(group["Keys"][0], 0) + float(amount["Amount"])
        if not (token := answer.get("NextPageToken")):
            break
        request["NextPageToken"] = token
    yield from _bill(by_service, unit, f"since {first.isoformat()}")


def _bill(by_service: dict[str, float], unit: str, since: str) -> Sequence[str]:
    if not by_service:
        return [
            f"nothing is known by the tag {TAG}: activate it under Billing, Cost allocation tags (in an "
            "organization, in the management account); from a day later on it counts"
        ]
    lines = [
        f"{amount:10.2f} {unit}  {service}"
        for service, amount in sorted(by_service.items(), key=lambda each: -each[1])
        if amount >= SMALLEST_USD
    ]
    return [f"{sum(by_service.values()):.2f} {unit} {since}, of what has the tag {TAG}", *lines]


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _minutes(length: timedelta) -> str:
    return f"{length.total_seconds() / 60:.0f} min"
