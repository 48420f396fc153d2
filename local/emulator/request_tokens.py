"""CloudFormation's request tokens: who repeats a request because the answer was lost gets the answer.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
"""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import handlers

Response = tuple[int, dict[str, str], bytes]
Operation = Callable[[dict[str, Any]], Response]

TOKENS = {
    "CreateChangeSet": "ClientToken",
    "ExecuteChangeSet": "ClientRequestToken",
    "UpdateStack": "ClientRequestToken",
    "ContinueUpdateRollback": "ClientRequestToken",
}
REMEMBERED = 100
"""Answers of each operation; who repeats a request does so within minutes."""


def install() -> None:
    table: dict[str, Any] = handlers._ACTION_HANDLERS
    for action, name in TOKENS.items():
        table[action] = _once(table[action], name)


def _once(original: Operation, name: str) -> Operation:
    answers: dict[str, Response] = {}

    def answer(parameters: dict[str, Any]) -> Response:
        token = handlers._p(parameters, name)
        if token in answers:
            return answers[token]
        response = original(parameters)
        if token and response[0] == 200:
            answers[token] = response
            if len(answers) > REMEMBERED:
                del answers[next(iter(answers))]
        return response

    return answer
