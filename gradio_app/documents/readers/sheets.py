"""Workbooks and CSV files: tables, with the rows that each section holds."""

import csv
import datetime
import io
import itertools
from collections.abc import Iterable

import python_calamine

from gradio_app.documents.collecting import Collector, one_line, table_header, table_row
from gradio_app.documents.decoding import decoded
from gradio_app.documents.readers.openxml import Package

ROWS = 50
"""Of a section: what a person finds again at a glance."""
DELIMITERS = ",;\t|"
SNIFFED_LINES = 20


def read_workbook(content: bytes, collector: Collector) -> None:
    Package(content, collector.limits)  # refuses what would not fit
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    for metadata in workbook.sheets_metadata:
        if metadata.typ == python_calamine.SheetTypeEnum.WorkSheet:
            sheet = workbook.get_sheet_by_name(metadata.name)
            rows = ([_shown(value) for value in row] for row in sheet.iter_rows())
            name = one_line(metadata.name)
            _read_rows(rows, collector, mark=f"[Sheet: {name}]", heading=name)


def read_csv(content: bytes, collector: Collector) -> None:
    text = decoded(content) or ""
    csv.field_size_limit(collector.limits.characters)
    _read_rows(
        csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)),
        collector,
        mark="",
        heading=None,
    )


def _read_rows(rows: Iterable[list[str]], collector: Collector, *, mark: str, heading: str | None) -> None:
    """The first row with text is taken for the header; rows without any are left out, and counted."""
    filled = ((number, _trimmed(row)) for number, row in enumerate(rows, start=1))
    filled = ((number, row) for number, row in filled if row)
    head = next(filled, None)
    if head is None:
        return
    header = table_header(head[1])
    start, lines = head[0], [header]
    while chunk := list(itertools.islice(filled, ROWS)):
        lines += [table_row(row) for _, row in chunk]
        rows_of = (start if start == head[0] else chunk[0][0], chunk[-1][0])
        collector.add("\n".join(lines), mark=mark, heading=heading, header=header, rows=rows_of)
        start, lines = chunk[-1][0] + 1, []
    if lines:
        collector.add(header, mark=mark, heading=heading, header=header, rows=(start, start))


def _trimmed(row: list[str]) -> list[str]:
    """Without the empty cells at its end."""
    end = max((index for index, cell in enumerate(row, start=1) if cell.strip()), default=0)
    return row[:end]


def _shown(value: object) -> str:
    """A cell as a person reads it: whole numbers without a point, midnight without a time."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat(*([" "] if isinstance(value, datetime.datetime) else []))
    return str(value)


def _delimiter(text: str) -> str:
    """What cuts the first lines into the same number of fields, and into the most of them."""
    lines = [line for line in text[: 64 * 1024].splitlines()[:SNIFFED_LINES] if line.strip()]
    counts = {mark: [line.count(mark) for line in lines] for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: (min(counts[mark], default=0), sum(counts[mark])))
