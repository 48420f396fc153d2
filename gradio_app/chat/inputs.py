"""What of attached files goes to a model, and how: pure functions, but for the text that a caller reads.

An image goes as it is to a model that sees, and a PDF to one that sees its pages. Everything else goes as the
text that was found in it, to every model: Bedrock itself would make no more than text of it, and of ours it
is known beforehand how many tokens it can be. Newer files come first where there is not room for all.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradio_app.chat.attachments import CUT, DOCUMENTS_OF_A_MESSAGE, TEXT, File, Files

IMAGES = 20
"""Images of one request, as Converse has it:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html"""
IMAGES_OF_NOVA_2 = 5
"""Of one request to Nova 2, inside of it:
https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-multimodal-models.html"""
DOCUMENT_BYTES = 4_500_000
"""Of one document, but for a PDF to Claude 4 and later and to Nova."""
REQUEST_BYTES = 12_000_000
"""Of all files of a request that go as they are: 16 MB in Base64, of the 25 MB that Bedrock takes; and a task
has memory for a few such requests at once."""
PDF_PAGES = 100
"""Of one request, to most models of Claude: https://docs.claude.com/en/docs/build-with-claude/pdf-support"""
BYTES_PER_TOKEN = 3
"""As in `context`."""

CLAUDE_PATCH_PIXELS = 28
CLAUDE_IMAGE_TOKENS = 4_784
"""Claude makes a token of each 28 by 28 pixels, of larger images no more than these:
https://platform.claude.com/docs/en/build-with-claude/vision"""
NOVA_PIXELS_PER_TOKEN = 500
NOVA_LEAST_PIXELS = 896
"""Nova enlarges each side to 896 pixels. Its own examples are 506 to 675 pixels for a token, and it names no
most:
https://docs.aws.amazon.com/nova/latest/userguide/modalities-image.html"""
IMAGE_TOKENS = 7_000
"""At least set aside for an image to any other model: the most that those publish is 6,404 (Llama, four
tiles)."""
PAGE_TEXT_TOKENS = 3_000
PAGE_IMAGE_TOKENS = 2_600
"""Of a page of a PDF: its text is 1,500 to 3,000 tokens, and beside it goes an image of it. Claude's are
1,600:
https://docs.claude.com/en/docs/build-with-claude/pdf-support"""
IMAGE_ESTIMATE, PAGE_ESTIMATE = 1_600, 1_600
"""What an image and a page's image mostly are, to see what fits."""
LINE_TOKENS = 64
"""At most, of the line that names a file."""
LEAST_TEXT_BYTES = 1_500
"""Less of a file's text is of no use."""

CLAUDE, NOVA, OTHER = "claude", "nova", "other"

LEFT_OUT = "left out"
"""How a file goes for which there is no room."""

Load = Callable[[File], bytes | None]
"""All of a file; None when it is not there any more."""
Read = Callable[[File, int], str]
"""The beginning of a file's text, of at most so many bytes."""


@dataclass(frozen=True)
class Abilities:
    """What a model reads besides text."""

    images: int = 0
    """How many in a request."""
    pdf: bool = False
    large_pdf: bool = False
    """Whether one may be larger than DOCUMENT_BYTES."""
    family: str = OTHER


TEXT_ONLY = Abilities()


def abilities(model_id: str, profile: Mapping[str, object] | None) -> Abilities:
    """What langchain's profile of a foundation model says; a model that has none reads text only."""
    if not profile:
        return TEXT_ONLY
    family = CLAUDE if "anthropic.claude" in model_id else NOVA if "amazon.nova" in model_id else OTHER
    images = IMAGES_OF_NOVA_2 if "amazon.nova-2" in model_id else IMAGES
    return Abilities(
        images=images if profile.get("image_inputs") else 0,
        pdf=bool(profile.get("pdf_inputs")),
        large_pdf=family == NOVA or (family == CLAUDE and "claude-3" not in model_id),
        family=family,
    )


