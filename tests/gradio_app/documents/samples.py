"""Small documents of each kind, made when they are needed, with text in three scripts."""

import io
import zipfile
from email.message import EmailMessage
from typing import Any

import docx
import pptx
import xlsxwriter
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

ENGLISH = "The invoice is due within thirty days."
SPANISH = "El señor Núñez pidió piñas según el año pasado: 25 €."
ARABIC = "الوثيقة بالعربية"
EMOJI = "ready 👩‍🚀🇪🇸"
TEXTS = (ENGLISH, SPANISH, ARABIC, EMOJI)


def image(form: str) -> bytes:
    stream = io.BytesIO()
    Image.radial_gradient("L").resize((40, 30)).convert("RGB").save(stream, form)
    return stream.getvalue()


def pdf(*pages: str, password: str | None = None, bookmarks: tuple[str, ...] = ()) -> bytes:
    """A page for each text; PDF's own fonts have Western letters only."""
    stream = io.BytesIO()
    encryption = StandardEncryption(password) if password else None
    canvas = Canvas(stream, encrypt=encryption, invariant=True)
    for number, text in enumerate(pages):
        if number < len(bookmarks):
            canvas.bookmarkPage(str(number))
            canvas.addOutlineEntry(bookmarks[number], str(number))
        lines = canvas.beginText(72, 720)
        lines.textLines(text)
        canvas.drawText(lines)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def word() -> bytes:
    """Two headings, paragraphs, a list and a table."""
    document = docx.Document()
    document.add_heading("Manual", 1)
    document.add_paragraph(ENGLISH)
    document.add_heading("Instalación", 2)
    document.add_paragraph(SPANISH)
    document.add_paragraph(ARABIC, style="List Bullet")
    table = document.add_table(rows=0, cols=2)
    for cells in (("Part", "Price"), ("A-100", "25 €"), ("B|7", EMOJI)):
        for cell, text in zip(table.add_row().cells, cells, strict=True):
            cell.text = text
    document.add_heading("Fin", 1)
    document.add_paragraph("The end.")
    return _saved(document)


def slides() -> bytes:
    """Two slides, the first with notes, the second with a table."""
    presentation = pptx.Presentation()
    first: Any = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Resumen"
    first.placeholders[1].text_frame.text = SPANISH
    first.notes_slide.notes_text_frame.text = "Say hello in Arabic: " + ARABIC
    second: Any = presentation.slides.add_slide(presentation.slide_layouts[5])
    second.shapes.title.text = "Prices " + EMOJI
    table = second.shapes.add_table(2, 2, 0, 0, 99999, 99999).table
    for (row, column), text in {(0, 0): "Part", (0, 1): "Price", (1, 0): "A-100", (1, 1): "25 €"}.items():
        table.cell(row, column).text = text
    return _saved(presentation)


def workbook(rows: int = 3) -> bytes:
    """Two sheets; the first begins in its third row."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("Año 2026")
        sheet.write_row(2, 0, ["Part", "Price", "When"])
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for row in range(rows):
            sheet.write_row(3 + row, 0, [f"A-{row}", 25 + row / 2])
            sheet.write_number(3 + row, 2, 46355 + row, date)
        other = book.add_worksheet("Otra")
        other.write_row(0, 0, TEXTS)
    return stream.getvalue()


def mail() -> bytes:
    message = EmailMessage()
    message["From"] = "Núñez <nunez@example.com>"
    message["To"] = "team@example.com"
    message["Subject"] = "Piñas " + EMOJI
    message["Date"] = "Sun, 29 Nov 2026 09:00:00 +0000"
    message.set_content(SPANISH + "\n" + ARABIC)
    message.add_alternative(f"<p>{SPANISH}</p>", subtype="html")
    message.add_attachment(b"\0", maintype="application", subtype="x-thing", filename="año.bin")
    return message.as_bytes()


def web_page() -> str:
    return f"""<!DOCTYPE html><html lang="es"><head><title>Not shown</title><style>p {{}}</style></head><body>
        <h1>Guía</h1><p>{SPANISH}<br>Second line</p><script>alert("never")</script>
        <h2>Prices</h2><table><tr><th>Part<th>Price<tr><td>A-100<td>25 €</table>
        <ul><li>{ARABIC}<li>{EMOJI}</ul><pre>a  b
  c</pre><h2>Fin</h2><div>One<div>Two</div>Three</div></body></html>"""


SUBTITLES = f"""WEBVTT

NOTE nobody says this

