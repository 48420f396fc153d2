"""What the chat's page is made of: in a script that is kept, and not in each page."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from gradio_app.language import LANGUAGES
from gradio_app.page import texts
from gradio_app.page.description import Description
from tests.gradio_app.fakes import PAGE_VIEW, World, make_world, shared_page
from tests.security.chat_api import described, description_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


def page_of(browser: TestClient, lang: str = "en") -> str:
    headers = PAGE_VIEW | {"accept-language": lang}
    return browser.get("/", headers=headers, follow_redirects=True).text


def test_the_page_and_the_script_together_say_what_gradio_would(world: World) -> None:
    ana = world.signed_in("ana@example.com")
    page = page_of(ana)
    [written] = re.findall(r"window\.gradio_config = (\{.*?\});</script>", page)
    assert written.startswith("{...asistente.gradio,")
    own: dict[str, Any] = json.loads("{" + written.removeprefix("{...asistente.gradio,"))
    assert own == {
        "current_page": "",
        "username": "id-of-ana@example.com",
        "deep_link_state": "none",
        "root": "https://testserver",
    }
    shared = described(ana.get(description_of(page)).text)
    assert shared == json.loads(json.dumps(shared_page().config))
    assert not own.keys() & shared.keys()


def test_it_is_loaded_before_all_that_needs_it(world: World) -> None:
    first, *_ = re.findall(r"<script\b[^>]*>", page_of(world.signed_in("ana@example.com")))
    assert "/page/description" in first
    assert not re.search("defer|async|module", first)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_language_has_a_script_that_is_everybodys_and_kept_for_a_year(world: World, lang: str) -> None:
    ana = world.signed_in("ana@example.com")
    address = description_of(page_of(ana, lang))
    answer = ana.get(address, headers={"accept-encoding": "gzip"})
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    facts = json.loads(answer.text.partition(" = ")[2].rstrip(";"))["facts"]
    assert facts["words"] == texts.SCRIPT[lang]
    assert "ana@example.com" not in answer.text
    assert description_of(page_of(world.signed_in("eva@example.com"), lang)) == address


def test_nothing_is_kept_under_an_address_that_names_something_else(world: World) -> None:
    ana = world.signed_in("ana@example.com")
    address = description_of(page_of(ana))
    for other in ("/page/description", address.replace("lang=en", "lang=xx")):
        answer = ana.get(other)
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_a_page_of_a_version_that_is_gone_is_loaded_again(world: World) -> None:
    ana = world.signed_in("ana@example.com")
    address = description_of(page_of(ana))
    for other in (re.sub("v=.*", "v=0123456789abcdef", address), address.replace("lang=en", "lang=es")):
        answer = ana.get(other)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert "location.reload()" in answer.text
        assert "asistente" not in answer.text


VERSION = """
from gradio_app.chat.running import Running
from gradio_app.page.description import Description
from gradio_app.server import create_page
from gradio_app.store.table import Table
from tests.gradio_app.page.test_page import NO_CLIENTS, SETTINGS
page = create_page(SETTINGS, NO_CLIENTS, Running(), Table(None, "table"))
print(Description(page, {}).tag("en"))
"""


@pytest.mark.slow
def test_every_task_has_the_same_script() -> None:
    """Or a page of one task would ask another one in vain."""
    told = [
        subprocess.run(
            [sys.executable, "-c", VERSION],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert "/page/description" in told[0]
    assert told[0] == told[1]


def test_strangers_are_not_told_which_models_there_are(world: World) -> None:
    address = description_of(page_of(world.signed_in("ana@example.com")))
    answer = world.browser().get(address)
    assert (answer.status_code, answer.headers["cache-control"]) == (401, "no-store")
    assert "fake.model" not in answer.text


def test_a_page_that_gradio_writes_otherwise_stays_as_it_is() -> None:
    page = b'<script>window.gradio_config = {"version":"7"};</script>'
    assert Description(shared_page(), {}).shortened(page) == page
