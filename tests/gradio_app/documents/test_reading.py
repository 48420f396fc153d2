"""What is read out of each kind of file, by the real child: the words, their order and their places."""

import pytest

from gradio_app.documents import kinds
from gradio_app.documents.extracted import Extracted, Reason, UnreadableError
from gradio_app.documents.extraction import extract
from gradio_app.documents.kinds import Kind
from tests.gradio_app.documents import samples
from tests.gradio_app.documents.samples import ARABIC, EMOJI, ENGLISH, SPANISH

pytestmark = pytest.mark.slow


def read(content: bytes | str, kind: Kind) -> Extracted:
    """The document; all that every document keeps to is seen on the way."""
    extracted = extract(content.encode() if isinstance(content, str) else content, kind)
    end = 0
    for section in extracted.sections:
        assert section.text == extracted.text[section.start : section.end]
        assert section.start >= end
        end = section.end
    return extracted


def places(extracted: Extracted) -> list[tuple[int | None, str | None]]:
    return [(section.page, section.heading) for section in extracted.sections]


def test_a_pdf_is_read_page_by_page_under_its_bookmarks() -> None:
    content = samples.pdf("Piñas según\nel año", "", "The third", bookmarks=("Guía", "Dos"))
    extracted = read(content, kinds.PDF)
    assert extracted.text == "[Page 1]\nPiñas según\nel año\n\n[Page 3]\nThe third"
    assert places(extracted) == [(1, "Guía"), (3, "Dos")]
    assert extracted.pages == 3
    assert not extracted.is_cut


def test_a_pdf_is_read_in_every_script() -> None:
    extracted = read(samples.pdf_of_characters(SPANISH + ARABIC + "ready 🇪🇸"), kinds.PDF)
    for word in (*SPANISH.split(), "🇪🇸"):
        assert word in extracted.text
    assert set(ARABIC) <= set(extracted.text)


def test_a_word_document_is_read_under_its_headings_with_its_tables() -> None:
    extracted = read(samples.word(), kinds.DOCX)
    assert extracted.text == "\n\n".join(
        [
            f"# Manual\n\n{ENGLISH}",
            f"## Instalación\n\n{SPANISH}\n\n{ARABIC}",
            f"| Part | Price |\n| --- | --- |\n| A-100 | 25 € |\n| B\\|7 | {EMOJI} |",
            "# Fin\n\nThe end.",
        ]
    )
    inner = "Manual > Instalación"
    assert places(extracted) == [(None, "Manual"), (None, inner), (None, inner), (None, "Fin")]
    assert [section.header for section in extracted.sections][2] == "| Part | Price |\n| --- | --- |"


def test_a_word_document_is_read_as_it_is_shown() -> None:
    """Content controls, text boxes, insertions and footnotes; no deletions, and nothing twice."""
    extracted = read(samples.word_with_everything(), kinds.DOCX)
    assert extracted.text == "\n\n".join(
        ["Inserted controlled", "Beside\nBoxed", "- In a list", "[Footnotes]\nBelow the line"]
    )


def test_slides_are_read_in_order_with_tables_and_notes() -> None:
    extracted = read(samples.slides(), kinds.PPTX)
    assert extracted.text == (
        f"[Slide 1]\n# Resumen\n\n{SPANISH}\n\nNotes: Say hello in Arabic: {ARABIC}\n\n"
        f"[Slide 2]\n# Prices {EMOJI}\n\n| Part | Price |\n| --- | --- |\n| A-100 | 25 € |"
    )
    assert places(extracted) == [(1, "Resumen"), (2, f"Prices {EMOJI}"), (2, f"Prices {EMOJI}")]
    assert extracted.pages == 2


def test_a_workbook_is_read_sheet_by_sheet_with_its_rows() -> None:
    extracted = read(samples.workbook(rows=120), kinds.XLSX)
    first, second, third, other = extracted.sections
    assert first.text.startswith(
        "| Part | Price | When |\n| --- | --- | --- |\n| A-0 | 25 | 2026-11-29 |\n| A-1 | 25.5 |"
    )
    assert (first.rows, second.rows, third.rows) == ((3, 53), (54, 103), (104, 123))
    assert second.text.startswith("| A-50 | 50 |")
    assert {section.header for section in (first, second, third)} == {
        "| Part | Price | When |\n| --- | --- | --- |"
    }
    assert extracted.text.startswith("[Sheet: Año 2026]\n|")
    assert extracted.text.count("[Sheet:") == 2
    assert (other.heading, other.rows) == ("Otra", (1, 1))
    assert EMOJI in other.text


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("Nombre,Precio\nPiña,3\n", ["| Nombre | Precio |", "| --- | --- |", "| Piña | 3 |"]),
        (
            "Nombre;Precio\nPiña;3,5\n\n;\nÑu;2,5",
            ["| Nombre | Precio |", "| --- | --- |", "| Piña | 3,5 |", "| Ñu | 2,5 |"],
        ),
        ("a\tb\n1\t2", ["| a | b |", "| --- | --- |", "| 1 | 2 |"]),
        ('a,b\n"two\nlines","x|y"\n', ["| a | b |", "| --- | --- |", "| two lines | x\\|y |"]),
        ("only one column\nعربي", ["| only one column |", "| --- |", "| عربي |"]),
    ],
)
def test_a_csv_file_is_a_table_whatever_separates_it(content: str, rows: list[str]) -> None:
    assert read(content, kinds.CSV).text == "\n".join(rows)


