"""Alerts and monitoring: somebody is told, of everything that matters, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from deployer.offline.cost import METRICS, METRICS_OF_A_MODEL, METRICS_OF_TASKS
from gradio_app.chat import metrics
from tests.emulator_fixture import RunningEmulator
from tests.templates import stacks
from tests.templates.rendition import rendition
from tests.templates.stacks import Json

ALARM = "AWS::CloudWatch::Alarm"


def alarms() -> dict[str, Json]:
    found = {}
    for name in ("service", "monitoring"):
        found |= {title: a["Properties"] for title, a in stacks.of_type(stacks.stack(name), ALARM).items()}
    return found


def test_every_alarm_tells_the_topic_why_and_when_it_is_over() -> None:
    for title, alarm in alarms().items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "TopicArn"}], title
        # What people notice, and what to do.
        assert alarm["AlarmDescription"].count(".") >= 2 or ":" in alarm["AlarmDescription"], title


def test_an_idle_or_sleeping_service_is_well() -> None:
    assert {alarm["TreatMissingData"] for alarm in alarms().values()} == {"notBreaching"}


def test_what_matters_is_watched() -> None:
    assert {alarm["MetricName"] for alarm in alarms().values()} == {
        "CPUUtilization", "Failures", "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count",
        "InvocationThrottles", "MemoryUtilization", "ReadThrottleEvents", "TargetResponseTime",
        "UnHealthyHostCount", "WriteThrottleEvents",
    }  # fmt: skip


@pytest.mark.parametrize(("alternative", "watched"), [("", {"m.one"}), ("m.two", {"m.one", "m.two"})])
def test_each_model_is_watched(alternative: str, watched: set[str]) -> None:
    template = rendition(stacks.stack("monitoring"), ModelId="m.one", AlternativeModelId=alternative)
    dimensions = [
        alarm["Properties"]["Dimensions"][0]["Value"]
        for alarm in stacks.of_type(template, ALARM).values()
        if alarm["Properties"]["MetricName"] == "InvocationThrottles"
    ]
    assert set(dimensions) == watched
    assert len(dimensions) == len(watched)


@pytest.mark.parametrize(("second", "watched"), [("", ["g/1"]), ("g/2", ["g/1", "g/2"])])
def test_tasks_are_watched_in_each_target_group(second: str, watched: list[str]) -> None:
    template = rendition(
        stacks.stack("monitoring"), TargetGroupFullName="g/1", SecondTargetGroupFullName=second
    )
    groups = [
        dimension["Value"]
        for alarm in stacks.of_type(template, ALARM).values()
        for dimension in alarm["Properties"]["Dimensions"]
        if dimension["Name"] == "TargetGroup"
    ]
    assert sorted(groups) == watched


def test_failed_builds_and_deployments_are_told_in_words() -> None:
    rules = stacks.of_type(rendition(stacks.stack("monitoring"), GuardedBucketName=""), "AWS::Events::Rule")
    assert {rule["Properties"]["EventPattern"]["source"][0] for rule in rules.values()} == {
        "aws.codepipeline",
        "aws.ecs",
    }
    for rule in rules.values():
        (target,) = rule["Properties"]["Targets"]
        assert target["Arn"] == {"Ref": "TopicArn"}
        transformer = target["InputTransformer"]
        text = json.loads(transformer["InputTemplate"])
        assert all(f"<{name}>" in text for name in transformer["InputPathsMap"])


@pytest.mark.slow
def test_a_deleted_access_log_is_told_in_words(emulator: RunningEmulator) -> None:
    bucket, key = "guarded-access-logs", "AWSLogs/123456789012/one.log.gz"
    rule = stacks.properties(
        rendition(stacks.stack("monitoring"), GuardedBucketName=bucket), "DeletedAccessLog"
    )
    logs = rendition(stacks.stack("edge"), FrontDoor="cloudfront", ProtectFrontDoor="yes")
    told = stacks.properties(logs, "AccessLogs")["NotificationConfiguration"]["EventBridgeConfiguration"]
    assert told == {"EventBridgeEnabled": True}
    # EventBridge tells a queue what it would tell the topic.
    sqs, events, s3 = (emulator.client(service) for service in ("sqs", "events", "s3"))
    queue = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(Name=bucket, EventPattern=json.dumps(rule["EventPattern"]))
    (target,) = rule["Targets"]
    events.put_targets(Rule=bucket, Targets=[{**target, "Arn": attributes["QueueArn"]}])
    for name in ("another", bucket):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        s3.put_object(Bucket=name, Key=key, Body=b"GET /")
        s3.delete_object(Bucket=name, Key=key)
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    assert f"deleted an access log of the load balancer: {key}, from address " in message["Body"]
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_those_who_tell_the_topic_may() -> None:
    policy = stacks.properties(stacks.stack("alerts"), "TopicPolicy")["PolicyDocument"]
    allowed = {s["Principal"]["Service"] for s in policy["Statement"] if s["Effect"] == "Allow"}
    assert allowed == {f"{service}.amazonaws.com" for service in ("budgets", "cloudwatch", "events")}


@pytest.mark.parametrize(
    ("choices", "title", "exists"),
    [
        ({"AlarmEmail": ""}, "EmailSubscription", False),
        ({"AlarmEmail": "ops@example.com"}, "EmailSubscription", True),
        ({"MonthlyBudget": "0"}, "Budget", False),
        ({"MonthlyBudget": "50"}, "Budget", True),
    ],
)
def test_mail_and_budget_exist_when_asked_for(choices: dict[str, str], title: str, exists: bool) -> None:
    given = {"AlarmEmail": "", "MonthlyBudget": "0"} | choices
    assert (title in rendition(stacks.stack("alerts"), **given)["Resources"]) == exists


def widgets() -> list[Json]:
    (body, _) = stacks.properties(stacks.stack("monitoring"), "Dashboard")["DashboardBody"]["Fn::Sub"]
    return json.loads(body)["widgets"]


def shown() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Namespace, dimensions and name of each metric on the dashboard."""
    search = re.compile(r"SEARCH\('\{([\w/]+),([\w,]+)\} MetricName=\"(\w+)\"")
    for widget in widgets():
        for first, *rest in widget["properties"].get("metrics", ()):
            if isinstance(first, dict):
                found = search.match(first["expression"])
                assert found, first
                yield found[1], tuple(found[2].split(",")), found[3]
            else:
                name, *dimensions = [part for part in rest if isinstance(part, str)]
                yield first, tuple(dimensions[::2]), name


