"""How a deployment is doing: each part from AWS, and a line where AWS does not tell.

The emulator knows neither service deployments nor Cost Explorer: those answer here as their references say.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html
"""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from deployer.account import condition
from deployer.cloudformation.inventory import Resource
from deployer.commands import status
from deployer.commands.status import show_outputs
from gradio_app.chat import metrics
from tests.deployer import calls
from tests.deployer.running import DEPLOY_SH, run
from tests.deployer.tiny import Tiny
from tests.emulator_fixture import RunningEmulator

NOW = datetime(2026, 3, 15, 17, 30, tzinfo=timezone(timedelta(hours=1), "CET"))


@pytest.mark.parametrize(("url", "warned"), [("http://a.example", True), ("https://a.example", False)])
def test_plain_http_carries_its_warning(url: str, warned: bool) -> None:
    page = io.StringIO()
    show_outputs({"ServiceUrl": url, "TableName": "t"}, Console(file=page, width=200))
    assert f"ServiceUrl  {url}" in page.getvalue()
    assert ("WITHOUT ENCRYPTION" in page.getvalue()) == warned


@pytest.mark.slow
def test_a_stack_that_is_not_there_is_a_mistake_as_for_every_other_command(tiny: Tiny) -> None:
    ended = run(DEPLOY_SH, "status", "--stack", tiny.stack)
    assert ended.is_one_sentence, ended
    assert f"There is no stack {tiny.stack} in account" in ended.said


@pytest.mark.slow
def test_the_parts_of_a_deployment(tiny: Tiny) -> None:
    tiny.deploy()
    tiny.printed()
    status.run(tiny.options(), tiny.console)
    printed = tiny.printed()
    assert f"{tiny.stack} in account" in printed
    assert "CREATE_COMPLETE since" in printed
    assert "Stacks: 1 nested ones are well: Store" in printed
    assert "Alarms: 0 on, 0 quiet, 0 without data, of 0" in printed
    assert "0 answers since midnight" in printed
    assert "Cost" not in printed


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["ListStackResources", "GetMetricData"])
@pytest.mark.parametrize("code", ["AccessDenied", "Throttling", "ExpiredToken"])
def test_a_part_that_fails_is_a_line_and_the_others_are_told(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, operation: str, code: str
) -> None:
    tiny.deploy()
    tiny.printed()
    calls.refused(monkeypatch, operation, code)
    status.run(tiny.options(), tiny.console)
    printed = tiny.printed()
    failed = "Today: " if operation == "GetMetricData" else "Stacks: "
    whole = "Stacks: 1 nested" if operation == "GetMetricData" else "Today: 0 answers"
    words = {"AccessDenied": "Access denied to", "Throttling": "slow down", "ExpiredToken": "have expired"}
    assert f"{failed}{'' if code != 'AccessDenied' else 'Access denied'}" in printed
    assert words[code] in printed
    assert whole in printed


def test_answers_and_failures_of_today(emulator: RunningEmulator) -> None:
    """The names are the application's; yesterday's and another deployment's do not count."""
    assert (condition.NAMESPACE, condition.DEPLOYMENT) == (metrics.NAMESPACE, metrics.DEPLOYMENT)
    assert condition.FAILURES in metrics.OF_DEPLOYMENT
    cloudwatch = emulator.client("cloudwatch")
    now = datetime.now(UTC).astimezone()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for deployment, when, values in (
        ("mine", midnight, [0, 1, 0]),
        ("mine", now, [1, 0]),
        ("mine", midnight - timedelta(hours=2), [1, 1, 1, 1]),
        ("other", now, [1]),
    ):
        for value in values:
            datum = {
                "MetricName": condition.FAILURES,
                "Dimensions": [{"Name": condition.DEPLOYMENT, "Value": deployment}],
                "Timestamp": when,
                "Value": value,
            }
            cloudwatch.put_metric_data(Namespace=condition.NAMESPACE, MetricData=[datum])
    [line] = condition.today(cloudwatch, "mine", now)
    assert line.startswith("5 answers since midnight (")
    assert line.endswith("), 2 of them failed")


