"""An answer that breaks off is asked for again, over real connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from deployer.account import objects
from deployer.errors import explain

WHOLE = b"the whole of it"


@contextmanager
def bucket(*, broken: int, hangs: bool) -> Iterator[tuple[Any, list[str]]]:
    """A client of a bucket whose first answers are broken, and what it was asked."""
    asked: list[str] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-length", str(len(WHOLE)))
            self.end_headers()
            half = len(asked) <= broken
            self.wfile.write(WHOLE[:5] if half else WHOLE)
            if half and hangs:
                over.wait()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield (
            boto3.client(
                "s3",
                region_name="us-east-1",
                endpoint_url=f"http://127.0.0.1:{server.server_port}",
                aws_access_key_id="a",
                aws_secret_access_key="b",
                config=Config(read_timeout=1, retries={"total_max_attempts": 1}),
            ),
            asked,
        )
    finally:
        over.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("hangs", [True, False])
@pytest.mark.parametrize("most", [None, 1000])
def test_an_answer_that_breaks_off_is_asked_for_again(most: int | None, hangs: bool) -> None:
    with bucket(broken=2, hangs=hangs) as (s3, asked):
        assert objects.read(s3, "files", "one", most) == WHOLE
    assert len(asked) == 3


@pytest.mark.parametrize("hangs", [True, False])
def test_what_never_comes_whole_is_a_sentence_that_names_the_address(hangs: bool) -> None:
    with bucket(broken=100, hangs=hangs) as (s3, asked):
        with pytest.raises(BotoCoreError) as caught:
            objects.read(s3, "files", "one")
        assert explain(caught.value).startswith(("The connection to ", "")[hangs] + s3.meta.endpoint_url)
    assert explain(caught.value).endswith("try again.")
    assert len(asked) == objects.ATTEMPTS
