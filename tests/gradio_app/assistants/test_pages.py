"""The page of assistants and instructions, by HTTP, over a table in this process."""

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from html import escape, unescape
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest

from gradio_app.assistants.access import shelf_of
from gradio_app.assistants.texts import TEXTS
from gradio_app.aws import Clients
from gradio_app.chat.assistant import EVERYBODY, OWN, Says
from gradio_app.chat.instructions import OWN_CHARACTERS
from gradio_app.pages.texts import TEXTS as COMMON_TEXTS
from gradio_app.server import create_app
from gradio_app.store import assistants
from gradio_app.store.assistants import StoredAssistants
from gradio_app.store.table import Table
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import PAGE_VIEW, SETTINGS, FakeDirectory, User, World, shared_page
from tests.gradio_app.in_process import InProcess

pytestmark = pytest.mark.slow

WORDS, COMMON = TEXTS["en"], COMMON_TEXTS["en"]
RULES = "Never speak of <prices>."
MODELS = ("fake.model", "fake.other")


@dataclass
class Site:
    """The application and its table."""

    world: World
    client: InProcess
    table: Table

    def of(self, name: str, *, language: str = "en") -> httpx.Client:
        """A browser of somebody who is signed in."""
        browser = self.world.signed_in(f"{name}@example.com")
        browser.headers.update(PAGE_VIEW | {"accept-language": language})
        browser.headers["sec-fetch-site"] = "same-origin"
        return browser  # pyright: ignore[reportReturnType] (Starlette's is one of httpx2, which is alike)

    def in_groups(self, name: str, *groups: str) -> None:
        """Put somebody into these groups, who signs in after that."""
        user = self.world.directory.users[f"{name}@example.com"]
        self.world.directory.users[f"{name}@example.com"] = replace(user, groups=groups)


@pytest.fixture
def site() -> Site:
    name = f"assistants-{uuid4().hex}"
    client = InProcess(name)
    directory = FakeDirectory(
        users={f"{each}@example.com": User("Correct-Horse-1") for each in ("ana", "berta", "root")}
    )
    settings = replace(SETTINGS, table_name=name, system_prompt=RULES, model_ids=MODELS)
    application = create_app(
        settings, Clients(None, client, None, None, FakeS3()), directory=directory, page=shared_page()
    )
    world = World(None, directory, application, settings)  # type: ignore[arg-type]
    found = Site(world, client, Table(client, name))
    found.in_groups("root", "admins")
    return found


def test_instructions_are_kept_and_shown_beside_the_deployments(site: Site) -> None:
    ana = site.of("ana")
    assert "Never speak of &lt;prices&gt;." in ana.get("/assistants").text
    kept = ana.post("/assistants/instructions", data={"instructions": "\r\nI am a <nurse>.\r\nBe brief. "})
    assert kept.status_code == 303
    page = ana.get(kept.headers["location"]).text
    assert WORDS["instructions_kept"] in page
    assert ">\nI am a &lt;nurse&gt;.\nBe brief.</textarea>" in page
    assert "nurse" not in site.of("berta").get("/assistants").text
    ana.post("/assistants/instructions", data={"instructions": " \n "})
    assert ">\n</textarea>" in ana.get("/assistants").text


@pytest.mark.parametrize("language", TEXTS)
def test_what_is_too_long_stays_in_the_form_and_nothing_is_cut(site: Site, language: str) -> None:
    ana = site.of("ana", language=language)
    ana.post("/assistants/instructions", data={"instructions": "Be brief."})
    typed = "😀" * (OWN_CHARACTERS + 1)
    refused = ana.post("/assistants/instructions", data={"instructions": typed})
    assert (refused.status_code, typed in refused.text) == (422, True)
    told = TEXTS[language]["own_instructions_too_long"].partition("{")[0]
    assert told in refused.text
    assert "Be brief." in ana.get("/assistants").text


ONE = "/assistants/assistant"
GIVEN = {
    "shelf": "own",
    "name": "The <Lawyer>",
    "instructions": "Speak of leases alone.",
    "model_id": MODELS[1],
    "temperature": "0,5",
    "max_tokens": "200",
    "starters": "What is a lease?\r\n\r\nWho holds it?",
    "action": "save",
}