00:00:01.000 --> 00:00:04.000
<v Ana>{SPANISH}

2
00:00:59.000 --> 00:01:04.000 align:start
{ENGLISH}
twice

00:01:05.000 --> 00:01:06.000
{ARABIC}
"""

MARKDOWN = f"""Before

# Guía `uno`

{SPANISH}

```
# no heading
```

Two
---

{ARABIC} {EMOJI}
"""


def packed(parts: dict[str, bytes | str]) -> bytes:
    """An archive of these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def repacked(content: bytes, changed: dict[str, bytes | str]) -> bytes:
    """The same archive with other parts in it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return packed({name: archive.read(name) for name in archive.namelist()} | changed)


def _saved(document: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def scan() -> bytes:
    """A page that is a picture."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(image("PNG"))).save(stream, "PDF")
    return stream.getvalue()


def pdf_of_characters(text: str) -> bytes:
    """A page whose font has no shapes, and says which character each of its codes stands for."""
    codes = {character: code for code, character in enumerate(dict.fromkeys(text), start=1)}
    mapped = "\n".join(
        f"<{code:04x}> <{character.encode('utf-16-be').hex()}>" for character, code in codes.items()
    )
    to_unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{mapped}\nendbfchar\nendcmap end end"
    )
    shown = "".join(f"{codes[character]:04x}" for character in text)
    return pdf_of_objects(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9000 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        _stream(f"BT /F 9 Tf 9 50 Td <{shown}> Tj ET"),
        "<</Type/Font/Subtype/Type0/BaseFont/None/Encoding/Identity-H/ToUnicode 7 0 R"
        "/DescendantFonts[6 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/None/DW 600/CIDSystemInfo"
        "<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        _stream(to_unicode),
    )


def pdf_of_objects(*objects: str | bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    content, places = b"%PDF-1.7\n", []
    for number, value in enumerate(objects, start=1):
        places.append(len(content))
        body = value.encode() if isinstance(value, str) else value
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(content))
    return content + table + end


def _stream(text: str) -> str:
    return f"<</Length {len(text)}>>stream\n{text}\nendstream"


WORDS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word_document(body: str) -> bytes:
    """A Word document with this XML between the tags of its body."""
    document = f"<w:document {WORDS}><w:body>{body}</w:body></w:document>"
    return repacked(word(), {"word/document.xml": document})


def word_with_everything() -> bytes:
    def run(text: str, tag: str = "t") -> str:
        return f"<w:r><w:{tag}>{text}</w:{tag}></w:r>"

    box = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice><w:txbxContent><w:p>{run('Boxed')}</w:p></w:txbxContent></mc:Choice>"
        f"<mc:Fallback><w:txbxContent><w:p>{run('Boxed')}</w:p></w:txbxContent></mc:Fallback></mc:AlternateContent>"
    )
    body = (
        f"<w:p><w:ins>{run('Inserted ')}</w:ins><w:del>{run('deleted', 'delText')}</w:del>"
        f"<w:sdt><w:sdtContent>{run('controlled')}</w:sdtContent></w:sdt>{run('PAGE', 'instrText')}</w:p>"
        f"<w:moveFrom><w:p>{run('Elsewhere')}</w:p></w:moveFrom>"
        f"<w:sdt><w:sdtContent><w:p>{run('Beside')}<w:r>{box}</w:r></w:p></w:sdtContent></w:sdt>"
        f"<w:p><w:pPr><w:numPr/></w:pPr>{run('In a list')}</w:p>"
    )
    content = word_document(body)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        relations = archive.read("word/_rels/document.xml.rels").decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    note = f'<Relationship Id="note" Type="{kind}" Target="footnotes.xml"/></Relationships>'
    return repacked(
        content,
        {
            "word/_rels/document.xml.rels": relations.replace("</Relationships>", note),
            "word/footnotes.xml": f"<w:footnotes {WORDS}><w:p>{run('Below the line')}</w:p></w:footnotes>",
        },
    )


def forwarding_mail(encoding: str) -> bytes:
    """A mail of HTML that forwards one in another encoding."""
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content(SPANISH, charset=encoding)
    outer = EmailMessage()
    outer["From"] = "a@example.com"
    outer["Subject"] = "Outer"
    outer.set_content("<p>Outer words", subtype="html")
    outer.add_attachment(inner)
    return outer.as_bytes()


def named(value: object) -> str:
    """A name for a test's case: archives differ from second to second, so contents give none."""
    return str(getattr(value, "name", "")) or "content"
