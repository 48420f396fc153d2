"""Following the log: lines that the application really writes, put into the emulator's CloudWatch."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from deployer.account import people
from deployer.account.log_lines import LATE_SECONDS, Parser
from deployer.commands import logs
from deployer.errors import DeployError
from gradio_app import request_id
from gradio_app.audit import audit
from gradio_app.chat.conversation import FAILED, Answer, plain
from gradio_app.chat.metrics import Metrics
from gradio_app.logs import FORMAT, _with_request
from tests.deployer import calls
from tests.deployer.commands.running_deployment import Running
from tests.deployer.running import DEPLOY_SH, run

pytestmark = pytest.mark.slow

ONE, TWO = request_id.new_id(), request_id.new_id()
ANA = "0f3b5a6c-0000-4000-8000-00000000000a"
STREAM = "chat/chat/0123456789abcdef"


def written() -> list[str]:
    """What the application writes of two requests, by its own code, as lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(_with_request)
    log = logging.Logger("gradio_app.chat.errors")
    log.addHandler(handler)
    token = request_id.current.set(ONE)
    log.info("A model is asked.")
    try:
        raise ZeroDivisionError("no way")
    except ZeroDivisionError:
        log.exception("It failed.")
    audit("sign-in", outcome="failed", client="203.0.113.9", detail="ana@example.com", stream=stream)
    request_id.current.set(TWO)
    log.warning("Slow.")
    audit("sign-in", outcome="ok", client="203.0.113.9", user_id=ANA, detail="password", stream=stream)
    request_id.current.reset(token)
    metrics = Metrics("asistente", stream)
    metrics.answer("amazon.nova", Answer(plain("Yes."), "complete", "", 11, 5), 1.5, 0.5)
    metrics.answer("amazon.nova", Answer((), FAILED, "throttled"), 0.2, None)
    return stream.getvalue().splitlines()


def put(running: Running, lines: list[str], stream: str = STREAM, ago: float = 30) -> None:
    client, group = running.aws.client("logs"), running.outputs["LogGroupName"]
    with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int((time.time() - ago) * 1000)
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def shown(running: Running, **wanted: Any) -> list[str]:
    running.printed()
    logs.run(running.options, running.console, follow=False, **wanted)
    return running.printed().splitlines()


def test_a_line_for_each_record_and_its_trace_behind_it(running: Running) -> None:
    put(running, written())
    lines = shown(running)
    assert len([line for line in lines if not line.startswith("    ")]) == 7
    info, error, *trace = lines
    assert f" INFO     gradio_app.chat.errors: A model is asked.  request={ONE}" in info
    assert " ERROR    gradio_app.chat.errors: It failed." in error
    assert trace[0] == "    Traceback (most recent call last):"
    assert "    ZeroDivisionError: no way" in trace
    rest = "\n".join(trace)
    assert f" WARNING  sign-in  failed  ana@example.com  203.0.113.9  request={ONE}" in rest
    assert f" INFO     sign-in  ok  password  203.0.113.9  request={TWO}  person={ANA}" in rest
    assert " INFO     answer  complete  amazon.nova  11 tokens in, 5 out  1.5 s" in rest
    assert " WARNING  answer  failed  throttled  amazon.nova" in rest


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        ({"level": "ERROR"}, ["It failed.", "Traceback", "ZeroDivisionError: no way"]),
        ({"level": "WARNING", "request": TWO}, ["Slow."]),
        ({"request": ONE}, ["A model is asked.", "It failed.", "ZeroDivisionError", "sign-in  failed"]),
        ({"person": ANA}, ["sign-in  ok"]),
        ({"level": "CRITICAL"}, []),
    ],
)
def test_some_of_them(running: Running, wanted: dict[str, str], texts: list[str]) -> None:
    put(running, written())
    found = "\n".join(shown(running, **wanted))
    for text in texts:
        assert text in found
    others = [
        "A model is asked.",
        "It failed.",
        "Traceback",
        "sign-in  failed",
        "Slow.",
        "sign-in  ok",
        "answer",
    ]
    for other in others:
        assert (other in found) == any(
            other in text or text in other for text in texts
        ) or other == "Traceback"


