"""Every event takes any JSON and answers 2xx or 4xx: never a server error, never a traceback.

Which events there are, and what they take, says the running page itself.
"""

import html
import json
import secrets
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradio_app.gate.limits import EVENT_BYTES
from gradio_app.page import texts
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.whole import Whole, whole_application
from tests.gradio_app.tables import create_table
from tests.security.chat_api import ChatClient, told

pytestmark = pytest.mark.slow

JOIN, RUN, CANCEL, RESET = (
    f"/gradio_api/{path}" for path in ("queue/join", "run/predict", "cancel", "reset")
)
PATHS = (JOIN, RUN, CANCEL, RESET)
BROKEN = texts.REFUSALS["en"]["broken"].split(".")[0]

BORNE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
"""The fixture is what the process has printed, which every example takes."""

NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 1, 999, 2**31, 2**53, 2**53 + 1, 2**64, 10**400, -(10**30), 1e308, -1e308, 0.5]),
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cf", "Cc", "Mn"]), max_size=5),
    st.sampled_from(
        ["", "0" * 32, "f" * 31, "x" * 40_000, "\ud800", "../../x", "a<gradio-sep>b", "constructor"]
    ),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def whole(dynamodb: Any) -> Iterator[Whole]:
    table = f"hostile-{uuid4().hex}"
    create_table(dynamodb, table)
    with FakeBedrock() as bedrock:
        client = bedrock_client("bedrock-runtime", bedrock.endpoint_url)
        with whole_application(table, dynamodb, client) as whole:
            yield whole


@pytest.fixture(scope="module")
def tab(whole: Whole) -> ChatClient:
    return whole.chat_client("ana@example.com")


@st.composite
def bodies(draw: st.DrawFn, tab: ChatClient) -> tuple[str, dict[str, Any]]:
    """An event of the page, to the right address or another, of which some parts are anything."""
    event = draw(st.sampled_from(tab.dependencies))
    data = tab.data(event, text=secrets.token_hex(16))
    for position in draw(st.sets(st.integers(0, max(len(data) - 1, 0)), max_size=3)):
        data[position : position + 1] = [draw(JSON)]
    event_data = draw(st.one_of(JSON, st.fixed_dictionaries({"index": JSON, "value": JSON})))
    body = {
        "fn_index": event["id"],
        "data": data,
        "session_hash": tab.session_hash,
        "event_data": event_data,
        "trigger_id": draw(
            st.one_of(st.none(), st.sampled_from([each[0] for each in event["targets"]] or [0]))
        ),
        "event_id": draw(st.one_of(st.none(), st.none(), JSON)),
    }
    body |= draw(
        st.dictionaries(
            st.sampled_from([*body, "batched", "simple_format", "oauth_token", "request", "x"]),
            JSON,
            max_size=1,
        )
    )
    path = JOIN if event["queue"] else RUN
    return draw(st.one_of(st.just(path), st.just(path), st.sampled_from(PATHS))), body


def check(tab: ChatClient, path: str, content: bytes | str, seen: Any) -> int:
    """Send it, read the stream of what was joined, and look at all that was said and logged."""
    answer = tab.http.post(path, content=content, headers={"content-type": "application/json"})
    said = answer.text
    if answer.status_code == 200 and path == JOIN:
        said += tab.stream()
    captured = "".join(seen.readouterr())
    assert answer.status_code < 500, said
    assert "Traceback" not in said + captured
    assert BROKEN not in said
    if answer.status_code >= 400:
        assert answer.json()
    return answer.status_code


@settings(max_examples=150, suppress_health_check=BORNE)
@given(case=st.data())
def test_no_event_fails_by_what_it_is_given(
    tab: ChatClient, case: st.DataObject, capfd: pytest.CaptureFixture[str]
) -> None:
    tab.session_hash = secrets.token_hex(6)
    path, body = case.draw(bodies(tab))
    check(tab, path, json.dumps(body), capfd)


@settings(max_examples=60, suppress_health_check=BORNE)
@given(path=st.sampled_from(PATHS), content=st.one_of(st.binary(max_size=40), JSON.map(json.dumps)))
def test_nor_by_any_bytes(
    tab: ChatClient, path: str, content: bytes | str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert check(tab, path, content, capfd) >= 400


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"session_hash": "abc", "fn_index": 0, "data": ' + b"[" * 1000 + b"]" * 1000 + b"}",
        b'{"session_hash": "abc", "fn_index": 0, "data": [' + b"[]," * 100_000 + b"1]}",
        b'{"session_hash": "abc", "session_hash": ["x"], "fn_index": 0}',
        b'{"session_hash": "\\ud800", "fn_index": 0, "event_id": "\\udfff"}',
        b'{"session_hash": "abc\\n", "fn_index": 0, "data": []}',
        b'{"fn_index": NaN}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe",
        b"{}" * 2,
        b"",
        b"null",
        b"9" * 5000,
    ],
    ids=lambda content: content[:12] if isinstance(content, bytes) else None,
)
def test_nor_by_json_that_is_none_or_too_much(
    tab: ChatClient, path: str, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert check(tab, path, content, capfd) in (400, 403, 413)


@pytest.mark.parametrize(
    "change",
    [
        {"fn_index": 999},
        {"fn_index": None},
        {"fn_index": True},
        {"fn_index": 1.0},
        {"fn_index": -1},
        {"fn_index": 10**30},
        {"data": None},
        {"data": [0] * 19},
        {"data": {"0": 1}},
        {"data": [1e308] * 30},
        {"trigger_id": "x"},
        {"trigger_id": 1e308},
        {"session_hash": "a<gradio-sep>b"},
        {"session_hash": "x" * 65},
        {"session_hash": None},
    ],
    ids=str,
)
def test_a_page_of_another_version_is_told_to_load_itself_again(
    tab: ChatClient, change: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    for event in tab.dependencies:
        body = {
            "fn_index": event["id"],
            "data": tab.data(event, text="") or [0],
            "session_hash": tab.session_hash,
            **change,
        }
        answer = tab.http.post(JOIN if event["queue"] else RUN, json=body, headers={"accept-language": "es"})
        assert answer.status_code == 400
        assert "Recarga la página" in answer.json()["error"]
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_message_that_was_cut_in_a_character_is_asked_all_the_same(tab: ChatClient) -> None:
    event, conversation_id = tab.event("ask"), secrets.token_hex(16)
    question = "answer: half \ud83d and whole \ud83d\ude00 and \\ud83d"
    data = tab.data(event, text=conversation_id, question=question)
    content = json.dumps({"fn_index": event["id"], "data": data, "session_hash": tab.session_hash})
    assert r"\ud83d and" in content
    answer = tab.http.post(RUN, content=content, headers={"content-type": "application/json"})
    assert told(answer)["taken"]
    assert tab.follow(conversation_id).status_code == 200
    said = html.unescape(tab.stream())
    assert "�" in said
    assert "\N{GRINNING FACE}" in said
    assert r"\ud83d" in said, "what only looks like an escape is left alone"


def test_an_event_that_is_too_large_is_refused_before_it_is_read(tab: ChatClient) -> None:
    assert tab.http.post(RUN, content=b"[" * (EVENT_BYTES + 1)).status_code == 413


@pytest.mark.parametrize("query", ["session_hash=%ff", "session_hash=a%00", "session_hash=" + "a" * 5000])
def test_a_stream_is_asked_for_by_a_name_of_a_pages_form(tab: ChatClient, query: str) -> None:
    assert tab.http.get(f"/gradio_api/queue/data?{query}").status_code == 400