def listed(page: str) -> list[tuple[str, str]]:
    """The places and names of the assistants on a page."""
    found = re.findall(r'href="/\?assistant=([^"]+)" aria-label="[^"]*"><bdi>(.*?)</bdi>', page)
    return [(unquote(place), unescape(name)) for place, name in found]


def made(browser: httpx.Client, **others: str) -> str:
    """The place of an assistant that was just made there."""
    before = {place for place, _ in listed(browser.get("/assistants").text)}
    answer = browser.post(ONE, data=GIVEN | others)
    assert answer.status_code == 303, answer.text
    [place] = {place for place, _ in listed(browser.get("/assistants").text)} - before
    return place


def form_of(browser: httpx.Client, place: str) -> dict[str, str]:
    """What stands in the form of an assistant."""
    shelf, _, assistant_id = place.partition("/")
    page = browser.get(ONE, params={"shelf": shelf, "id": assistant_id})
    assert page.status_code == 200
    inputs = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page.text))
    areas = dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL))
    chosen = re.findall(r'<select id="(\w+)".*?</select>', page.text, re.DOTALL)
    choices = {
        name: (re.findall(rf'<select id="{name}".*?</select>', page.text, re.DOTALL)[0]) for name in chosen
    }
    picked = {
        name: (re.findall(r'value="([^"]*)" selected', text) or [""])[0] for name, text in choices.items()
    }
    return {name: unescape(value) for name, value in {**inputs, **areas, **picked}.items()}


