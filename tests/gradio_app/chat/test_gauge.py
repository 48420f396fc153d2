"""How full a task is, told once a minute for the number of tasks to follow."""

import io
import json

import pytest

from gradio_app.chat import gauge
from gradio_app.chat.asking import TurnRequest
from gradio_app.chat.conversation import new_id
from gradio_app.chat.gauge import LOOK_SECONDS, LOOKS, Gauge
from gradio_app.chat.metrics import OF_TASKS, Metrics
from gradio_app.chat.model import Choice
from gradio_app.chat.running import Running
from tests.gradio_app.chatting import until
from tests.gradio_app.emf import measured

SERIES = ("Asistente", (("Deployment", "shop"),), "PlacesTaken")


def minute(each: Gauge) -> None:
    for _ in range(LOOKS):
        each.look()


def test_a_quiet_task_tells_of_none_once_a_minute() -> None:
    said = io.StringIO()
    quiet = Gauge(Running(places=4), Metrics("shop", said))
    minute(quiet)
    minute(quiet)
    first, second = said.getvalue().splitlines()
    assert measured(first) == measured(second) == {SERIES: 0}
    assert json.loads(first)["type"] == "places"
    assert LOOKS * LOOK_SECONDS == 60


def test_it_tells_the_mean_of_those_written_and_those_in_line() -> None:
    said, running = io.StringIO(), Running(places=2)
    told = Gauge(running, Metrics("shop", said))
    for _ in range(LOOKS // 2):
        told.look()
    for name in ("ana", "bo", "cy"):
        running.admit(TurnRequest(name, new_id(), 0, "?", Choice("a.model", 0.3, 100)), limit=1)
    for _ in range(LOOKS // 2):
        told.look()
    assert measured(said.getvalue()) == {SERIES: 75.0}, "half a minute none, half a minute three for two"
    assert set(OF_TASKS) == {SERIES[2]}


def test_it_goes_on_after_a_minute_that_could_not_be_told_and_stops_in_its_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gauge, "LOOK_SECONDS", 0.001)
    told: list[float] = []

    class Broken(Metrics):
        def places(self, share: float) -> None:
            told.append(share)
            if len(told) == 1:
                raise BrokenPipeError
            monkeypatch.setattr(gauge, "LOOK_SECONDS", 3600.0)

    runs = Gauge(Running(places=4), Broken("shop"))
    runs.start()
    until(lambda: len(told) == 2)
    runs.stop()
    assert not runs._thread.is_alive()
