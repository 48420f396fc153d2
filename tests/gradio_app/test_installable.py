"""The application on a telephone's first screen: manifest, icons and colors, and what a browser says."""

import re
import struct

import pytest
from playwright.sync_api import Browser

from gradio_app.language import LANGUAGES
from gradio_app.page import theme
from gradio_app.pages import installable
from gradio_app.pages.files import STATIC
from gradio_app.pages.texts import TEXTS
from tests.gradio_app.fakes import PAGE_VIEW, World, make_world
from tests.gradio_app.page.browsing import opened, site

__all__ = ["site"]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manifest_is_in_the_language_of_its_address_whoever_asks(world: World, language: str) -> None:
    other = next(each for each in LANGUAGES if each != language)
    answer = world.browser().get(f"/manifest.json?lang={language}", headers={"accept-language": other})
    assert answer.headers["content-type"] == "application/manifest+json"
    assert answer.headers["cache-control"] == "public, max-age=86400"
    manifest = answer.json()
    assert (manifest["lang"], manifest["description"]) == (language, TEXTS[language]["description"])
    assert (manifest["name"], manifest["start_url"], manifest["scope"], manifest["display"]) == (
        "Asistente",
        "/",
        "/",
        "standalone",
    )


@pytest.mark.parametrize("address", ["/manifest.json", "/manifest.json?lang=xx", "/manifest.json?lang="])
def test_without_one_of_our_languages_everybody_gets_the_same(world: World, address: str) -> None:
    asked = world.browser().get(address, headers={"accept-language": "es"})
    assert asked.json()["lang"] == LANGUAGES[0]


def test_each_icon_is_there_and_as_large_as_is_said(world: World) -> None:
    browser = world.browser()
    icons = browser.get("/manifest.json").json()["icons"]
    assert {each["purpose"] for each in icons} == {"any", "maskable"}
    for icon in icons:
        answer = browser.get(icon["src"])
        assert answer.headers["content-type"] == icon["type"] == "image/png"
        assert answer.headers["cache-control"].endswith("immutable")
        width, height = struct.unpack("!II", answer.content[16:24])
        assert f"{width}x{height}" == icon["sizes"]


@pytest.mark.parametrize("path", ["/login", "/"])
def test_pages_around_and_with_the_chat_name_manifest_icons_and_colors_once(world: World, path: str) -> None:
    browser = world.signed_in("ana@example.com") if path == "/" else world.browser()
    asked = browser.get(path, headers=PAGE_VIEW | {"accept-language": "es"}, follow_redirects=True)
    assert re.findall(r'<link rel="manifest" href="([^"]*)"', asked.text) == ["/manifest.json?lang=es"]
    for line in installable.head("es").split("\n"):
        assert line in asked.text
    assert "manifest-src 'self'" in asked.headers["content-security-policy"]


def test_the_colors_around_the_page_are_those_of_the_page() -> None:
    both = installable.BACKGROUNDS
    assert both == {"light": theme.LIGHT["paper"], "dark": theme.DARK["paper"]}
    assert re.findall(r"--paper: (#\w+)", (STATIC / "pages.css").read_text()) == [both["light"], both["dark"]]


@pytest.mark.slow
def test_a_browser_would_install_it(whole_browser: Browser, site: str) -> None:
    page = opened(whole_browser.new_context(base_url=site, locale="en-US"), "/")
    browser = page.context.new_cdp_session(page)
    manifest = browser.send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.json?lang=en")
    assert manifest["errors"] == []
    errors = browser.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in errors] == ["in-incognito"], "as every browser of a test is"