def test_an_alarm_that_is_on_is_told_with_its_reason(emulator: RunningEmulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    names = ["st-Loud", "st-Quiet", "st-Unknown", "st-Elsewhere"]
    for name in names:
        cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace="n", MetricName="m", Period=60, EvaluationPeriods=1, Threshold=1,
            ComparisonOperator="GreaterThanThreshold", Statistic="Sum",
        )  # fmt: skip
    for name, state in (("st-Loud", "ALARM"), ("st-Quiet", "OK"), ("st-Elsewhere", "ALARM")):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=f"{name} says so")
    resources = [Resource(f"M/{name}", condition.ALARM, name, False) for name in names[:3]]
    first, last = condition.alarms(cloudwatch, resources)
    assert first.startswith("ALARM since 20")
    assert first.endswith("st-Loud: st-Loud says so")
    assert last == "1 on, 1 quiet, 1 without data, of 3"


def stubbed(service: str) -> tuple[Any, Stubber]:
    client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    stub = Stubber(client)
    stub.activate()
    return client, stub


def test_tasks_and_the_last_deployments_of_the_service() -> None:
    ecs, stub = stubbed("ecs")
    stub.add_response(
        "describe_services",
        {
            "services": [
                {
                    "runningCount": 1,
                    "desiredCount": 2,
                    "pendingCount": 1,
                    "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/chat:7",
                }
            ]
        },
        {"cluster": "c", "services": ["s"]},
    )
    stub.add_response("describe_services", {"services": []})
    assert list(condition.tasks(ecs, "c", "s", "abc")) == ["1 of 2 run, 1 starting; version abc, chat:7"]
    assert list(condition.tasks(ecs, "c", "s", "abc")) == ["there is no service s"]
    begun = NOW - timedelta(hours=1)
    stub.add_response(
        "list_service_deployments",
        {
            "serviceDeployments": [
                {"status": "IN_PROGRESS", "createdAt": NOW},
                {
                    "status": "ROLLBACK_SUCCESSFUL",
                    "statusReason": "alarm",
                    "createdAt": begun,
                    "startedAt": begun,
                    "finishedAt": begun + timedelta(minutes=12),
                },
            ]
        },
        {"cluster": "c", "service": "s", "maxResults": condition.DEPLOYMENTS_SHOWN},
    )
    running, back = condition.deployments(ecs, "c", "s")
    assert running.endswith("  IN_PROGRESS")
    assert back.endswith("  ROLLBACK_SUCCESSFUL, 12 min: alarm")


def billed(*groups: tuple[str, str], **more: Any) -> dict[str, Any]:
    found = [
        {"Keys": [service], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for service, amount in groups
    ]
    return {"ResultsByTime": [{"Groups": found}]} | more


def test_the_cost_of_the_month_by_service() -> None:
    explorer, stub = stubbed("ce")
    asked = {
        "TimePeriod": {"Start": "2026-03-01", "End": "2026-03-16"},
        "Granularity": "MONTHLY",
        "Metrics": ["UnblendedCost"],
        "Filter": {"Tags": {"Key": "Project", "Values": ["mine"]}},
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
    }
    stub.add_response("get_cost_and_usage", billed(("ECS", "1.5"), NextPageToken="more"), asked)
    stub.add_response(
        "get_cost_and_usage", billed(("VPC", "20.25"), ("S3", "0.0001")), asked | {"NextPageToken": "more"}
    )
    lines = list(condition.cost(explorer, "mine", NOW))
    assert lines == [
        "21.75 USD since 2026-03-01, of what has the tag Project",
        "     20.25 USD  VPC",
        "      1.50 USD  ECS",
    ]


def test_a_tag_that_nobody_activated_is_said_to_be() -> None:
    explorer, stub = stubbed("ce")
    stub.add_response("get_cost_and_usage", billed())
    [line] = condition.cost(explorer, "mine", NOW)
    assert "activate it under Billing, Cost allocation tags" in line
