"""A proxy between the deployer and the emulator: it counts calls and has one of them fail in a chosen way.

What a service says when it refuses depends on its protocol; the codes are those of its documentation:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
READING = re.compile(r"(Admin)?(Describe|Get|List|Query|Scan|Simulate|Filter|GET |HEAD )")


class Kind(StrEnum):
    """How a call fails."""

    THROTTLED = "throttled"
    """AWS asks to slow down, however often it is tried."""
    DENIED = "denied"
    """The permission for it is missing."""
    EXPIRED = "expired"
    """The credentials end before it: it fails, and so do all that follow."""
    LOST = "lost"
    """It is carried out, and the answer is lost; whoever asks again gets one."""
    CUT = "cut"
    """It is carried out, the answer is lost, and no call gets through any more."""
    HUNG = "hung"
    """It is carried out, and neither it nor another attempt at it is ever answered; other calls are."""
    HALF = "half"
    """It is carried out, and half of the answer comes and then nothing; whoever asks again gets all of it."""
    KILLED = "killed"
    """It is carried out, and the process is killed before it hears of that."""


HANGING = (Kind.HUNG, Kind.HALF)
"""The connection stays, and nothing comes: only a time-out ends that."""
ONCE = (Kind.LOST, Kind.HALF)
"""Another attempt at the call succeeds."""


@dataclass(frozen=True)
class Point:
    """One call of a command: its operation, `cloudformation:DescribeStacks`, and the how manieth of these."""

    operation: str
    number: int = 1

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return bool(READING.match(self.operation.partition(":")[2]))

    def __str__(self) -> str:
        return f"{self.operation}#{self.number}"


@dataclass(frozen=True)
class Fault:
    """What happens to one call."""

    kind: Kind
    point: Point


@dataclass
class Request:
    """What came from a client."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def service(self) -> str:
        """Of its signature; empty for what is not signed."""
        found = SCOPE.search(self.headers.get("authorization", ""))
        return found[1] if found else ""

    @property
    def operation(self) -> str:
        """The service and the API's name of what is asked for; of REST, the method and what it is about."""
        if target := self.headers.get("x-amz-target"):
            return f"{self.service}:{target.rpartition('.')[2]}"
        if self.service != "s3" and (action := parse_qs(self.body.decode("latin-1")).get("Action")):
            return f"{self.service}:{action[0]}"
        url = urlsplit(self.path)
        about = "object" if url.path.strip("/").count("/") else "bucket"
        if self.service != "s3":
            about = url.path
        asked = parse_qs(url.query, keep_blank_values=True)
        flags = [name for name in ("versions", "delete") if name in asked]
        return f"{self.service}:{self.method} {about}{''.join(f'?{name}' for name in flags)}"

    @property
    def invocation(self) -> str:
        """The same for each attempt at one call."""
        return self.headers.get("amz-sdk-invocation-id", "")

    def refusal(self, code: dict[str, str], message: str) -> tuple[int, str, bytes]:
        """Status, content type and body of an error, by the service's protocol."""
        if "x-amz-target" in self.headers or self.service in ("bedrock", "bedrock-runtime"):
            body = json.dumps({"__type": code["json"], "message": message})
            return 400, "application/x-amz-json-1.1", body.encode()
        if self.service == "ec2":
            error = f"<Errors><Error><Code>{code['ec2']}</Code><Message>{message}</Message></Error></Errors>"
            return 400, "text/xml", f"<Response>{error}<RequestID>r</RequestID></Response>".encode()
        if self.service == "s3":
            status = {"SlowDown": 503, "ExpiredToken": 400}.get(code["s3"], 403)
            body = "" if self.method == "HEAD" else f"<Error><Code>{code['s3']}</Code></Error>"
            return status, "application/xml", body.encode()
        error = f"<Error><Type>Sender</Type><Code>{code['query']}</Code><Message>{message}</Message></Error>"
        return 400, "text/xml", f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode()


REFUSALS = {
    Kind.THROTTLED: (
        {
            "json": "ThrottlingException",
            "query": "Throttling",
            "ec2": "RequestLimitExceeded",
            "s3": "SlowDown",
        },
        "Rate exceeded",
    ),
    Kind.DENIED: (
        {
            "json": "AccessDeniedException",
            "query": "AccessDenied",
            "ec2": "UnauthorizedOperation",
            "s3": "AccessDenied",
        },
        "Somebody is not authorized to do that",
    ),
    Kind.EXPIRED: (
        {
            "json": "ExpiredTokenException",
            "query": "ExpiredToken",
            # Of temporary credentials that have ended, says EC2's page.
            "ec2": "RequestExpired",
            "s3": "ExpiredToken",
        },
        "The security token included in the request is expired",
    ),
}

