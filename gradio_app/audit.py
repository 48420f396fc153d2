"""Security events, one JSON object per line on standard output, where CloudWatch Logs collects them.

A line says who, what, from where and how it ended; never a password, code, token, cookie or message.
JSON escapes line ends, so that what a client sends cannot forge a line.
"""

import json
import sys
from datetime import UTC, datetime
from typing import TextIO


def audit(
    event: str,
    *,
    outcome: str,
    client: str,
    user_id: str = "",
    detail: str = "",
    stream: TextIO | None = None,
) -> None:
    """Write one event; `client` is the browser's address, `detail` names a path or a reason."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "type": "audit",
        "event": event,
        "outcome": outcome,
        "client": client,
        "user_id": user_id,
        "detail": detail[:200],
    }
    print(
        json.dumps({key: value for key, value in line.items() if value}),
        file=stream or sys.stdout,
        flush=True,
    )
