"""What a file is: known by its content, and by its name only among texts, which content cannot tell apart.

All of it is cheap and runs on hostile bytes: no archive is unpacked but for the one short list of its parts,
and no picture is decoded. A file of no kind here is refused.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from gradio_app.documents.decoding import decoded


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of file.

    `document_format` and `image_format` are Converse's names for what it takes natively, or None:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html
    """

    name: str
    media_type: str
    extensions: tuple[str, ...]
    document_format: str | None = None
    image_format: str | None = None

    @property
    def is_image(self) -> bool:
        return self.image_format is not None


CODE_EXTENSIONS = (
    ".py", ".js", ".mjs", ".ts", ".jsx", ".tsx", ".vue", ".java", ".kt", ".scala", ".c", ".h", ".cc",
    ".cpp", ".hpp", ".cs", ".go", ".rs", ".swift", ".rb", ".php", ".pl", ".lua", ".r", ".jl", ".sh",
    ".bash", ".ps1", ".bat", ".sql", ".css", ".scss", ".json", ".jsonl", ".yaml", ".yml", ".toml",
    ".ini", ".cfg", ".conf", ".properties", ".xml", ".xsd", ".svg", ".tf", ".proto", ".graphql", ".tex",
    ".ipynb", ".diff", ".patch",
)  # fmt: skip

OPEN_XML = "application/vnd.openxmlformats-officedocument."

PNG = Kind(name="png", media_type="image/png", extensions=(".png",), image_format="png")
JPEG = Kind(name="jpeg", media_type="image/jpeg", extensions=(".jpg", ".jpeg"), image_format="jpeg")
WEBP = Kind(name="webp", media_type="image/webp", extensions=(".webp",), image_format="webp")
GIF = Kind(name="gif", media_type="image/gif", extensions=(".gif",), image_format="gif")
PDF = Kind(name="pdf", media_type="application/pdf", extensions=(".pdf",), document_format="pdf")
DOCX = Kind(
    name="docx",
    media_type=OPEN_XML + "wordprocessingml.document",
    extensions=(".docx",),
    document_format="docx",
)
PPTX = Kind(name="pptx", media_type=OPEN_XML + "presentationml.presentation", extensions=(".pptx",))
XLSX = Kind(
    name="xlsx", media_type=OPEN_XML + "spreadsheetml.sheet", extensions=(".xlsx",), document_format="xlsx"
)
CSV = Kind(name="csv", media_type="text/csv", extensions=(".csv", ".tsv"), document_format="csv")
HTML = Kind(name="html", media_type="text/html", extensions=(".html", ".htm"), document_format="html")
MARKDOWN = Kind(name="md", media_type="text/markdown", extensions=(".md", ".markdown"), document_format="md")
TEXT = Kind(name="txt", media_type="text/plain", extensions=(".txt", ".text", ".log"), document_format="txt")
EMAIL = Kind(name="eml", media_type="message/rfc822", extensions=(".eml",))
WEBVTT = Kind(name="vtt", media_type="text/vtt", extensions=(".vtt",), document_format="txt")
SUBRIP = Kind(name="srt", media_type="application/x-subrip", extensions=(".srt",), document_format="txt")
CODE = Kind(
    name="code",
    media_type="text/plain",
    extensions=CODE_EXTENSIONS,
    document_format="txt",
)

