"""The event-stream encoder against botocore's decoder."""

from __future__ import annotations

import json

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer, EventStreamMessage
from hypothesis import given
from hypothesis import strategies as st

from local.bedrock import eventstream

HEADERS = st.dictionaries(
    st.text(min_size=1, max_size=60).filter(lambda name: len(name.encode()) < 256), st.text(max_size=200)
)
FRAMES = st.lists(st.tuples(HEADERS, st.binary(max_size=2000)), min_size=1, max_size=5)


def _decode(data: bytes) -> list[EventStreamMessage]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return list(buffer)


@given(FRAMES)
def test_botocore_reads_every_frame_as_it_was_written(frames: list[tuple[dict[str, str], bytes]]) -> None:
    messages = _decode(b"".join(eventstream.frame(headers, payload) for headers, payload in frames))
    assert [(message.headers, message.payload) for message in messages] == frames


@given(st.data())
def test_botocore_notices_any_changed_byte_behind_the_prelude(data: st.DataObject) -> None:
    frame = bytearray(eventstream.event("contentBlockDelta", {"delta": {"text": "¡Hola!"}}))
    place = data.draw(st.integers(12, len(frame) - 1))
    frame[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ChecksumMismatch):
        _decode(bytes(frame))


def test_an_event_carries_its_name_and_its_payload_as_json() -> None:
    (message,) = _decode(eventstream.event("messageStop", {"stopReason": "end_turn", "ñ": "día"}))
    assert message.headers[":event-type"] == "messageStop"
    assert message.to_response_dict()["status_code"] == 200
    assert json.loads(message.payload) == {"stopReason": "end_turn", "ñ": "día"}


def test_an_exception_is_an_error_to_botocore() -> None:
    (message,) = _decode(eventstream.exception("modelStreamErrorException", "It broke off."))
    answer = message.to_response_dict()
    assert answer["status_code"] == 400
    assert answer["headers"][":exception-type"] == "modelStreamErrorException"
    assert json.loads(answer["body"]) == {"message": "It broke off."}
