"""The framing of AWS event streams, the half that botocore lacks: it decodes and does not encode.

A frame is: total length, header length, CRC-32 of these two, headers, payload, CRC-32 of all before it.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html describes it.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

CONTENT_TYPE = "application/vnd.amazon.eventstream"
STRING = 7  # the one type of header value that Bedrock's events have
FIXED_BYTES = 16  # two lengths and two checksums of four bytes each


def event(name: str, payload: Mapping[str, Any]) -> bytes:
    """Return the frame of one event, such as `contentBlockDelta`."""
    return frame({":event-type": name, **_json_message("event")}, _json(payload))


def exception(name: str, message: str) -> bytes:
    """Return the frame that ends a stream with an error, such as `modelStreamErrorException`."""
    return frame({":exception-type": name, **_json_message("exception")}, _json({"message": message}))


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return one frame. Names have up to 255 bytes of UTF-8, values up to 65,535."""
    packed = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    prelude = struct.pack("!II", FIXED_BYTES + len(packed) + len(payload), len(packed))
    checked = prelude + _crc(prelude) + packed + payload
    return checked + _crc(checked)


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", STRING, len(value)) + value


def _crc(data: bytes) -> bytes:
    return struct.pack("!I", zlib.crc32(data))


def _json_message(kind: str) -> dict[str, str]:
    return {":content-type": "application/json", ":message-type": kind}


def _json(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode()
