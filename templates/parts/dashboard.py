"""The dashboard of the service: is it well, who uses it, what does it cost. One screen, top to bottom."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

from troposphere import Region, Sub, Template, cloudwatch

from templates.wiring import Value, describe

WIDTH = 24
"""Of a dashboard's grid."""
HEIGHT = 6
MINUTE = 60
HOUR = 3600

APPLICATION = "Asistente"
"""The namespace of what the tasks measure themselves."""

PLACES_TAKEN = "PlacesTaken"
"""What each task tells once a minute, in percent; with what waits in line above 100."""

Widget = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """What the dashboard is about, by the names that metrics give it."""

    deployment: Value
    load_balancer: Value
    cluster: Value
    service: Value
    table: Value
    log_group: Value


def dashboard(t: Template, watched: Watched) -> cloudwatch.Dashboard:
    """Add the dashboard to `t`."""
    questions = {
        "Is it well?": [_health(), _answers()],
        "Who uses it?": [_people()],
        "What does it cost?": [_cost()],
    }
    rows = [row for question, answers in questions.items() for row in ([_title(question)], *answers)]
    body = json.dumps({"widgets": _arranged(rows)})
    values = {field.name: getattr(watched, field.name) for field in fields(watched)}
    return cloudwatch.Dashboard(
        "Dashboard",
        t,
        DashboardBody=Sub(body, region=Region, **values),
        Metadata=describe("Answers on one screen: is it well, who uses it, what does it cost."),
    )


def _health() -> list[Widget]:
    balancer = ["LoadBalancer", "${load_balancer}"]
    tasks = ["ClusterName", "${cluster}", "ServiceName", "${service}"]
    elb = "AWS/ApplicationELB"
    places = [APPLICATION, PLACES_TAKEN, "Deployment", "${deployment}"]
    return [
        _graph(
            "Ready and unready tasks",
            [[{"expression": _in_any_group(f"{state}HostCount")}] for state in ("Healthy", "UnHealthy")],
        ),
        _graph(
            "Errors (5xx): tasks, load balancer",
            [[elb, "HTTPCode_Target_5XX_Count", *balancer], [elb, "HTTPCode_ELB_5XX_Count", *balancer]],
            stat="Sum",
        ),
        _graph(
            "Seconds to the first byte, 95th percentile", [[elb, "TargetResponseTime", *balancer]], stat="p95"
        ),
        _graph(
            "CPU and memory of the tasks, %",
            [["AWS/ECS", "CPUUtilization", *tasks], ["AWS/ECS", "MemoryUtilization", *tasks]],
        ),
        _graph(
            "Places for answers that are taken, %: average and fullest task",
            [[*places, {"stat": stat}] for stat in ("Average", "Maximum")],
        ),
    ]


def _answers() -> list[Widget]:
    here = [APPLICATION, "Failures", "Deployment", "${deployment}"]
    whole = [APPLICATION, "AnswerSeconds", *here[2:]]
    return [
        _graph(
            "Answers, and those that failed",
            [
                [*here, {"stat": "SampleCount", "label": "answers"}],
                [*here, {"stat": "Sum", "label": "failed"}],
            ],
        ),
        _log(
            "Answers that failed, by reason",
            'filter type = "answer" and status = "failed" | stats count(*) as answers by reason, Model '
            "| sort answers desc",
            view="table",
        ),
        _graph(
            "Seconds to the first token: median, 90th percentile",
            [[{"expression": _of_models("FirstTokenSeconds", stat, 5 * MINUTE)}] for stat in ("p50", "p90")],
            period=5 * MINUTE,
        ),
        _graph(
            "Seconds of a whole answer: median, 90th percentile",
            [[*whole, {"stat": stat}] for stat in ("p50", "p90")],
            period=5 * MINUTE,
        ),
    ]


def _people() -> list[Widget]:
    return [
        _log(
            "People who signed in, per day",
            'filter type = "audit" and event = "sign-in" and outcome = "ok"'
            " | stats count_distinct(user_id) as people by bin(1d)",
        ),
        _log(
            "Security events by outcome",
            'filter type = "audit" | stats count(*) as events by event, outcome | sort events desc',
            view="table",
        ),
        _graph(
            "Requests",
            [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", "${load_balancer}"]],
            stat="Sum",
        ),
    ]


def _cost() -> list[Widget]:
    table = ["TableName", "${table}"]
    return [
        _graph(
            "Tokens by model: in, out (of this deployment)",
            [[{"expression": _of_models(f"{way}Tokens", "Sum", HOUR)}] for way in ("Input", "Output")],
            period=HOUR,
        ),
        _graph(
            "Tokens by model: in, out (of the whole account)",
            [[{"expression": _search(f"{way}TokenCount")}] for way in ("Input", "Output")],
            period=HOUR,
        ),
        _graph(
            "DynamoDB request units",
            [
                ["AWS/DynamoDB", "ConsumedReadCapacityUnits", *table],
                ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", *table],
            ],
            stat="Sum",
            period=HOUR,
        ),
        _graph(
            "Bytes through the load balancer",
            [["AWS/ApplicationELB", "ProcessedBytes", "LoadBalancer", "${load_balancer}"]],
            stat="Sum",
            period=HOUR,
        ),
    ]


def _in_any_group(metric: str) -> str:
    """Each target group's series of a metric, however many there are."""
    where = f'{{AWS/ApplicationELB,LoadBalancer,TargetGroup}} MetricName="{metric}"'
    return f"SEARCH('{where} LoadBalancer=\"${{load_balancer}}\"', 'Average', {MINUTE})"


def _of_models(metric: str, stat: str, period: int) -> str:
    """Every model's series of a metric of this deployment's own."""
    wanted = f'MetricName="{metric}" Deployment="${{deployment}}"'
    return f"SEARCH('{{{APPLICATION},Deployment,Model}} {wanted}', '{stat}', {period})"


def _search(metric: str) -> str:
    """Every model's series of a metric, whatever models are used."""
    return f"SEARCH('{{AWS/Bedrock,ModelId}} MetricName=\"{metric}\"', 'Sum', {HOUR})"


def _title(text: str) -> Widget:
    return {"type": "text", "properties": {"markdown": f"## {text}"}}


def _graph(title: str, metrics: list[list[Any]], *, stat: str = "Average", period: int = MINUTE) -> Widget:
    properties = {"title": title, "metrics": metrics, "stat": stat, "period": period}
    return {"type": "metric", "properties": {**properties, "region": "${region}", "view": "timeSeries"}}


def _log(title: str, query: str, *, view: str = "timeSeries") -> Widget:
    properties = {"title": title, "query": f"SOURCE '${{log_group}}' | {query}"}
    return {"type": "log", "properties": {**properties, "region": "${region}", "view": view}}


def _arranged(rows: list[list[Widget]]) -> list[Widget]:
    """The rows from top to bottom, the widgets of a row side by side over its width."""
    arranged, y = [], 0
    for row in rows:
        width = WIDTH // len(row)
        height = 1 if row[0]["type"] == "text" else HEIGHT
        arranged += [
            {**widget, "x": at * width, "y": y, "width": width, "height": height}
            for at, widget in enumerate(row)
        ]
        y += height
    return arranged
