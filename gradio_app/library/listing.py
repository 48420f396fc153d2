"""What the page of documents shows of a library: lines for a template, in one language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from gradio_app.language import day, number
from gradio_app.library.document import UNFINISHED, Counts, Document, Quotas, State
from gradio_app.store.library import Place

MEGABYTE = 1_000_000
WORKING = (State.ARRIVING, State.WAITING, State.READING, State.EMBEDDING)


@dataclass(frozen=True)
class Line:
    """One document: `state` is for the eye of the style, `doing` the sentence."""

    document: Document = field(repr=False)
    url: str
    doing: str
    state: str
    about: str
    collection: str


def lines(
    documents: Sequence[Document],
    library_id: str,
    collections: Mapping[str, str],
    texts: Mapping[str, str],
    lang: str,
) -> list[Line]:
    """One for each document."""
    return [
        Line(
            document=each,
            url=f"/documents/document?{urlencode({'library': library_id, 'id': each.id})}",
            doing=doing(each, texts, lang),
            state="working" if each.state in UNFINISHED else str(each.state),
            about=about(each, texts, lang),
            collection=collections.get(each.collection, ""),
        )
        for each in documents
    ]


def is_unfinished(documents: Sequence[Document]) -> bool:
    """Whether one of them will look different soon."""
    return any(each.state in UNFINISHED for each in documents)


def doing(document: Document, texts: Mapping[str, str], lang: str) -> str:
    """One sentence on what becomes of a document."""
    if document.state is State.REFUSED:
        return texts["doc_refused"] + " " + texts.get(f"refused_{document.reason}", texts["refused_broken"])
    if document.delayed and document.state in WORKING:
        return texts["doc_delayed"]
    if document.state is State.EMBEDDING:
        if document.at_page and document.pages:
            return _filled(texts["doc_page"], lang, page=document.at_page, pages=document.pages)
        return _filled(texts["doc_part"], lang, done=document.done, total=document.total)
    if document.state is State.READY and document.cut:
        return texts["doc_cut"]
    return texts[f"doc_{document.state}"]


def about(document: Document, texts: Mapping[str, str], lang: str) -> str:
    """Its size and day: `3 pages, 1.2 MB, 2026-11-29`."""
    told = []
    if document.pages:
        pages = texts["page_one" if document.pages == 1 else "pages_many"]
        told.append(_filled(pages, lang, pages=document.pages))
    told.append(size(document.bytes, lang))
    told.append(day(datetime.fromtimestamp(document.added_at / 1000, UTC).date(), lang))
    return ", ".join(told)


def size(count: int, lang: str) -> str:
    """Bytes for people, in decimal units; less than one is told as one."""
    if count < MEGABYTE:
        return f"{max(1, round(count / 1000))} kB"
    return f"{number(count / MEGABYTE, lang, 1)} MB"


def room(counts: Counts, quotas: Quotas, texts: Mapping[str, str], lang: str) -> str:
    """How much of the library's room is taken; counts are never told as less than nothing."""
    return _filled(
        texts["room"],
        lang,
        files=counts.files,
        most_files=quotas.files,
        megabytes=-(-counts.bytes // MEGABYTE),
        most_megabytes=quotas.bytes // MEGABYTE,
        pages=counts.pages,
        most_pages=quotas.pages,
    )


def _filled(sentence: str, lang: str, **counts: int) -> str:
    return sentence.format(**{name: number(count, lang) for name, count in counts.items()})


def place_text(place: Place | None) -> str:
    """Where a list goes on, as an address has it."""
    return f"{place.added_at}-{place.document_id}" if place else ""


def place_of(text: str) -> Place | None:
    """The place of such a text; None for any other."""
    added_at, _, document_id = text.partition("-")
    is_place = added_at.isascii() and added_at.isdigit() and len(added_at) <= 15 and len(document_id) == 64
    return Place(int(added_at), document_id) if is_place else None
