"""Every address that is open takes whatever is sent to it, and answers 2xx, 3xx or 4xx: never a server error.

What there is says the application itself: the addresses, and what the links, forms and buttons of its
pages send. Gradio's own have a test of theirs (`page/test_hostile_events.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from starlette.testclient import TestClient

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.gate.access import OPEN, Access, Address
from gradio_app.library.document import EVERYBODY
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import Table
from tests.gradio_app.fakes import PAGE_VIEW
from tests.gradio_app.library.test_pages import Site, added, make_site

pytestmark = pytest.mark.slow

ENDS_THE_SESSION = ("/logout", "/logout/everywhere")
"""They take nothing."""
KEY_BYTES = 256
"""Of a sort key of ours: ids, numbers and what they belong to."""
NAME_CHARACTERS = 300
ADDRESSES = [
    each for each in OPEN if not each.path.startswith("/gradio_api/") and each.path not in ENDS_THE_SESSION
]
BY_SCRIPTS = {
    "/": {"c": "", "new": "", "page": "", "deep_link": ""},
    "/page/description": {"lang": "en", "v": ""},
    "/draft": {"conversation": "", "files": ""},
    "/temporary": {"conversation": ""},
    "/message": {"conversation": "", "turn": "1", "which": "answer"},
    "/files": {"name": "x.txt", "id": "", "conversation": "", "turn": "1"},
    "/conversations/list": {"after": ""},
    "/conversations/search": {"q": "words"},
    "/conversations/shares": {"id": "", "action": "revoke", "share": ""},
    "/shared": {"id": ""},
    "/thumb": {"conversation": "", "turn": "1", "up": "1", "reason": "", "agreed": "1"},
    "/thumbs": {"counts": "", "reasons": ""},
    "/documents/sample": {"library": ""},
    "/login/step": {"new_password": "", "repeat": "", "code": ""},
    "/login/callback": {"code": "", "state": "", "error": ""},
    "/account/authenticator/confirm": {"code": ""},
    "/account/authenticator/remove": {"password": "", "code": ""},
}
"""What no page has as a form or a link now."""
BY_QUERY = ("/draft", "/files", "/temporary", "/thumb")
"""Where the query says what the body is about."""
ODD = (
    "",
    "0" * 32,
    "x" * 1_100,
    "\N{PILE OF POO}" * 300,
    "a\x00#\N{ARABIC-INDIC DIGIT ONE}",
    "9" * 15 + "-" + "f" * 64,
    "NaN",
)
"""Nothing, what is not there, too much for a key of DynamoDB (1,024 bytes), what is no number or place."""
BODIES = (
    b"[" * 5_000,
    b"\xff\xfe",
    b"x=1&" * 400,
    b"--x\r\ncontent-disposition: form-data\r\n\r\n\xff\r\n--x--",
)
TYPES = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "")


@dataclass(frozen=True)
class Known:
    """A request as a page of ours makes it."""

    method: str
    path: str
    values: dict[str, str]


class Reader(HTMLParser):
    """Finds what a page links to and what its forms send, one request for each of their buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Known] = []
        self._form: tuple[str, str] | None = None
        self._values: dict[str, str] = {}
        self._buttons: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith("/"):
            self.known.append(known("GET", given["href"], {}))
        elif tag == "form":
            self._form = given.get("method", "get").upper(), given.get("action", "")
            self._values, self._buttons = {}, []
        elif tag in ("input", "select", "textarea") and "name" in given:
            self._values[given["name"]] = given.get("value", "")
        elif tag == "button" and "name" in given:
            self._buttons.append({given["name"]: given["value"]})

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form:
            method, action = self._form
            for button in self._buttons or [{}]:
                self.known.append(known(method, action, self._values | button))
            self._form = None


def known(method: str, address: str, values: dict[str, str]) -> Known:
    """A request to an address, whose query may have values too."""
    path, _, query = address.partition("?")
    return Known(method, path, dict(parse_qsl(query, keep_blank_values=True)) | values)


def requests_of(browser: TestClient, *paths: str) -> list[Known]:
    """What these pages, and those of them that they link to, would send."""
    found: list[Known] = []
    waiting, looked_at = [Known("GET", path, {}) for path in paths], set[tuple[str, ...]]()
    while waiting:
        page = waiting.pop()
        if page.method == "GET" and page.path in PAGES and sort(page) not in looked_at:
            looked_at.add(sort(page))
            reader = Reader()
            reader.feed(browser.get(page.path, params=page.values, headers=PAGE_VIEW).text)
            found += [replace(each, path=each.path or page.path) for each in reader.known]
            waiting += found
    return found


def sort(request: Known) -> tuple[str, ...]:
    """What tells requests apart: their values do not, but for the button that is pressed."""
    return request.method, request.path, request.values.get("action", ""), *sorted(request.values)


