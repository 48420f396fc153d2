"""People's files in a browser: with their type, their name, and a policy under which nothing in them runs."""

import re
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from gradio_app.documents.kinds import BY_NAME
from gradio_app.store.bucket import Stream

SANDBOX = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; object-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
"""Nothing in a file runs, sends or frames anything, whatever its type lets a browser do."""
SHOWN = {"application/pdf"}
"""Types that a browser shows by itself, besides images; all else is only ever saved."""
UNQUOTABLE = re.compile(r"[^ -~]|[\"%\\]")
BYTES = "application/octet-stream"


def shown(name: str, kind_name: str, stream: Stream) -> Response:
    """The answer that shows a file of that kind, or has it saved where a browser would not show it."""
    kind = BY_NAME.get(kind_name)
    media_type = kind.media_type if kind else BYTES
    is_shown = kind is not None and (kind.is_image or media_type in SHOWN)
    headers = {
        "content-length": str(stream.size),
        "content-disposition": _disposition("inline" if is_shown else "attachment", name),
        "content-security-policy": SANDBOX,
    }
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return StreamingResponse(stream.chunks, media_type=media_type, headers=headers)


def _disposition(how: str, name: str) -> str:
    """RFC 6266: the name as it is for who reads UTF-8, and in ASCII for who does not."""
    plain = UNQUOTABLE.sub("_", name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
