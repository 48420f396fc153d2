"""Files that people attach to their messages, as plain values; `gradio_app.store.files` keeps them."""

import json
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace

from gradio_app.documents.kinds import BY_NAME

FILE_BYTES = 10_000_000
"""Largest file: some forty scanned pages, or a long report with pictures. A task holds a few at a time, and a
request to Bedrock takes 25 MB in all, in Base64."""
IMAGE_BYTES = 3_750_000
IMAGE_PIXELS = 8_000
"""Largest image, and the most on each side, that Converse takes:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html"""
FILES_OF_A_MESSAGE = 10
DOCUMENTS_OF_A_MESSAGE = 5
"""As many documents as a request of Converse takes."""
NAME_CHARACTERS = 150
"""Longest name; with its ending it fits into what file systems and one line of the page take."""
NAME_END_CHARACTERS = 20
UNSHOWN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
"""Categories of what no name needs: controls, marks of direction, lone halves, unassigned and private
signs."""
FILE_ID = re.compile(r"[0-9a-f]{32}")

TEXT, CUT = "text", "cut"
"""How a file went to the model, where it was not read as it is: as its text, or as the beginning of that."""


@dataclass(frozen=True)
class File:
    """What is known of an attached file.

    Attributes:
        kind: what it is by its content (`gradio_app.documents.kinds`), which is also its usual ending.
        bytes: of the file; `text_bytes` of the text that was found in it, in UTF-8.
        tokens: no tokenizer makes more of that text.
        pages: of a document that has some; 0 where nobody knows.
        width, height: of an image, in pixels.
        read_as: how it went to the model: `TEXT`, `CUT`, or empty when as it is.
    """

    id: str
    name: str = field(repr=False)
    kind: str
    bytes: int
    text_bytes: int = 0
    tokens: int = 0
    pages: int = 0
    width: int = 0
    height: int = 0
    read_as: str = ""

    @property
    def is_image(self) -> bool:
        """Whether it is to be looked at and has no text."""
        kind = BY_NAME.get(self.kind)
        return kind is not None and kind.is_image

    @property
    def stored_bytes(self) -> int:
        """What it takes in the bucket."""
        return self.bytes + self.text_bytes


Files = tuple[File, ...]


def new_file_id() -> str:
    """A fresh id, which nobody guesses; the same content attached twice is two files."""
    return secrets.token_hex(16)


def valid_file_id(text: object) -> bool:
    """Whether this has the form of a file's id."""
    return isinstance(text, str) and FILE_ID.fullmatch(text) is not None


def to_json(files: Iterable[File]) -> str:
    """Files as a stored attribute; what has its usual value is left out."""
    usual = {each.name: each.default for each in fields(File)}
    return json.dumps(
        [{name: value for name, value in asdict(file).items() if value != usual[name]} for file in files]
    )


def from_json(text: str) -> Files:
    """What `to_json` of any release made; a later one's additions are passed over."""
    names = {each.name for each in fields(File)}
    return tuple(
        File(**{name: value for name, value in stored.items() if name in names})
        for stored in json.loads(text)
    )


def read_as(files: Iterable[File], how: dict[str, str]) -> Files:
    """The files with how they went to the model, by id."""
    return tuple(replace(file, read_as=how.get(file.id, "")) for file in files)


def clean_name(name: str) -> str:
    """A file's name in one line that shows as it is: no folders, no controls, nothing that turns its
    direction.

    The end stays when it is too long, for it says what the file is.
    """
    name = name.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(sign if _is_shown(sign) else " " for sign in name)
    line = " ".join(shown.split()).strip(". ")
    if len(line) > NAME_CHARACTERS:
        begin = NAME_CHARACTERS - NAME_END_CHARACTERS - 1
        line = f"{line[:begin].rstrip()}…{line[-NAME_END_CHARACTERS:]}"
    return line


def _is_shown(sign: str) -> bool:
    # The joiners of emoji and of Persian are format characters that belong to words.
    return sign in "\u200c\u200d" or unicodedata.category(sign) not in UNSHOWN