OF_STRANGERS = ("/login", "/forgot-password", "/reset-password", "/sign-up", "/sign-up/confirm")
OF_PEOPLE = (
    "/conversations",
    "/conversations/conversation",
    "/documents",
    "/documents/document",
    "/assistants",
    "/assistants/assistant",
    "/account",
    "/account/password",
    "/account/authenticator",
)
PAGES = OF_STRANGERS + OF_PEOPLE


@dataclass
class Filled:
    """The application with something of everybody's, who asks it, and what its own pages ask."""

    site: Site
    browsers: dict[str, TestClient]
    ids: list[str]
    known: list[Known]

    def of(self, address: Address) -> list[Known]:
        """Each sort of request that is known of an address."""
        values = BY_SCRIPTS.get(address.path, {})
        found = [each for each in self.known if each.path == address.path and each.method in address.methods]
        found += [Known(method, address.path, values) for method in sorted(address.methods)]
        return list({sort(each): each for each in found}.values())


@pytest.fixture(scope="module")
def filled() -> Filled:
    site = make_site(
        web_pages=True, share_conversations=True, mfa="optional", sign_up_domains=("example.com",)
    )
    store = Conversations(Table(site.client, site.world.settings.table_name))
    root, nobody, user_id, conversation_id = (
        site.of("root"),
        site.world.browser(),
        "id-of-root@example.com",
        new_id(),
    )
    number = store.ask(user_id, Conversation(conversation_id), "a question")
    store.answer(user_id, conversation_id, number, "me", Answer(plain("an answer")))
    folder, document = store.add_folder(user_id, "Work"), added(root)
    root.post("/documents/collections", data={"action": "add", "name": "Law"})
    root.post("/documents/groups", data={"action": "add", "name": "staff"})
    assistant = {"action": "save", "shelf": "own", "name": "Lawyer", "instructions": "Answer as lawyers do."}
    assert root.post("/assistants/assistant", data=assistant).status_code == 303
    ids = [EVERYBODY, conversation_id, folder.id, document]
    told = [*requests_of(root, *OF_PEOPLE), *requests_of(nobody, *OF_STRANGERS)]
    return Filled(site, {"root": root, "nobody": nobody}, ids, told)


def spoilt(request: Known, ids: list[str]) -> Iterator[dict[str, str]]:
    """Its values with one of them replaced; what deletes is sure of it, and tried at what is not there."""
    if request.values.get("action") == "delete":
        yield from (request.values | {"id": odd, "sure": "1"} for odd in ODD)
        return
    for name in sorted(request.values):
        yield from (request.values | {name: odd} for odd in (*ODD, *ids))


def sent(browser: TestClient, request: Known, values: dict[str, str]) -> httpx.Response:
    """The answer to a request with these values."""
    asked: dict[str, Any] = {"headers": {"x-page-owner": "id-of-root@example.com"}}
    if request.method in ("GET", "HEAD", "DELETE") or request.path in BY_QUERY:
        asked |= {"params": {name: value[:2_000] for name, value in values.items()}}
        asked |= {"data": values} if request.method == "PUT" else {}
    elif request.path in ("/documents/add", "/assistants/import"):
        asked |= {"data": values, "files": {"file": ("x.txt", b"x")}}
    else:
        asked |= {"data": values}
    answer: Any = browser.request(request.method, request.path, **asked)
    return answer


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda each: each.path)
def test_no_address_fails_by_what_it_is_given(filled: Filled, address: Address) -> None:
    """Somebody who may do everything asks; the test client raises what the application raises."""
    browser = filled.browsers["nobody" if address.who is Access.PUBLIC else "root"]
    for request in filled.of(address):
        for values in spoilt(request, filled.ids):
            answer = sent(browser, request, values)
            assert answer.status_code < 500, f"{request} {values}"
            assert answer.status_code != 403, "it came to the route"


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda each: each.path)
def test_nor_by_a_body_that_is_none_of_a_form(filled: Filled, address: Address) -> None:
    for method in address.methods - {"GET", "HEAD"}:
        for content in BODIES:
            for kind in TYPES:
                headers = {"content-type": kind, "x-page-owner": "id-of-root@example.com"}
                answer = filled.browsers["root"].request(
                    method, address.path, headers=headers, content=content
                )
                assert answer.status_code < 500, f"{kind} {content[:20]}"


def test_what_was_stored_meanwhile_has_keys_and_names_of_ours(filled: Filled) -> None:
    for item in filled.site.client.scan(TableName=filled.site.world.settings.table_name)["Items"]:
        assert len(item["sk"]["S"].encode()) <= KEY_BYTES, item["sk"]
        for name in ("title", "name"):
            assert len(item.get(name, {}).get("S", "")) <= NAME_CHARACTERS


def test_the_pages_say_what_each_address_takes(filled: Filled) -> None:
    """Or else nothing but the address itself is tried."""
    said = {address.path for address in ADDRESSES if any(each.values for each in filled.of(address))}
    take_nothing = {"/healthz", "/readyz", "/login/single-sign-on", "/login/signed-out", "/account"}
    assert {address.path for address in ADDRESSES} - said <= take_nothing
