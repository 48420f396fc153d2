"""What a file is, by its content: also where its name, or part of its content, says something else."""

import pytest

from gradio_app.documents import kinds
from gradio_app.documents.kinds import Kind, kind_of
from tests.gradio_app.documents import samples

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PROGRAM = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + b"\0" * 200
MAIL = b"From: a@example.com\r\nSubject: Hi\r\n\r\nHello"
ZIPPED = samples.packed({"a.txt": "nothing of Office"})
ENCRYPTED_OFFICE = kinds.COMPOUND_FILE + b"\0" * 500 + kinds.ENCRYPTED + b"\0" * 500
WITH_MACROS = (
    '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
)
MACROS = samples.repacked(
    samples.word(),
    {"[Content_Types].xml": WITH_MACROS},
)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (samples.image("PNG"), "a.exe", kinds.PNG),
        (samples.image("JPEG"), "foto", kinds.JPEG),
        (samples.image("GIF"), "a.txt", kinds.GIF),
        (samples.image("WEBP"), "a.png", kinds.WEBP),
        (samples.pdf("Hi"), "a.docx", kinds.PDF),
        (b"\n " + samples.pdf("Hi"), "a", kinds.PDF),
        (b"\0\1\2 mail header" + samples.pdf("Hi"), "a.pdf", kinds.PDF),
        (samples.word(), "تقرير 👩‍🚀.zip", kinds.DOCX),
        (samples.slides(), "a.docx", kinds.PPTX),
        (samples.workbook(), "a.csv", kinds.XLSX),
        (ENCRYPTED_OFFICE, "a.xlsx", kinds.XLSX),
        ("a;b\n1;2", "año.CSV", kinds.CSV),
        ("a\tb", "a.tsv", kinds.CSV),
        (samples.web_page(), "a.txt", kinds.HTML),
        ("<p>no doctype", "a.htm", kinds.HTML),
        ("<?xml version='1.0'?>\n<!-- a --><!-- b -->\n<!DOCTYPE html>", "", kinds.HTML),
        ("<html>{{ body }}", "template.vue", kinds.CODE),
        (samples.MARKDOWN, "README.md", kinds.MARKDOWN),
        (samples.ARABIC + samples.EMOJI, "a", kinds.TEXT),
        ("A text that speaks of %PDF-1.7", "a.txt", kinds.TEXT),
        ("A letter", "report.pdf", kinds.TEXT),
        ("A letter", "photo.png", kinds.TEXT),
        ("\ufeffmarked", "a.txt", kinds.TEXT),
        ("print('hola')", "main.py", kinds.CODE),
        (SVG, "picture.svg", kinds.CODE),
        (SVG, "picture.png", kinds.TEXT),
        (MAIL, "a.eml", kinds.EMAIL),
        (MAIL + b"\x9d\x81 in no encoding", "a.eml", kinds.EMAIL),
        (samples.mail(), "a.eml", kinds.EMAIL),
        ("no header at all", "a.eml", kinds.TEXT),
        (samples.SUBTITLES, "a.txt", kinds.WEBVTT),
        ("1\n00:00:01,000 --> 00:00:02,000\nHi", "a.srt", kinds.SUBRIP),
        (samples.SPANISH.encode("cp1252"), "a.txt", kinds.TEXT),
        (samples.ARABIC.encode("utf-16"), "a.txt", kinds.TEXT),
    ],
    ids=samples.named,
)
def test_a_file_is_known_by_its_content(content: bytes | str, name: str, kind: Kind) -> None:
    assert kind_of(content.encode() if isinstance(content, str) else content, name) is kind


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.txt"),
        (b" \n\t", "a.txt"),
        (b"\xef\xbb\xbf", "a.txt"),
        (PROGRAM, "letter.txt"),
        (PROGRAM, "photo.png"),
        (PROGRAM, "mail.eml"),
        (b"\x7fELF\x02\x01\x01\0" + b"\0" * 100, "a.pdf"),
        (b"text \0 with a NUL", "a.txt"),
        (b"colours \x1b[31m", "a.log"),
        ("half a text".encode("utf-16-le"), "a.txt"),
        (b"\xff\xfe\0", "a.txt"),
        (ZIPPED, "a.docx"),
        (ZIPPED[:40], "a.docx"),
        (MACROS, "a.docx"),
        (b"PK\x03\x04" + b"\xff" * 200, "a.docx"),
        (kinds.COMPOUND_FILE + b"\0" * 500, "old.doc"),
        (ENCRYPTED_OFFICE, "old.doc"),
        (ENCRYPTED_OFFICE, "a.pdf"),
        (kinds.COMPOUND_FILE + b"\0" * 500, "a.xlsx"),
        (b"{\\rtf1 a}", "a.txt"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a.webp"),
    ],
    ids=samples.named,
)
def test_what_is_no_kind_of_ours_is_refused(content: bytes, name: str) -> None:
    assert kind_of(content, name) is None


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_an_image_cut_short_is_refused(form: str) -> None:
    whole = samples.image(form)
    for length in (12, 13, len(whole) // 2, len(whole) - 3):
        assert kind_of(whole[:length], "a.png") is None


def test_an_image_with_something_behind_it_is_that_image() -> None:
    assert kind_of(samples.image("PNG") + ZIPPED, "a.docx") is kinds.PNG
    assert kind_of(samples.image("JPEG") + b"<script>alert(1)</script>", "a.html") is kinds.JPEG


def test_no_content_makes_it_slow() -> None:
    """Each of these would take minutes, were it not read in one pass."""
    assert kind_of(b"<!-- -->" * 600, "a.html") is kinds.HTML
    assert kind_of(b"<!--" * 1_000_000, "a.txt") is kinds.TEXT
    assert kind_of(b"PK\x03\x04" * 1_000_000, "a.docx") is None
    assert kind_of(b"[Content_Types].xml" * 300_000, "a.txt") is kinds.TEXT
    assert kind_of(samples.packed({"[Content_Types].xml": b"x" * 50_000_000}), "a.docx") is None
    assert kind_of("é".encode("cp1252") * 2_000_000, "a.txt") in (kinds.TEXT, None)


def test_every_kind_has_what_its_use_needs() -> None:
    for kind in kinds.KINDS:
        assert kind.is_image == kind.media_type.startswith("image/")
        assert not (kind.document_format and kind.image_format)
        assert kinds.BY_NAME[kind.name] is kind
        assert all(kinds.BY_EXTENSION[extension] is kind for extension in kind.extensions)
