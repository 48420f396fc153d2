"""Images and documents in a request: checked as Converse checks them, and read as far as this model can.

It reads text. So do the models on Bedrock that have no eyes, for which Converse makes text of a document;
here that is only done where a document is text already. All else is refused by name, as for a model that
lacks it.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from local.bedrock.errors import malformed, validation
from local.bedrock.shapes import constraint, structure, text

IMAGE_FORMATS = ("gif", "jpeg", "png", "webp")
TEXT_FORMATS = ("csv", "html", "md", "txt")
DOCUMENT_FORMATS = ("csv", "doc", "docx", "html", "md", "pdf", "txt", "xls", "xlsx")
IMAGES, IMAGE_BYTES = 20, 3_750_000
DOCUMENTS, DOCUMENT_BYTES = 5, 4_500_000
NAME = re.compile(r"[A-Za-z0-9\-()\[\]]+(?: [A-Za-z0-9\-()\[\]]+)*")
NAME_CHARACTERS = 200

NO_IMAGES = "This model doesn't support images. Remove the image and try again."
NO_DOCUMENTS = "This model doesn't support documents of the format {0}. Remove the document and try again."


def document(value: object, place: str) -> str:
    """The text of a document block; raises ApiError."""
    block = structure(value, place)
    form = _format(block, DOCUMENT_FORMATS, place)
    name = text(block.get("name"), f"{place}.name")
    if not NAME.fullmatch(name) or len(name) > NAME_CHARACTERS:
        raise validation(
            f"The name of the document at {place} may have alphanumeric characters, single whitespace"
            " characters, hyphens, parentheses and square brackets, and at most 200 of them."
        )
    content = _content(block, DOCUMENT_BYTES, place)
    if form not in TEXT_FORMATS:
        raise validation(NO_DOCUMENTS.format(form))
    return f"{name}:\n{content.decode('utf-8', 'replace')}"


def image(value: object, place: str) -> str:
    """Always raises ApiError: for what is wrong with an image block, or because this model sees nothing."""
    block = structure(value, place)
    _format(block, IMAGE_FORMATS, place)
    _content(block, IMAGE_BYTES, place)
    raise validation(NO_IMAGES)


def check_counts(kinds: Iterable[str]) -> None:
    """Raise ApiError for more blocks than a request may have."""
    found = list(kinds)
    for kind, most in (("image", IMAGES), ("document", DOCUMENTS)):
        if found.count(kind) > most:
            raise validation(f"The request has too many {kind} blocks: {found.count(kind)}, at most {most}.")


def _format(block: dict[str, Any], allowed: tuple[str, ...], place: str) -> str:
    form = text(block.get("format"), f"{place}.format")
    if form not in allowed:
        enum = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        raise constraint(f"{place}.format", form, enum)
    return form


def _content(block: dict[str, Any], most: int, place: str) -> bytes:
    source = structure(block.get("source"), f"{place}.source")
    try:
        content = base64.b64decode(text(source.get("bytes"), f"{place}.source.bytes"), validate=True)
    except binascii.Error:
        raise malformed(f"{place}.source.bytes must be Base64") from None
    if not content:
        raise validation(f"The source at {place} is empty.")
    if len(content) > most:
        raise validation(f"The source at {place} has {len(content)} bytes; at most {most} are allowed.")
    return content
