"""A Bedrock Runtime on loopback that writes at the rate that a question names.

`python -m benchmarks.answers.model` prints `ready` and its address. Each token is an event in an HTTP chunk
of its own, as Bedrock sends them.
"""

import asyncio
import json
import re
import sys

from benchmarks.answers.text import pieces
from tests.gradio_app.fake_bedrock import delta, ending, event

ASKED = re.compile(r"Write (\d+) tokens at (\d+) a second\.")
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
BEGIN = event("messageStart", {"role": "assistant"})
BLOCK_END = event("contentBlockStop", {"contentBlockIndex": 0})


async def main() -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            size = re.search(r"content-length: (\d+)", head)
            request = json.loads(await reader.readexactly(int(size[1]) if size else 0) or "{}")
            said = request["messages"][-1]["content"][-1]["text"]
            asked = ASKED.search(said)
            tokens, rate = (int(asked[1]), int(asked[2])) if asked else (1, 1)
            await _answer(writer, tokens, rate)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _answer(writer: asyncio.StreamWriter, tokens: int, rate: int) -> None:
    loop = asyncio.get_running_loop()
    writer.write(HEAD + _chunk(BEGIN))
    begun = loop.time()
    for number, piece in enumerate(pieces(tokens)):
        await asyncio.sleep(begun + number / rate - loop.time())
        writer.write(_chunk(delta(piece)))
        await writer.drain()
    writer.write(_chunk(BLOCK_END) + _chunk(ending(tokens)) + b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