def test_an_assistant_is_made_changed_and_deleted_without_a_script(site: Site) -> None:
    ana = site.of("ana")
    assert WORDS["no_own_assistants"] in ana.get("/assistants").text
    place = made(ana)
    assert listed(ana.get("/assistants").text) == [(place, "The <Lawyer>")]
    there = form_of(ana, place)
    assert there["starters"] == "What is a lease?\nWho holds it?"
    assert (there["model_id"], there["temperature"], there["max_tokens"]) == (MODELS[1], "0.5", "200")
    assert there["version"] == "1"
    kept = ana.post(ONE, data=there | {"name": "Leases", "action": "save"})
    assert WORDS["assistant_kept"] in ana.get(kept.headers["location"]).text
    assert form_of(ana, place)["version"] == "2"
    other = ana.post(ONE, data=there | {"name": "From another tab", "action": "save"})
    assert (other.status_code, "From another tab" in other.text) == (422, True)
    assert WORDS["assistant_changed_elsewhere"] in other.text
    gone = {"shelf": "own", "id": there["id"], "action": "delete"}
    assert WORDS["delete_assistant_why"] in ana.post(ONE, data=gone).text
    assert listed(ana.get("/assistants").text)
    ana.post(ONE, data=gone | {"sure": "1"})
    ana.post(ONE, data=gone | {"sure": "1"})
    assert listed(ana.get("/assistants").text) == []


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", " \u200b ", "fill_in"),
        ("name", "x" * 81, "assistant_too_long"),
        ("instructions", "x" * 6001, "assistant_too_long"),
        ("starters", "\n".join("1234567"), "assistant_too_long"),
        ("starters", "x" * 301, "assistant_too_long"),
        ("model_id", "some.other", "assistant_model_gone"),
        ("asks", "own", "assistant_asks_gone"),
        ("temperature", "1.1", "assistant_temperature_wrong"),
        ("temperature", "NaN", "assistant_temperature_wrong"),
        ("temperature", "\u0660", "assistant_temperature_wrong"),
        ("temperature", "-1", "assistant_temperature_wrong"),
        ("max_tokens", "2049", "assistant_tokens_wrong"),
        ("max_tokens", "1e3", "assistant_tokens_wrong"),
        ("max_tokens", "٣", "assistant_tokens_wrong"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field_and_stays_there(
    site: Site, field: str, value: str, told: str
) -> None:
    ana = site.of("ana")
    refused = ana.post(ONE, data=GIVEN | {field: value})
    assert refused.status_code == 422
    if field != "asks":  # there are no documents to ask here
        assert f'id="{field}-error"' in refused.text
        assert {**WORDS, **COMMON}[told] in refused.text
    assert "Speak of leases alone." in refused.text or field == "instructions"
    assert listed(ana.get("/assistants").text) == []


def test_nobody_reaches_anothers(site: Site) -> None:
    ana, berta, place = site.of("ana"), site.of("berta"), made(site.of("ana"))
    asked = {"shelf": "own", "id": place.partition("/")[2]}
    assert ana.get(ONE, params=asked).status_code == 200
    for answer in (
        berta.get(ONE, params=asked),
        berta.post(ONE, data=asked | {"action": "copy"}),
        berta.post(ONE, data=GIVEN | asked | {"version": "1"}),
        berta.get("/assistants/export", params=asked),
        berta.post("/assistants/publish", data=asked),
        ana.post("/assistants/publish", data=asked),
        ana.post(ONE, data=GIVEN | {"shelf": "everybody"}),
        ana.get("/assistants", params={"shelf": "group-" + "0" * 32}),
        ana.get("/assistants", params={"shelf": "nobodys"}),
        ana.get("/assistants/export", params={"shelf": "../own"}),
    ):
        assert answer.status_code == 404
    berta.post(ONE, data=asked | {"action": "delete", "sure": "1"})
    assert listed(ana.get("/assistants").text) == [(place, "The <Lawyer>")]
    assert listed(berta.get("/assistants").text) == []


def test_an_administrator_publishes_to_everybody_and_to_a_group(site: Site) -> None:
    root, place = site.of("root"), made(site.of("root"))
    asked = {"id": place.partition("/")[2]}
    everybodys, laws = f"everybody/{asked['id']}", f"{shelf_of('law')}/{asked['id']}"
    root.post("/assistants/publish", data=asked)
    published = root.post("/assistants/publish", data=asked | {"group": " law "})
    assert WORDS["assistant_published"] in root.get(published.headers["location"]).text

    site.in_groups("ana", "law")
    ana, berta = site.of("ana"), site.of("berta")
    for browser, shelf, status in ((ana, "law", 200), (berta, "law", 404)):
        assert browser.get("/assistants", params={"shelf": shelf_of(shelf)}).status_code == status
    assert listed(berta.get("/assistants", params={"shelf": "everybody"}).text) == [
        (everybodys, "The <Lawyer>")
    ]
    there = form_of(ana, laws)
    assert there["instructions"] == GIVEN["instructions"]
    assert ana.post(ONE, data=there | {"action": "save"}).status_code == 404
    ana.post(ONE, data=there | {"action": "copy"})
    assert [name for _, name in listed(ana.get("/assistants").text)] == ["The <Lawyer>"]
    assert ana.get("/assistants/export", params={"shelf": shelf_of("law")}).json()["assistants"]

    root.post(ONE, data=form_of(root, place) | {"name": "Leases", "action": "save"})
    root.post("/assistants/publish", data=asked | {"group": "law"})
    assert form_of(ana, laws)["name"] == "Leases"
    assert form_of(ana, laws)["version"] == "2"
    assert form_of(ana, everybodys)["name"] == "The <Lawyer>"
    gone = {"shelf": shelf_of("law"), "id": asked["id"], "action": "delete", "sure": "1"}
    assert ana.post(ONE, data=gone).status_code == 404
    root.post(ONE, data=gone)
    assert ana.get(ONE, params={"shelf": shelf_of("law"), "id": asked["id"]}).status_code == 404
    assert ">law<" not in root.get("/assistants").text, "a group without assistants has no shelf"


def test_as_many_as_there_may_be_and_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistants, "OWN_MOST", 2)
    ana = site.of("ana")
    places = [made(ana), made(ana)]
    full = ana.post(ONE, data=GIVEN)
    assert (full.status_code, WORDS["quota_assistants_own"] in full.text) == (422, True)
    assert "Speak of leases alone." in full.text
    ana.post(ONE, data={"shelf": "own", "id": places[0][4:], "action": "delete", "sure": "1"})
    assert ana.post(ONE, data=GIVEN).status_code == 303


def taken_in(browser: httpx.Client, content: bytes, shelf: str = "own") -> httpx.Response:
    return browser.post("/assistants/import", data={"shelf": shelf}, files={"file": ("a.json", content)})