def test_a_web_page_is_what_it_shows() -> None:
    extracted = read(samples.web_page(), kinds.HTML)
    assert extracted.text == "\n\n".join(
        [
            f"# Guía\n\n{SPANISH}\nSecond line",
            "## Prices",
            "| Part | Price |\n| --- | --- |\n| A-100 | 25 € |",
            f"- {ARABIC}\n- {EMOJI}\n\na  b\n  c",
            "## Fin\n\nOne\n\nTwo\n\nThree",
        ]
    )
    inner = "Guía > Prices"
    assert places(extracted) == [
        (None, "Guía"), (None, inner), (None, inner), (None, inner), (None, "Guía > Fin"),
    ]  # fmt: skip


def test_a_table_for_layout_is_no_table() -> None:
    page = "<table><tr><td>Left<table><tr><td>a<td>b</table><td>Right</table>"
    assert read(page, kinds.HTML).text == "Left\n\n| a | b |\n| --- | --- |\n\nRight"


def test_markdown_stays_as_it_is_under_its_headings() -> None:
    extracted = read(samples.MARKDOWN, kinds.MARKDOWN)
    assert extracted.text == samples.MARKDOWN.strip()
    assert places(extracted) == [(None, None), (None, "Guía uno"), (None, "Guía uno > Two")]


def test_subtitles_are_read_by_the_minute() -> None:
    extracted = read(samples.SUBTITLES, kinds.WEBVTT)
    assert extracted.text == f"00:00:01 {SPANISH}\n00:00:59 {ENGLISH} twice\n\n00:01:05 {ARABIC}"
    assert places(extracted) == [(None, "00:00"), (None, "00:01")]
    assert read("1\n00:00:01,000 --> 00:00:02,000\nHi\n", kinds.SUBRIP).text == "00:00:01 Hi"


def test_a_mail_is_read_with_its_headers_and_the_names_of_what_hangs_on_it() -> None:
    extracted = read(samples.mail(), kinds.EMAIL)
    assert extracted.text.startswith(
        "From: Núñez <nunez@example.com>\nTo: team@example.com\nDate: Sun, 29 Nov 2026"
    )
    assert f"Subject: Piñas {EMOJI}\nAttachments: año.bin\n\n{SPANISH}\n{ARABIC}" in extracted.text
    assert {section.heading for section in extracted.sections} == {f"Piñas {EMOJI}"}


def test_a_mail_in_another_encoding_and_one_that_it_forwards_are_read() -> None:
    assert samples.SPANISH in read(samples.forwarding_mail("cp1252"), kinds.EMAIL).text
    assert "Outer words" in read(samples.forwarding_mail("cp1252"), kinds.EMAIL).text
    assert (
        "Hola"
        in read(b"From: a@b.c\nContent-Type: text/plain; charset=x-nobody-knows\n\nHola", kinds.EMAIL).text
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SPANISH, "cp1252"),
        ("Año, niño, cigüeña", "cp1252"),
        ("Où est l'élève ? Ça va très bien.", "cp1252"),
        (SPANISH, "mac_roman"),
        ("Съешь же ещё этих мягких французских булок", "cp1251"),
        ("Zażółć gęślą jaźń. Pchnąć w tę łódź jeża", "cp1250"),
        (ARABIC + " مرحبا بالعالم", "cp1256"),
        (EMOJI + ARABIC, "utf-16"),
        (EMOJI + ARABIC, "utf-32"),
        (EMOJI + ARABIC, "utf-8-sig"),
    ],
)
def test_a_text_is_read_in_its_encoding(text: str, encoding: str) -> None:
    assert read(text.encode(encoding), kinds.TEXT).text == text


def test_text_is_clean() -> None:
    decomposed = "an\u0303o\r\n\r\n\r\n\r\nx \t\r\ny\u2028\ufeff\U000e0041z"
    assert read(decomposed, kinds.CODE).text == "a\u00f1o\n\nx\ny\u2028z"
    assert read("<p>a&#0;b&#xD800;c&#27;d", kinds.HTML).text == "a\ufffdb\ufffdcd"


def test_the_same_file_gives_the_same_text() -> None:
    content = samples.word()
    assert extract(content, kinds.DOCX) == extract(content, kinds.DOCX)


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (samples.pdf("secret", password="open"), kinds.PDF, Reason.PASSWORD),
        (kinds.COMPOUND_FILE + kinds.ENCRYPTED, kinds.DOCX, Reason.PASSWORD),
        (kinds.COMPOUND_FILE + kinds.ENCRYPTED, kinds.XLSX, Reason.PASSWORD),
        (samples.pdf("", ""), kinds.PDF, Reason.EMPTY),
        (samples.scan(), kinds.PDF, Reason.EMPTY),
        (b"", kinds.TEXT, Reason.EMPTY),
        (b"", kinds.CSV, Reason.EMPTY),
        (b"", kinds.HTML, Reason.EMPTY),
        (samples.pdf("cut")[:300], kinds.PDF, Reason.BROKEN),
        (samples.word()[:-300], kinds.DOCX, Reason.BROKEN),
        (samples.slides()[:-300], kinds.PPTX, Reason.BROKEN),
        (samples.workbook()[:-300], kinds.XLSX, Reason.BROKEN),
        (samples.repacked(samples.word(), {"word/document.xml": "<w:document"}), kinds.DOCX, Reason.BROKEN),
        (samples.packed({"[Content_Types].xml": ""}), kinds.PPTX, Reason.BROKEN),
        (samples.image("PNG"), kinds.PNG, Reason.UNSUPPORTED),
    ],
    ids=samples.named,
)
def test_what_cannot_be_read_says_why(content: bytes, kind: Kind, reason: Reason) -> None:
    with pytest.raises(UnreadableError) as refused:
        extract(content, kind)
    assert refused.value.reason is reason
