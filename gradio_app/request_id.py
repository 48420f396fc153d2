"""The id of the request that is being served: what ties a page that failed to its lines in the log."""

import re
import secrets
import time
from contextvars import ContextVar

current: ContextVar[str] = ContextVar("request_id", default="")
"""Follows a request into the tasks and threads that it starts, where they copy its context."""

TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html"""


def new_id() -> str:
    """An id of our own, in the form of the load balancer's, so that one query finds both."""
    return f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"


def trace_id(header: str) -> str:
    """The load balancer's id in an X-Amzn-Trace-Id header, or "" when there is none of its form.

    It writes Root when the request brings none, and otherwise its own Self beside what the client sent: so
    Self comes first, or a client could give many requests one id.
    """
    fields = [field.strip() for field in header.split(";")]
    for name in ("Self=", "Root="):
        found = [field.removeprefix(name) for field in fields if field.startswith(name)]
        if found:
            return found[0] if len(found) == 1 and TRACE_ID.fullmatch(found[0]) else ""
    return ""
