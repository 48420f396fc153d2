"""CloudWatch's embedded metric format, as its specification has it, for tests to hold lines against.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
Names are as in its JSON schema; the rules about values, which no schema can state, are in `measured`.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

UNITS = (
    "Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|"
    "Gigabits|Terabits|Percent|Count|Bytes/Second|Kilobytes/Second|Megabytes/Second|Gigabytes/Second|"
    "Terabytes/Second|Bits/Second|Kilobits/Second|Megabits/Second|Gigabits/Second|Terabits/Second|"
    "Count/Second|None"
)
"""Of a MetricDatum: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html"""
VALUE_CHARACTERS = 1024
EVENT_BYTES = 16 * 1024
"""What awslogs sends in one piece (Docker's limit of a line); CloudWatch itself takes more."""
EXACT = ConfigDict(extra="forbid", strict=True)
Key = Annotated[str, Field(min_length=1, max_length=250)]


class MetricDefinition(BaseModel):
    model_config = EXACT
    Name: Annotated[str, Field(min_length=1, max_length=1024)]
    Unit: Annotated[str, Field(pattern=f"^({UNITS})$")] = "None"
    StorageResolution: Literal[1, 60] = 60


class MetricDirective(BaseModel):
    model_config = EXACT
    Namespace: Annotated[str, Field(min_length=1, max_length=1024)]
    Dimensions: Annotated[list[Annotated[list[Key], Field(max_length=30)]], Field(min_length=1)]
    Metrics: Annotated[list[MetricDefinition], Field(min_length=1, max_length=100)]


class Metadata(BaseModel):
    model_config = EXACT
    Timestamp: int
    CloudWatchMetrics: list[MetricDirective]


class Root(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)
    aws: Metadata = Field(alias="_aws")


Series = tuple[str, tuple[tuple[str, str], ...], str]
"""Namespace, dimensions with their values, name."""


def measured(line: str) -> dict[Series, float]:
    """The metrics that CloudWatch makes of a line; an AssertionError or ValidationError if it makes none."""
    assert len(line.encode()) <= EVENT_BYTES
    assert "\n" not in line.strip("\n"), "one event is one line"
    root: dict[str, Any] = json.loads(line)
    found: dict[Series, float] = {}
    for directive in Root.model_validate(root).aws.CloudWatchMetrics:
        for keys in directive.Dimensions:
            assert len(set(keys)) == len(keys)
            values = [root[key] for key in keys]
            for value in values:
                assert isinstance(value, str)
                assert 0 < len(value.strip()) == len(value) <= VALUE_CHARACTERS
                assert value.isascii()
            for metric in directive.Metrics:
                number = root[metric.Name]
                assert type(number) in (int, float), "a number; true and false are none"
                series = (directive.Namespace, tuple(zip(keys, values, strict=True)), metric.Name)
                assert series not in found, "counted twice"
                found[series] = number
    return found
