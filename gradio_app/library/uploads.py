"""Reading a form with files. The gate holds the whole body, so nothing of it goes to a disk."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gradio_app.gate.limits import DOCUMENT_FORM_BYTES

FILES = 20
"""Of one form; a page with our script sends them one by one."""
FIELDS = 10
FIELD_BYTES = 4096
CHUNK_BYTES = 64 * 1024


class MalformedFormError(Exception):
    """What was sent is no form with files."""


@dataclass(frozen=True)
class Upload:
    """A file of a form."""

    name: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class UploadForm:
    """A form's fields, empty where missing, and its files."""

    fields: dict[str, str]
    files: tuple[Upload, ...]


class _InMemory(MultiPartParser):
    spool_max_size = DOCUMENT_FORM_BYTES + 1


def upload_form(headers: Headers, body: bytes, *names: str) -> UploadForm:
    """Read the form. Blocks, for what is sent may be made to take long. Raises MalformedFormError."""
    if not headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise MalformedFormError
    parser = _InMemory(headers, _chunks(body), max_files=FILES, max_fields=FIELDS, max_part_size=FIELD_BYTES)
    try:
        form = asyncio.run(parser.parse())
    except (MultiPartException, ValueError) as error:
        raise MalformedFormError from error
    found: dict[str, str] = dict.fromkeys(names, "")
    files: list[Upload] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = value.file.read()
            if value.filename or content:  # a form without a choice sends an empty one
                files.append(Upload(value.filename or "", content))
        elif name in found:
            found[name] = value
    return UploadForm(found, tuple(files))


async def _chunks(body: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(body), CHUNK_BYTES):
        yield body[start : start + CHUNK_BYTES]
