"""The address that CloudFormation gives a build for its signal, played by a small server on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class WaitHandle:
    """What arrived so far. A real address is signed, hence the query that the log must not show."""

    url: str
    answer: int
    signals: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def waiting_stack(answer: int = 200) -> Iterator[WaitHandle]:
    """A wait handle that answers each signal with this status.

    As the signature of a real one demands, a request with a content type is refused with 403.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            refused = bool(self.headers.get("Content-Type"))
            if not refused:
                handle.signals.append(json.loads(body))
            self.send_response(403 if refused else handle.answer)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}/handle?Signature=not-to-be-printed&Expires=1"
    handle = WaitHandle(url, answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield handle
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