KINDS = (
    PNG, JPEG, WEBP, GIF, PDF, DOCX, PPTX, XLSX, CSV, HTML, MARKDOWN, TEXT, EMAIL, WEBVTT, SUBRIP, CODE,
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
BY_EXTENSION = {extension: kind for kind in KINDS for extension in kind.extensions}

OFFICE = {
    OPEN_XML.encode() + b"wordprocessingml.document.main+xml": DOCX,
    OPEN_XML.encode() + b"presentationml.presentation.main+xml": PPTX,
    OPEN_XML.encode() + b"spreadsheetml.sheet.main+xml": XLSX,
}
"""The main part's type, as the package says it; templates and files with macros say another one."""

CONTENT_TYPES = re.compile(
    rb"PK\x03\x04.{4}(..).{16}\x13\0(..)\[Content_Types\]\.xml",
    re.DOTALL,
)
"""The local header of that part: its method of compression, the length of its extra field, its name."""
CONTENT_TYPES_BYTES = 1024 * 1024

COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of a compound file that holds an Office file under a password (MS-OFFCRYPTO, 2.3.4.4)."""

HEADER = re.compile(
    rb"(?i)^(from|to|subject|date|received|return-path|message-id|mime-version):", re.MULTILINE
)
WEB_PAGE = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
RTF = "{\\rtf"
HEAD = 4096
"""Characters in which a text says what it is."""


def kind_of(content: bytes, name: str) -> Kind | None:
    """The kind of a file, or None: empty, visibly cut short, or of a kind that is not taken."""
    image = _image(content)
    if image is not None:
        return image[0] if image[1](content) else None
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    if content.startswith(COMPOUND_FILE):
        named = BY_EXTENSION.get(_extension(name))
        return named if named in OFFICE.values() and ENCRYPTED in content else None
    if content.lstrip(b"\xef\xbb\xbf \t\r\n\f\0").startswith(b"%PDF-"):
        return PDF
    text = decoded(content)
    if text is None:
        if _extension(name) in EMAIL.extensions and _is_mail(content):
            return EMAIL
        # A PDF may stand behind other bytes; a text that only speaks of one is a text.
        return PDF if b"%PDF-" in content[:1024] else None
    return _text(text, content, name) if text.strip() else None


def _image(content: bytes) -> tuple[Kind, Callable[[bytes], bool]] | None:
    """What begins as an image, and how to see that it has an end."""
    if content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        return PNG, lambda whole: b"IDAT" in whole and b"IEND\xaeB`\x82" in whole
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG, lambda whole: whole.rfind(b"\xff\xd9") > whole.find(b"\xff\xda") > 0
    if content.startswith((b"GIF87a", b"GIF89a")):
        return GIF, lambda whole: len(whole) > 13 and whole.rstrip(b"\0").endswith(b";")
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP, lambda whole: len(whole) > 20 and len(whole) - 8 >= struct.unpack_from("<I", whole, 4)[0]
    return None


def _office(content: bytes) -> Kind | None:
    """Which Office file an archive is, by the list of its parts' types."""
    types = _content_types(content)
    found = [kind for main, kind in OFFICE.items() if main in types]
    return found[0] if len(found) == 1 else None


def _content_types(content: bytes) -> bytes:
    """The archive's list of types, found by its local header: its directory may have millions of entries."""
    entry = CONTENT_TYPES.search(content)
    if entry is None:
        return b""
    method, extra = (int.from_bytes(field, "little") for field in entry.groups())
    packed = content[entry.end() + extra : entry.end() + extra + CONTENT_TYPES_BYTES]
    if method == zipfile.ZIP_STORED:
        return packed
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, CONTENT_TYPES_BYTES)
    except zlib.error:
        return b""


def _text(text: str, content: bytes, name: str) -> Kind | None:
    start = text[:HEAD]
    named = BY_EXTENSION.get(_extension(name))
    if start.lstrip().startswith(RTF):
        return None
    if start.startswith("WEBVTT"):
        return WEBVTT
    if named is EMAIL:
        return EMAIL if _is_mail(content) else TEXT
    if named is not CODE and _is_web_page(start):
        return HTML
    # An extension of another kind is a lie about a text: `report.pdf` with a letter in it is a letter.
    return named if named and named.document_format in ("csv", "html", "md", "txt") else TEXT


def _is_web_page(start: str) -> bool:
    """Whether the first tag is that of a page, behind an XML declaration and comments."""
    start = start.lstrip()
    while start.startswith(("<?xml", "<!--")):
        start = start.partition("-->" if start.startswith("<!--") else "?>")[2].lstrip()
    return WEB_PAGE.match(start) is not None


def _is_mail(content: bytes) -> bool:
    head = re.split(rb"\r?\n\r?\n", content[:65536], maxsplit=1)[0]
    return b"\0" not in head and HEADER.search(head) is not None


def _extension(name: str) -> str:
    return PurePath(name).suffix.lower()
