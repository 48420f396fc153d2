"""What answers were like and how full a task is: lines of CloudWatch's embedded metric format.

CloudWatch Logs makes metrics of such lines by itself, and keeps them as lines that a query can count:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

Every name is paid for once per value of its dimensions, so there are few of both, and why an answer failed is
a field to be counted by a query. No line says who asked, where, or what.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from gradio_app.chat.conversation import FAILED, Answer
from gradio_app.lines import write_line

NAMESPACE = "Asistente"
DEPLOYMENT, MODEL = "Deployment", "Model"
"""Dimensions. A deployment keeps its name when its image, tasks and tables change."""
OF_DEPLOYMENT = {"Failures": "Count", "AnswerSeconds": "Seconds"}
"""Metrics by deployment, with their units. `Failures` is 0 or 1, so that it counts the answers, too."""
OF_TASKS = {"PlacesTaken": "Percent"}
"""The same, told by every task once a minute: how many tasks run follows it (templates/parts/scaling.py)."""
OF_MODEL = {"InputTokens": "Count", "OutputTokens": "Count", "FirstTokenSeconds": "Seconds"}
"""Metrics by deployment and model."""
DIMENSION_CHARACTERS = 1024
"""CloudWatch's limit for the value of a dimension."""


class Metrics:
    """The numbers of one deployment; `stream` is standard output unless given."""

    def __init__(self, deployment: str, stream: TextIO | None = None) -> None:
        self._deployment = deployment
        self._stream = stream

    def answer(self, model_id: str, answer: Answer, seconds: float, first_token: float | None) -> None:
        """Tell of an answer, also of a stopped or failed one; `first_token` in seconds if there was one."""
        values = {
            "Failures": int(answer.status == FAILED),
            "AnswerSeconds": round(seconds, 3),
            **_tokens(answer.input_tokens, answer.output_tokens),
        }
        if first_token is not None:
            values["FirstTokenSeconds"] = round(first_token, 3)
        self._of_model("answer", model_id, values, {"status": answer.status, "reason": answer.reason})

    def summary(self, model_id: str, input_tokens: int, output_tokens: int) -> None:
        """Tell what it took to sum a conversation up."""
        self._of_model("summary", model_id, _tokens(input_tokens, output_tokens))

    def rewording(self, model_id: str, input_tokens: int, output_tokens: int) -> None:
        """Tell what it took to word a question anew."""
        self._of_model("rewording", model_id, _tokens(input_tokens, output_tokens))

    def title(self, model_id: str, input_tokens: int, output_tokens: int) -> None:
        """Tell what it took to give a conversation a title."""
        self._of_model("title", model_id, _tokens(input_tokens, output_tokens))

    def places(self, share: float) -> None:
        """Tell how many of this task's places for answers were taken, from 0 to 2 with a full line."""
        values = {"PlacesTaken": round(100 * share, 1)}
        self._write("places", {}, values, [_directive([DEPLOYMENT], OF_TASKS, values)])

    def _of_model(
        self, kind: str, model_id: str, values: Mapping[str, float], details: Mapping[str, str] | None = None
    ) -> None:
        directives = [
            _directive([DEPLOYMENT], OF_DEPLOYMENT, values),
            _directive([DEPLOYMENT, MODEL], OF_MODEL, values),
        ]
        fields = {MODEL: model_id[:DIMENSION_CHARACTERS], **(details or {})}
        self._write(kind, fields, values, [each for each in directives if each["Metrics"]])

    def _write(
        self,
        kind: str,
        fields: Mapping[str, str],
        values: Mapping[str, float],
        directives: Sequence[Mapping[str, Any]],
    ) -> None:
        told = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": directives}
        line = {"_aws": told, "type": kind, DEPLOYMENT: self._deployment, **fields, **values}
        write_line(line, self._stream)


def _tokens(input_tokens: int, output_tokens: int) -> dict[str, float]:
    return {"InputTokens": input_tokens, "OutputTokens": output_tokens}


def _directive(
    dimensions: list[str], units: Mapping[str, str], values: Mapping[str, float]
) -> dict[str, Any]:
    """Names those of the metrics that the line has a value for."""
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items() if name in values]
    return {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics}