def test_a_person_may_be_named_by_the_address(running: Running) -> None:
    person = people.invite(running.aws.cognito, running.pool, "ana@example.com")
    assert person
    put(running, [json.dumps({"type": "audit", "event": "sign-out", "outcome": "ok", "user_id": person.id})])
    [line] = shown(running, person="ana@example.com")
    assert "sign-out  ok" in line
    # Who also comes by single sign-on has another entry for that, with the same address.
    also = people.invite(running.aws.cognito, running.pool, "also-ana@example.com")
    assert also
    running.aws.cognito.admin_update_user_attributes(
        UserPoolId=running.pool,
        Username=also.username,
        UserAttributes=[{"Name": "email", "Value": "ana@example.com"}],
    )
    put(running, [json.dumps({"type": "audit", "event": "sign-in", "outcome": "ok", "user_id": also.id})])
    assert len(shown(running, person="ana@example.com")) == 2
    [line] = shown(running, person=also.id)
    assert "sign-in  ok" in line
    ended = run(DEPLOY_SH, "logs", "--person", "bo@example.com", "--stack", running.options.stack)
    assert ended.is_one_sentence
    assert "Nobody has the address" in ended.said


def test_it_follows_and_shows_each_line_once_until_ctrl_c(running: Running) -> None:
    put(running, ["first"], ago=40)
    polls: list[float] = []

    def sleep(seconds: float) -> None:
        polls.append(seconds)
        steps: list[Callable[[], None]] = [
            lambda: put(running, ["second"], ago=10),
            lambda: None,
            lambda: put(running, ["late"], "chat/chat/another", ago=10 + LATE_SECONDS / 2),
            lambda: put(running, written()[1:3], ago=5),
        ]
        if len(polls) > len(steps):
            raise KeyboardInterrupt
        steps[len(polls) - 1]()

    running.printed()
    logs.run(running.options, running.console, sleep=sleep)
    words = [line.split()[-1] for line in running.printed().splitlines()]
    assert words[:3] == ["first", "second", "late"]
    assert len(words) == 5


def test_a_trace_that_comes_in_pieces_belongs_to_its_record(running: Running) -> None:
    lines = written()
    put(running, lines[:2], ago=9)
    done: list[float] = []

    def sleep(_: float) -> None:
        if done:
            raise KeyboardInterrupt
        done.append(0)
        put(running, lines[2:4], ago=5)

    running.printed()
    logs.run(running.options, running.console, level="ERROR", sleep=sleep)
    assert running.printed().splitlines()[1] == "    Traceback (most recent call last):"


def test_since_looks_back_so_far_and_no_further(running: Running) -> None:
    put(running, ["old"], ago=7000)
    put(running, ["new"], "chat/chat/another", ago=100)
    assert [line.split()[-1] for line in shown(running)] == ["new"]
    assert [line.split()[-1] for line in shown(running, since=timedelta(hours=2))] == ["old", "new"]


def test_machines_get_the_events_as_they_are(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    put(running, lines := written())
    capsys.readouterr()
    shown(running, as_json=True)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["message"] for each in found] == lines
    assert {each["logStreamName"] for each in found} == {STREAM}


def test_nothing_that_a_line_holds_reaches_the_terminal_as_a_command(running: Running) -> None:
    put(
        running,
        ["\x1b[2J\x07gone", '{"type": "audit", "event": "\\u001b[31m", "outcome": 3}', "{", "[]", "null"],
    )
    assert not set("\x1b\x07") & set("".join(shown(running)))


def test_how_full_a_task_is_comes_with_the_details() -> None:
    message = '{"type": "places", "PlacesTaken": 12.5}'
    record = Parser().parse({"timestamp": 0, "message": message})
    assert (record.level, record.text) == ("DEBUG", "places  12.5 % taken")


@pytest.mark.parametrize(
    "message", ["", "{}", '{"type": []}', '{"type": "answer"}', "2026-01-01 x", "{" * 9000]
)
def test_any_line_is_a_record(message: str) -> None:
    assert Parser().parse({"timestamp": 0, "message": message}).level == "INFO"


@pytest.mark.parametrize(
    "since", ["", "10", "-1h", "nan", "1e3m", "\uff11h", "9999999999h", "4000d", "h", "1w"]
)
def test_since_is_a_time(since: str) -> None:
    ended = run(DEPLOY_SH, "logs", f"--since={since}")
    assert ended.is_one_sentence, ended
    assert "--since" in ended.said


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ExpiredTokenException"])
def test_a_refusal_is_one_sentence(running: Running, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    calls.refused(monkeypatch, "FilterLogEvents", code)
    with pytest.raises(DeployError) as error:
        logs.run(running.options, running.console)
    assert error.value.exit_code == 1
    assert "\n" not in str(error.value)