@dataclass(frozen=True)
class Native:
    """A file that goes to the model as it is, and is read when it does.

    Attributes:
        name: what the model knows it by, which says nothing that the person, or whoever made the file, wrote.
        most: no model makes more tokens of it.
        cites: whether citations are asked for, without which Claude sees no page of a PDF.
    """

    file: File
    name: str
    most: int
    cites: bool
    load: Load = field(repr=False, compare=False)


@dataclass(frozen=True)
class Result:
    """A passage that goes to a model which cites by itself, in blocks that it cites as a whole."""

    title: str = field(repr=False)
    blocks: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Content:
    """A message with files: its text, the texts of files among it, and the files that go as they are.

    With passages of documents as well, for a model that takes them apart from the text.
    """

    text: str = field(repr=False)
    natives: tuple[Native, ...] = ()
    results: tuple[Result, ...] = ()


Said = str | Content
"""What a message says: text, or text with files."""


def text_in(said: Said) -> str:
    """All that a message says in words."""
    return said if isinstance(said, str) else said.text


def with_text(said: Said, text: str) -> Said:
    """The message with another text."""
    return text if isinstance(said, str) else replace(said, text=text)


def natives_in(said: Said) -> tuple[Native, ...]:
    """The files in a message that go as they are."""
    return () if isinstance(said, str) else said.natives


def results_in(said: Said) -> tuple[Result, ...]:
    """The passages in a message that go apart from its text."""
    return () if isinstance(said, str) else said.results


def words_in(said: Said) -> list[str]:
    """All texts that a message consists of: its own, and those of its passages."""
    passages = results_in(said)
    return [text_in(said), *(each.title for each in passages), *(b for each in passages for b in each.blocks)]


class UnfitFileError(Exception):
    """The model cannot read a file that was just attached; `reason` is a key of `texts.REFUSALS`."""

    def __init__(self, reason: str, file: File) -> None:
        super().__init__(reason)
        self.reason = reason
        self.file = file


@dataclass(frozen=True)
class Reading:
    """How a model is given files: what it can read, how many tokens of files, and where they are read."""

    able: Abilities
    tokens: int
    load: Load
    read: Read


@dataclass(frozen=True)
class Question:
    """A question as it was asked, with its files."""

    text: str = field(repr=False)
    files: Files = ()


@dataclass
class _Room:
    """What is left of a request's limits."""

    able: Abilities
    tokens: int
    images: int = field(init=False)
    documents: int = DOCUMENTS_OF_A_MESSAGE
    pages: int = PDF_PAGES
    bytes: int = REQUEST_BYTES

    def __post_init__(self) -> None:
        self.images = self.able.images

    def takes(self, file: File) -> bool:
        """Whether the file goes as it is; what it takes is not there any more then."""
        tokens = estimate(file)
        if tokens > self.tokens or file.bytes > self.bytes:
            return False
        if file.is_image:
            if not self.images:
                return False
            self.images -= 1
        else:
            if not _is_native(self.able, file) or not self.documents or file.pages > self.pages:
                return False
            self.documents -= 1
            self.pages -= file.pages
        self.tokens -= tokens
        self.bytes -= file.bytes
        return True

    def text_bytes(self, file: File) -> int:
        """How much of a file's text there is room for, which is not there any more then; 0 for none."""
        most = min(file.text_bytes, self.tokens * BYTES_PER_TOKEN)
        if most < min(file.text_bytes, LEAST_TEXT_BYTES) or not most:
            return 0
        self.tokens -= math.ceil(most / BYTES_PER_TOKEN)
        return most


def check(able: Abilities, files: Files) -> None:
    """Raises UnfitFileError for a file that the model can read in no way."""
    for file in files:
        if file.is_image and not able.images:
            raise UnfitFileError("cannot_see", file)
        if not file.is_image and not file.text_bytes and not _is_native(able, file):
            raise UnfitFileError("no_text", file)


def plan(able: Abilities, files: Files, tokens: int) -> dict[str, str]:
    """How each file of a new question goes, by id: empty when as it is, TEXT, CUT or LEFT_OUT."""
    return {file_id: how for file_id, (how, _) in _planned(able, [Question("", files)], tokens).items()}


