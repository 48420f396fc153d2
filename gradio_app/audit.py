"""Security events, one JSON object per line on standard output, where CloudWatch Logs collects them.

A line says who, what, from where, in which request and how it ended; never a password, code, token, cookie or
message.
"""

from datetime import UTC, datetime
from typing import TextIO

from gradio_app import request_id
from gradio_app.lines import write_line


def audit(
    event: str,
    *,
    outcome: str,
    client: str,
    user_id: str = "",
    detail: str = "",
    stream: TextIO | None = None,
) -> None:
    """Write one event; `client` is the browser's address or empty, `detail` names a path or a reason."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "type": "audit",
        "event": event,
        "outcome": outcome,
        "client": client,
        "request": request_id.current.get(),
        "user_id": user_id,
        "detail": detail[:200],
    }
    write_line({key: value for key, value in line.items() if value}, stream)