Rewrite = Callable[[Request, bytes], bytes]
"""Changes what the emulator answers."""


@dataclass
class Wire:
    """The proxy. `calls` are the points so far; each is one call, whatever its attempts."""

    upstream: str
    fault: Fault | None = None
    kill: Callable[[], None] = lambda: None
    rewrite: Rewrite | None = None
    calls: list[Point] = field(default_factory=list)
    struck: bool = False
    """Whether the fault has happened."""
    endpoint_url: str = ""
    _numbers: Counter[str] = field(default_factory=Counter)
    _seen: dict[str, Point] = field(default_factory=dict)
    _is_over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, fault: Fault | None, kill: Callable[[], None] = lambda: None) -> None:
        """Begin to count anew, with this fault or none."""
        with self._lock:
            self.fault, self.kill = fault, kill
            self.struck = self._is_over = False
            self.calls, self._numbers, self._seen = [], Counter(), {}

    @property
    def changed(self) -> bool:
        """Whether a call got through that changes something."""
        return any(not point.reads for point in self.calls)

    def place(self, request: Request) -> tuple[Point, bool]:
        """Which call this is, and whether it is another attempt at it."""
        with self._lock:
            again = self._seen.get(request.invocation)
            if again:
                return again, True
            operation = request.operation
            self._numbers[operation] += 1
            point = Point(operation, self._numbers[operation])
            self._seen[request.invocation] = point
            self.calls.append(point)
            return point, False

    def fate(self, point: Point, *, again: bool) -> Kind | None:
        """How this attempt fails."""
        with self._lock:
            fault = self.fault
            if fault is None:
                return None
            if self._is_over:
                return fault.kind
            if point != fault.point or (again and fault.kind in ONCE):
                return None
            self.struck = True
            self._is_over = fault.kind in (Kind.EXPIRED, Kind.CUT, Kind.KILLED)
            return fault.kind

    @property
    def is_over(self) -> bool:
        """Whether nothing gets through any more."""
        return self._is_over


@contextmanager
def wire(upstream: str) -> Iterator[Wire]:
    """A proxy to the emulator at that address, on a port of its own."""
    found = Wire(upstream)

    class Handler(_Handler):
        wire = found

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.endpoint_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wire: Wire

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _any(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        point, again = self.wire.place(request)
        was_over = self.wire.is_over
        kind = self.wire.fate(point, again=again)
        if kind and (refusal := REFUSALS.get(kind)):
            status, content_type, body = request.refusal(*refusal)
            self._answer(status, {"content-type": content_type}, body)
            return
        if kind is None:
            self._answer(*self._forward(request))
            return
        # The rest is carried out, and nobody hears of it.
        if not was_over and not again:
            answer = self._forward(request)
            if kind is Kind.HALF:
                self._answer(*answer, half=True)
        if kind is Kind.KILLED:
            self.wire.kill()
        self.close_connection = True
        with suppress(OSError):
            while kind in HANGING and self.connection.recv(4096):
                """Until the client gives up."""
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = _any  # noqa: N815

    def _forward(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(self.wire.upstream)
        headers = {
            name: value for name, value in request.headers.items() if name not in (*HOP_BY_HOP, "expect")
        }
        # A connection for each: of one that had been idle nobody knew whether the request was taken.
        with closing(http.client.HTTPConnection(url.hostname or "", url.port)) as upstream:
            upstream.request(request.method, request.path, request.body, headers)
            answer = upstream.getresponse()
            body = answer.read()
        if self.wire.rewrite:
            body = self.wire.rewrite(request, body)
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
        if request.method == "HEAD":
            kept["content-length"] = answer.getheader("content-length") or "0"
        return answer.status, kept, body

    def _answer(self, status: int, headers: dict[str, str], body: bytes, *, half: bool = False) -> None:
        with suppress(OSError):
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "content-length" not in headers:
                self.send_header("content-length", str(len(body)))
            has_body = body and self.command != "HEAD"
            if half and not has_body:
                self.flush_headers()  # without the empty line that ends them
                return
            self.end_headers()
            if has_body:
                self.wfile.write(body[: len(body) // 2] if half else body)