def test_the_dashboard_shows_what_the_application_measures() -> None:
    own = {(dimensions, name) for namespace, dimensions, name in shown() if namespace == metrics.NAMESPACE}
    assert own == {
        *(((metrics.DEPLOYMENT,), name) for name in [*metrics.OF_DEPLOYMENT, *metrics.OF_TASKS]),
        *(((metrics.DEPLOYMENT, metrics.MODEL), name) for name in metrics.OF_MODEL),
    }


def test_the_alarm_watches_a_metric_of_the_application() -> None:
    own = [alarm for alarm in alarms().values() if alarm["Namespace"] == metrics.NAMESPACE]
    assert {alarm["MetricName"] for alarm in own} <= set(metrics.OF_DEPLOYMENT)
    for alarm in own:
        assert alarm["Dimensions"] == [{"Name": metrics.DEPLOYMENT, "Value": {"Ref": "Deployment"}}]


def test_the_estimate_counts_what_the_application_measures() -> None:
    told = (metrics.OF_TASKS, metrics.OF_DEPLOYMENT, metrics.OF_MODEL)
    assert tuple(map(len, told)) == (METRICS_OF_TASKS, METRICS, METRICS_OF_A_MODEL)


def test_the_tasks_measure_under_the_name_that_is_watched() -> None:
    root = stacks.stack("root")
    given = {
        child: stacks.properties(root, child)["Parameters"]["Deployment"]
        for child in ("Service", "Monitoring")
    }
    assert given["Service"] == given["Monitoring"] == {"Ref": "AWS::StackName"}


def test_the_dashboard_is_one_screen_wide_and_has_no_overlap() -> None:
    cells = [
        (x, y)
        for w in widgets()
        for x in range(w["x"], w["x"] + w["width"])
        for y in range(w["y"], w["y"] + w["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
