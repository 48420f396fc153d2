"""docs/security.md lists what is asked and where it is shown; the marks on the tests say the same."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradio_app import settings
from gradio_app.chat.asking import QUESTION_CHARACTERS
from gradio_app.chat.attachments import FILE_BYTES
from gradio_app.chat.inputs import REQUEST_BYTES
from gradio_app.chat.sending import SENT_BYTES
from gradio_app.chat.turns import ANSWERS_AT_ONCE
from gradio_app.connections import HEAD_SECONDS
from gradio_app.conversations import catching_up, exports, importing, searching, words
from gradio_app.gate import limits, shares
from gradio_app.gate.events import DEEPEST, MOST_VALUES
from gradio_app.gate.joined import EVENTS_PER_USER, STREAMS_PER_USER
from gradio_app.library import additions, fetching, uploads
from gradio_app.library.document import DOCUMENT_BYTES
from gradio_app.page.build import EVENTS_AT_ONCE, EVENTS_WAITING
from gradio_app.page.files_route import READ_AT_ONCE
from gradio_app.pages import forms
from gradio_app.sessions.departures import DEPARTURE_SECONDS
from gradio_app.sessions.sessions import CACHE_SECONDS, CHECK_SECONDS
from gradio_app.sessions.throttle import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, WINDOW_SECONDS
from gradio_app.settings import Settings
from gradio_app.store import said, sharing, temporary
from gradio_app.store.files import UPLOADED_BYTES, UPLOADS

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "security.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$", re.MULTILINE)
REASONS = ("Chosen:", "Does not apply:", "Partly:", "Documented:")
"""How an item's line begins that no test shows."""


def marked() -> dict[str, set[str]]:
    """For each item, the files with a test that is marked with it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for item in _items(ast.parse(path.read_text(encoding="utf-8"))):
            found[item].add(path.relative_to(TESTS).as_posix())
    return found


def _items(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(attr="asvs"), args=[*values]):
                yield from (str(value.value) for value in values if isinstance(value, ast.Constant))


def rows() -> list[tuple[str, str, str, set[str]]]:
    """Item, what it asks, how it is met, and the files that are named for it."""
    return [
        (item, asked, met, set(re.findall(r"`([^`]+)`", where)))
        for item, asked, met, where in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    ]


def test_the_table_names_the_tests_that_there_are() -> None:
    assert {item: files for item, _, _, files in rows() if files} == marked()


def test_what_no_test_shows_has_a_reason() -> None:
    for item, _, met, files in rows():
        assert files or met.startswith(REASONS), item


def test_items_are_in_order_and_each_is_there_once() -> None:
    numbers = [tuple(map(int, item.split("."))) for item, _, _, _ in rows()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 70


MINUTE, HOUR, DAY, KIB, MIB, MB = 60, 3600, 24 * 3600, 2**10, 2**20, 10**6
LIFETIMES = {
    "Session without use": [Settings.session_idle_minutes],
    "Session in any case": [Settings.session_max_hours],
    "Until a disabled or deleted user is out": [CHECK_SECONDS / MINUTE],
    "Until other tasks notice a sign-out": [CACHE_SECONDS],
    "A single sign-on under way": [DEPARTURE_SECONDS / MINUTE],
}
LIMITS = {
    "Failed sign-ins and codes per account": [FAILURES_PER_ACCOUNT, WINDOW_SECONDS / MINUTE, 429],
    "Failed sign-ins and codes per address (IPv6: per /64)": [FAILURES_PER_ADDRESS, WINDOW_SECONDS / MINUTE],
    "Codes of single sign-on that the pool refuses, per address": [
        FAILURES_PER_ADDRESS,
        WINDOW_SECONDS / MINUTE,
    ],
    "Requests per address": [],
    "A request's line and headers": [limits.HEAD_BYTES / KIB, limits.HEAD_FIELDS, HEAD_SECONDS],
    "A request's body": [
        limits.BODIES.seconds,
        limits.BODIES.each,
        limits.BODIES.places,
        limits.BODIES.held_bytes / MIB,
    ],
    "A file": [
        FILE_BYTES / MB,
        limits.UPLOADS.seconds,
        limits.UPLOADS.each,
        limits.UPLOADS.places,
        limits.UPLOADS.held_bytes / MIB,
        READ_AT_ONCE,
    ],
    "Files that wait to be sent, per user": [UPLOADS, UPLOADED_BYTES / MB],
    "Files on their way to models": [REQUEST_BYTES / MB, SENT_BYTES / MB],
    "A form": [limits.FORM_BYTES / KIB, forms.MOST_FIELDS, limits.ASSISTANT_FORM_BYTES / KIB],
    "A form with documents": [
        limits.DOCUMENT_FORM_BYTES // MB,
        limits.DOCUMENT_FORM_BYTES % MB / KIB,
        uploads.FILES,
        uploads.FIELDS,
        limits.UPLOADS.each,
        limits.UPLOADS.places,
        limits.UPLOADS.held_bytes / MIB,
        additions.ADDING,
    ],
    "Documents of a library": [Settings.library_files, Settings.library_megabytes, Settings.library_pages],
    "A web page that is added": [
        DOCUMENT_BYTES / MB,
        fetching.SECONDS,
        fetching.REDIRECTS,
        additions.FETCHING,
    ],
    "Conversations that are saved as a file": [exports.OF_A_PERSON, exports.OF_ALL, 429],
    "What a search reads": [
        said.READ,
        words.ASKED,
        said.READ,
        searching.MOST,
        searching.MOST,
        catching_up.THREADS,
        catching_up.PEOPLE,
    ],
    "A file of conversations": [importing.IMPORT_BYTES / MB, importing.CONVERSATIONS, importing.MESSAGES],
    "Copies that one user shares": [sharing.SHARES, sharing.SHARED_TURNS, sharing.SHARED_BYTES / MB],
    "Requests that delete conversations, per user": [1],
    "An event of the chat": [limits.EVENT_BYTES / KIB, MOST_VALUES, DEEPEST],
    "Requests at once per user": [shares.AT_ONCE, shares.IN_LINE, 429],
    "Events of a user in the queue": [EVENTS_PER_USER, 429],
    "Open streams per user": [STREAMS_PER_USER, 429],
    "A message": [QUESTION_CHARACTERS],
    "Answers at once per user": [ANSWERS_AT_ONCE, ANSWERS_AT_ONCE],
    "Answers at once per task": [Settings.answers_at_once, settings.ANSWERS_AT_ONCE[1]],
    "Temporary conversations": [
        temporary.PER_PERSON,
        temporary.BYTES / MB,
        temporary.ALL_BYTES / MB,
        temporary.IDLE_SECONDS / MINUTE,
    ],
    "Tokens per user and day": [Settings.daily_token_budget],
    "Events at once per task": [EVENTS_AT_ONCE, EVENTS_WAITING],
}


@pytest.mark.parametrize(("heading", "code"), [("Limits", LIMITS), ("Sessions", LIFETIMES)])
def test_the_document_says_the_numbers_of_the_code(heading: str, code: dict[str, list[float]]) -> None:
    """In their order; what has no line in the code is AWS's, and stands in a template."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    told = dict(re.findall(r"^\| (.+?) \| (.+?) \|", section, re.MULTILINE))
    numbers = {
        what: [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", told[what])] for what in code
    }
    assert numbers == code
    if heading == "Limits":
        assert set(told) == {*code, "What"}
