"""The part `parsing`: whatever is brought is read, or refused in words, within the bounds; and how fast."""

import resource
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks.retrieval import books, suites
from benchmarks.retrieval.given import Given
from benchmarks.retrieval.questions import LANGUAGES
from gradio_app.chat.attachments import clean_name
from gradio_app.documents import kinds
from gradio_app.documents.extracted import UnreadableError
from gradio_app.documents.extraction import LIMITS, extract
from gradio_app.library.cutting import cut
from gradio_app.library.texts import TEXTS
from tests.gradio_app.documents import samples

READ, NO_KIND = "read", "not taken"
BINARIES = frozenset({"pdf", "docx", "pptx", "xlsx"})
"""Of the source packages only what is a document by its content is tried: their code is none."""


@dataclass(frozen=True)
class Ended:
    """How reading a file ended: READ, NO_KIND or a reason, with what the child took."""

    how: str
    cpu: float = 0.0
    wall: float = 0.0
    pages: int = 0
    passages: int = 0
    is_cut: bool = False

    @property
    def is_sound(self) -> bool:
        """Read into passages or refused with a sentence in every language, and within the bounds."""
        in_words = all(f"refused_{self.how}" in texts for texts in TEXTS.values())
        told = self.passages > 0 if self.how == READ else self.how == NO_KIND or in_words
        # The kernel ends a child in the second in which its time is up; to start and to end one takes a while
        # on a busy machine, which is no time of its.
        return told and self.cpu <= LIMITS.cpu_seconds + 1 and self.wall <= LIMITS.wall_seconds + 10


def run(given: Given) -> dict[str, Any]:
    """Measure, and print. Raises CannotMeasure."""
    by_package, missing = suites.files(given.out)
    tried: dict[str, list[tuple[str, Ended]]] = {}
    for package, files in by_package.items():
        tried[package] = [(name, ended) for name, ended in map(_tried, files) if ended.how != NO_KIND]
        _show(package, tried[package], given.each)
    if missing:
        print(f"Could not be fetched: {', '.join(missing)}")
    made = {name: _read(name, content) for name, content in _made()}
    for name, ended in made.items():
        print(f"{name:42}{_told(ended)}")
    speed = _speed(given.out)
    print(
        f"{speed['pages']} pages of the handbook as a PDF: {speed['pages_per_cpu_second']:.0f} per CPU-second"
    )
    every = [ended for files in tried.values() for _, ended in files] + list(made.values())
    unsound = sum(not ended.is_sound for ended in every)
    print(f"{len(every)} files, {unsound} of them neither read nor refused in words within the bounds")
    return {
        "suites": {package: _counted(ended for _, ended in files) for package, files in tried.items()},
        "missing": missing,
        "made": {name: vars(ended) for name, ended in made.items()},
        "speed": speed,
        "files": len(every),
        "unsound": unsound,
    }


def _tried(file: tuple[str, bytes]) -> tuple[str, Ended]:
    name, content = file
    kind = kinds.kind_of(content, name)
    if kind is None or kind.name not in BINARIES:
        return name, Ended(NO_KIND)
    return name, _read(name, content)


def _read(name: str, content: bytes) -> Ended:
    kind = kinds.kind_of(content, name)
    if kind is None:
        return Ended(NO_KIND)
    cpu, wall = _children(), time.monotonic()
    try:
        extracted = extract(content, kind)
    except UnreadableError as error:
        return Ended(str(error.reason), _children() - cpu, time.monotonic() - wall)
    cpu, wall = _children() - cpu, time.monotonic() - wall
    return Ended(READ, cpu, wall, extracted.pages or 0, len(cut(extracted)), extracted.is_cut)


def _children() -> float:
    """CPU seconds of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _made() -> Iterator[tuple[str, bytes]]:
    """Files that somebody may bring by accident or on purpose."""
    yield "500 pages.pdf", samples.pdf(*(f"Page {number}\n" + "words " * 300 for number in range(500)))
    rows = (f"{number};A-{number};Piña;3,5;2026-11-29\n" for number in range(200_000))
    yield "200,000 rows.csv", "".join(rows).encode()
    yield "a bomb of 4 GB.docx", _bomb()
    yield "a million paragraphs.docx", samples.word_document("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 1_000_000)
    yield "with a password.pdf", samples.pdf("Secret words", password="secret")  # noqa: S106
    yield "a scan.pdf", samples.scan()
    page = samples.pdf("Small words").replace(b"[ 0 0 595.2756 841.8898 ]", b"[ 0 0 2834646 2834646 ]")
    yield "a page of a kilometre.pdf", page
    for name in ("عقد الإيجار.docx", "📎🇪🇸 contract.docx"):
        if clean_name(name) != name:
            raise AssertionError(f"the library would call it {clean_name(name)}")
        yield name, samples.word()
    yield "half of it.pdf", samples.pdf("One", "Two")[:-400]


def _bomb() -> bytes:
    """A Word document of some MB whose text would be 4 GB."""
    content = BytesIO(samples.word())
    with (
        zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("word/media/text.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(4_000):
            part.write(b" " * 1_000_000)
    return content.getvalue()


def _speed(out: Path) -> dict[str, float]:
    """Pages of a PDF with the book's own text that are read in a CPU second, the child's start included."""
    words = [
        word
        for language in LANGUAGES
        for _, content in books.pages(out, language)
        for word in extract(content, kinds.HTML).text.encode("latin-1", "replace").decode("latin-1").split()
    ]
    pages = [" ".join(words[first : first + 400]) for first in range(0, len(words), 400)]
    lines = ["\n".join(page[at : at + 90] for at in range(0, len(page), 90)) for page in pages]
    ended = _read("book.pdf", samples.pdf(*lines))
    return {"pages": ended.pages, "cpu": ended.cpu, "pages_per_cpu_second": ended.pages / ended.cpu}


def _show(package: str, files: Iterable[tuple[str, Ended]], each: bool) -> None:
    files = list(files)
    counted = _counted(ended for _, ended in files)
    print(f"{package:42}{counted}")
    for name, ended in files:
        if each or not ended.is_sound:
            print(f"    {name:80}{_told(ended)}")


def _counted(ended: Iterable[Ended]) -> Mapping[str, Any]:
    every = list(ended)
    most = max((each.cpu for each in every), default=0.0)
    return {**Counter(each.how for each in every), "most CPU seconds": round(most, 2)}


def _told(ended: Ended) -> str:
    pages = f", {ended.pages} pages" if ended.pages else ""
    read = f"{pages}, {ended.passages} passages{', cut' if ended.is_cut else ''}" if ended.how == READ else ""
    return f"{ended.how}{read}, {ended.cpu:.2f} s of CPU{'' if ended.is_sound else ': NOT SOUND'}"
