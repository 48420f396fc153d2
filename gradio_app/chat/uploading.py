"""Taking a file in: what it is by its content, what text there is in it, and whether there is room for it."""

import io
import logging
from dataclasses import replace

from PIL import Image

from gradio_app.chat import budget
from gradio_app.chat.attachments import (
    FILE_BYTES,
    IMAGE_BYTES,
    IMAGE_PIXELS,
    File,
    clean_name,
    new_file_id,
)
from gradio_app.documents.extracted import Limits, Reason, UnreadableError
from gradio_app.documents.extraction import extract
from gradio_app.documents.kinds import PDF, Kind, kind_of
from gradio_app.store.files import AttachedFiles, TooManyUploadsError

log = logging.getLogger(__name__)

LIMITS = Limits(
    content_bytes=FILE_BYTES,
    unpacked_bytes=120 * 1024 * 1024,
    wall_seconds=60,
    waiting_seconds=40,
    characters=1_000_000,
)
"""A person waits for it, and the way to the browser breaks off after two minutes of silence."""


class UploadRefusedError(Exception):
    """The file is not taken; `reason` is a key of `texts.UPLOADS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Uploading:
    """Takes files in. Blocks, for as long as it takes to read one, and raises TableUnreachable."""

    def __init__(self, files: AttachedFiles) -> None:
        self._files = files

    def take(self, user_id: str, name: str, content: bytes) -> File:
        """Keep a file for a message that is not sent yet; raises UploadRefusedError."""
        if not content:
            raise UploadRefusedError("empty_file")
        kind = kind_of(content, name)
        if kind is None:
            raise UploadRefusedError("unknown_kind")
        file = File(new_file_id(), clean_name(name) or kind.name, kind.name, len(content))
        file, text = _seen(file, content) if kind.is_image else _read(file, kind, content)
        try:
            self._files.upload(user_id, file, content, text)
        except TooManyUploadsError:
            raise UploadRefusedError("too_many_uploads") from None
        return file


def _seen(file: File, content: bytes) -> tuple[File, str]:
    """An image with its size, of which the first bytes are looked at: nothing is decoded."""
    if len(content) > IMAGE_BYTES:
        raise UploadRefusedError("image_bytes")
    try:
        with Image.open(io.BytesIO(content), formats=[file.kind.upper()]) as image:
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise UploadRefusedError("broken_file") from None
    if max(width, height) > IMAGE_PIXELS:
        raise UploadRefusedError("image_pixels")
    return replace(file, width=width, height=height), ""


def _read(file: File, kind: Kind, content: bytes) -> tuple[File, str]:
    """A document with what is known of its text, and the text; a PDF of pictures has pages and none."""
    try:
        found = extract(content, kind, LIMITS)
    except UnreadableError as error:
        log.info("a file is not taken: kind=%s %s", kind.name, error)
        if error.reason is Reason.EMPTY and kind is PDF and error.pages:
            return replace(file, pages=error.pages), ""
        raise UploadRefusedError(f"file_{error.reason}") from None
    text = found.text
    tokens = budget.most_tokens(text)
    return replace(file, text_bytes=len(text.encode()), tokens=tokens, pages=found.pages or 0), text