def test_assistants_are_taken_along_and_brought_back(site: Site) -> None:
    ana = site.of("ana")
    made(ana)
    made(ana, name="Ñandú 😀", model_id="", temperature="", max_tokens="", starters="")
    saved = ana.get("/assistants/export")
    assert saved.headers["content-disposition"] == 'attachment; filename="assistants.json"'
    berta = site.of("berta")
    brought = taken_in(berta, saved.content)
    assert WORDS["assistants_imported"] in berta.get(brought.headers["location"]).text
    assert berta.get("/assistants/export").json() == saved.json()
    left = saved.json()
    left["assistants"][0] |= {"model_id": "another.model", "asks": "group-" + "0" * 32, "max_tokens": 10**9}
    brought = taken_in(berta, json.dumps(left).encode())
    assert WORDS["assistants_imported_in_part"] in berta.get(brought.headers["location"]).text
    assert len(listed(berta.get("/assistants").text)) == 4


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "assistants_no_file"),
        (b"\xff\xfe", "assistants_file_no_json"),
        (b"[" * 60_000, "assistants_file_no_json"),
        (b"[]", "assistants_file_of_others"),
        (b'{"format": "asistente", "version": 1}', "assistants_file_of_others"),
        (b'{"format": "asistente-assistants", "version": 2}', "assistants_file_version"),
        (b'{"format": "asistente-assistants", "version": 1, "assistants": {}}', "assistants_file_empty"),
        *(
            (
                json.dumps(
                    {"format": "asistente-assistants", "version": 1, "assistants": [{"name": "fine"}, wrong]}
                ).encode(),
                "assistants_file_wrong",
            )
            for wrong in (
                None,
                {},
                {"name": 1},
                {"name": "x" * 81},
                {"name": "x", "temperature": float("nan")},
                {"name": "x", "temperature": True},
                {"name": "x", "temperature": 5e-324},
                {"name": "x", "max_tokens": -1},
                {"name": "x", "max_tokens": 1.5},
                {"name": "x", "starters": "a"},
                {"name": "x", "starters": [""]},
                {"name": "x", "instructions": ["a"]},
            )
        ),
    ],
)
def test_a_file_with_anything_wrong_in_it_brings_nothing(site: Site, content: bytes, told: str) -> None:
    ana = site.of("ana")
    files = {"file": ("a.json", content)} if content else {"other": ("", b"")}
    refused = ana.post("/assistants/import", data={"shelf": "own"}, files=files)
    assert refused.status_code == 422
    assert escape(WORDS[told].partition("{")[0]) in refused.text
    assert listed(ana.get("/assistants").text) == []


def test_a_shelf_costs_the_same_however_much_is_said_on_it(site: Site) -> None:
    ana = site.of("ana")
    made(ana)
    few = reads(site, ana)
    for _ in range(5):
        made(ana, instructions="x" * 6000)
    assert reads(site, ana) == few


def reads(site: Site, browser: httpx.Client) -> dict[str, int]:
    """Calls to the table by the list of assistants, sessions left out."""
    site.client.calls.clear()
    browser.get("/assistants")
    return Counter(name for name, asked in site.client.calls if "SESSION#" not in str(asked))


def test_what_two_publish_at_once_is_published(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    root, place = site.of("root"), made(site.of("root"))
    add = StoredAssistants.add

    def beside_another(self: StoredAssistants, *given: Any) -> Any:
        add(self, *given)
        return add(self, *given)

    monkeypatch.setattr(StoredAssistants, "add", beside_another)
    published = root.post("/assistants/publish", data={"id": place.partition("/")[2]})
    assert WORDS["assistant_published"] in root.get(published.headers["location"]).text
    assert len(listed(root.get("/assistants", params={"shelf": "everybody"}).text)) == 1


def test_documents_of_ones_own_are_not_published(site: Site) -> None:
    root, store = site.of("root"), StoredAssistants(site.table)
    says = Says("Lawyer", "Speak of leases alone.", asks=f"own/{'3' * 32}")
    own = store.add("id-of-root@example.com", OWN, says)
    published = root.post("/assistants/publish", data={"id": own.id})
    assert WORDS["assistant_published_in_part"] in root.get(published.headers["location"]).text
    there = store.find("id-of-root@example.com", EVERYBODY, own.id)
    assert there
    assert there.says == replace(says, asks="")