def contents(reading: Reading, questions: Sequence[Question]) -> list[Said]:
    """What goes to the model for questions, the oldest first."""
    able = reading.able
    planned = _planned(able, questions, reading.tokens)
    said: list[Said] = []
    number = 0
    for question in questions:
        texts: list[str] = []
        natives: list[Native] = []
        for file in question.files:
            number += 1
            name = f"{'Image' if file.is_image else 'Document'} {number} ({file.kind})"
            how, most = planned[file.id]
            if how == "":
                cites = able.family == CLAUDE and not file.is_image
                natives.append(Native(file, name, most_tokens(able, file), cites, reading.load))
                texts.append(f"({name} is attached.)")
            elif how == LEFT_OUT:
                texts.append(f"({name} was attached and is not sent.)")
            else:
                texts.append(_quoted(name, reading.read(file, most), cut=how == CUT))
        whole = "\n\n".join(filter(None, [*texts, question.text]))
        said.append(Content(whole, tuple(natives)) if natives else whole)
    return said


def _planned(able: Abilities, questions: Sequence[Question], tokens: int) -> dict[str, tuple[str, int]]:
    """For each file how it goes, and how many bytes of its text; the newest question's are served first."""
    room = _Room(able, tokens)
    found: dict[str, tuple[str, int]] = {}
    for question in reversed(questions):
        for file in question.files:
            room.tokens = max(0, room.tokens - LINE_TOKENS)
            if room.takes(file):
                found[file.id] = ("", 0)
            elif most := room.text_bytes(file):
                found[file.id] = (TEXT if most == file.text_bytes else CUT, most)
            else:
                found[file.id] = (LEFT_OUT, 0)
    return found


def most_tokens(able: Abilities, file: File) -> int:
    """The most tokens that a file which goes as it is can be charged for."""
    if not file.is_image:
        return file.pages * PAGE_IMAGE_TOKENS + max(file.pages * PAGE_TEXT_TOKENS, file.tokens)
    if able.family == CLAUDE:
        patches = math.ceil(file.width / CLAUDE_PATCH_PIXELS) * math.ceil(file.height / CLAUDE_PATCH_PIXELS)
        return min(patches, CLAUDE_IMAGE_TOKENS)
    sides = max(file.width, NOVA_LEAST_PIXELS) * max(file.height, NOVA_LEAST_PIXELS)
    least = 0 if able.family == NOVA else IMAGE_TOKENS
    return max(least, math.ceil(sides / NOVA_PIXELS_PER_TOKEN))


def block(native: Native, content: object) -> dict[str, object]:
    """The content block of Converse for a file that goes as it is."""
    if native.file.is_image:
        return {"image": {"format": native.file.kind, "source": {"bytes": content}}}
    document: dict[str, object] = {
        "format": native.file.kind,
        "name": native.name,
        "source": {"bytes": content},
    }
    if native.cites:
        # Without it Claude gets the text of a PDF only, and none of its pages:
        # https://docs.claude.com/en/docs/build-with-claude/pdf-support#amazon-bedrock-pdf-support
        document["citations"] = {"enabled": True}
    return {"document": document}


def _is_native(able: Abilities, file: File) -> bool:
    if file.kind != "pdf" or not able.pdf or not 0 < file.pages <= PDF_PAGES:
        return False
    return able.large_pdf or file.bytes <= DOCUMENT_BYTES


def estimate(file: File) -> int:
    """A guess of the tokens of a file that goes as it is."""
    if file.is_image:
        return IMAGE_ESTIMATE
    return file.pages * PAGE_ESTIMATE + math.ceil(file.text_bytes / BYTES_PER_TOKEN)


def _quoted(name: str, text: str, *, cut: bool) -> str:
    """A file's text as the model reads it; nothing in it can pass for the end of it."""
    inside = text.replace("</document>", "</ document>")
    note = "\n(The document goes on here; only its beginning is sent.)" if cut else ""
    return f'<document name="{name}">\n{inside}{note}\n</document>'


def neutral(name: str) -> str:
    """A file's name in a text for a model: letters, digits and what joins them."""
    return " ".join("".join(sign if sign.isalnum() or sign in " .-_()" else " " for sign in name).split())
