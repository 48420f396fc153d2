"""How many files are on their way at once: counted from the request on, and given back however one ends."""

from collections.abc import MutableMapping
from contextlib import nullcontext
from typing import Any, cast

import anyio
import pytest
from starlette.requests import ClientDisconnect

from gradio_app.conversations import exports
from gradio_app.conversations.exports import OF_A_PERSON, Exports, TooManyExportsError

SCOPE = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exports:
    monkeypatch.setattr(exports, "pieces", lambda *_: iter(["one", "two"]))
    return Exports(cast(Any, None))


def ask(exported: Exports, user_id: str = "ana") -> Any:
    return exported.answer(user_id, "json", [], str)


async def receive() -> dict[str, Any]:
    await anyio.sleep_forever()
    raise AssertionError


def test_requests_that_come_together_do_not_exceed_the_bound(exported: Exports) -> None:
    for _ in range(OF_A_PERSON):
        ask(exported)
    with pytest.raises(TooManyExportsError):
        ask(exported)
    ask(exported, "eva")


@pytest.mark.parametrize("broken_at", [0, 1, 2, None])
def test_a_place_is_given_back_wherever_a_file_ends(exported: Exports, broken_at: int | None) -> None:
    sent: list[str] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if len(sent) == broken_at:
            raise OSError
        sent.append(message["type"])

    for _ in range(OF_A_PERSON + 1):
        sent.clear()
        answer = ask(exported)
        with nullcontext() if broken_at is None else pytest.raises(ClientDisconnect):
            anyio.run(answer, SCOPE, receive, send)
    assert len(sent) == (4 if broken_at is None else broken_at)
