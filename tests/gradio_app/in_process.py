"""The emulator's DynamoDB without a network, for thousands of calls that can go wrong on their way."""

import importlib
import json
import site
import threading
from collections.abc import Iterable
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError, ReadTimeoutError

from local.emulator import PYTHON
from tests.gradio_app.tables import create_table

# MiniStack's packages come after those of the tests: only what the tests themselves lack is taken from there.
site.addsitedir(str(next(PYTHON.parents[1].glob("lib/python*/site-packages"))))
dynamodb: Any = importlib.import_module("ministack.services.dynamodb")

LOST, UNHEARD, TWICE, BUSY = "lost", "unheard", "twice", "busy"
"""What can happen to a call: it does not arrive, its answer does not, it arrives twice, it is turned down."""


class InProcess:
    """A low-level client; `next_fault` befalls the next call."""

    def __init__(self, table: str) -> None:
        self.table_name = table
        self._lock = threading.Lock()
        self.next_fault = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.items_read = 0
        create_table(self, table)

    def load(self, items: Iterable[dict[str, Any]]) -> None:
        """Lay items into the table past its operations, which take their time for thousands."""
        serialize = TypeSerializer().serialize
        for item in items:
            wire = {name: serialize(value) for name, value in item.items()}
            dynamodb._tables[self.table_name]["items"][item["pk"]][item["sk"]] = wire

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> dict[str, Any]:
            fault, self.next_fault = self.next_fault, ""
            if fault == LOST:
                raise ReadTimeoutError(endpoint_url="in process")
            if fault == BUSY:
                raise ClientError({"Error": {"Code": "ThrottlingException"}}, operation)
            answer = self._answer(operation, arguments)
            if fault == TWICE:
                answer = self._answer(operation, arguments)
            if fault == UNHEARD:
                raise ReadTimeoutError(endpoint_url="in process")
            return answer

        return call

    def _answer(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, arguments))
        handler = getattr(dynamodb, f"_{operation}")
        with self._lock:  # a server's one thread keeps transactions apart
            status, _, body = handler(json.loads(json.dumps(arguments)))
        answer = json.loads(body)
        if status < 400:
            self.items_read += len(answer.get("Items", ())) + ("Item" in answer)
            return answer
        code = answer["__type"].rpartition("#")[2]
        raise ClientError(
            {**answer, "Error": {"Code": code, "Message": answer.get("message", "")}}, operation
        )
