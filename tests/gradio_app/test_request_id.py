"""One id for a request: in the audit line, in the log and in what the person reads who asks for help."""

import json
import logging
import re
from dataclasses import replace
from ipaddress import ip_network

import pytest

from gradio_app import logs, request_id
from gradio_app.request_id import TRACE_ID, trace_id
from tests.gradio_app.fakes import PAGE_VIEW, SETTINGS, make_world

ROOT = "1-67891233-abcdef012345678912345678"
SELF = "1-67891234-12456789abcdef012345678a"
BEHIND_PROXY = replace(SETTINGS, trusted_proxies=(ip_network("203.0.113.0/24"),))
FORGED = '{"type":"audit"}'


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"Root={ROOT}", ROOT),
        (f"Self={SELF};Root={ROOT}", SELF),  # the client brought Root, the load balancer added Self
        (f"Root={ROOT}; Self={SELF}; CalledFrom=app", SELF),
        (f"Self={FORGED};Root={ROOT}", ""),
        (f"Self={SELF};Self={ROOT}", ""),
        (f"Root={ROOT}x", ""),
        (f"root={ROOT}", ""),
        (f"Root={ROOT.upper()}", ""),
        (f"Root={ROOT}\\n{FORGED}", ""),
        (ROOT, ""),
        ("", ""),
    ],
)
def test_only_the_load_balancers_form_is_taken(header: str, found: str) -> None:
    assert trace_id(header) == found


@pytest.mark.asvs("16.2.1", "16.3.1")
@pytest.mark.parametrize(
    ("settings", "headers", "taken"),
    [
        (BEHIND_PROXY, [("x-amzn-trace-id", f"Root={ROOT}")], True),
        (BEHIND_PROXY, [("x-amzn-trace-id", f"Root={ROOT}"), ("x-amzn-trace-id", f"Root={SELF}")], False),
        (BEHIND_PROXY, [("x-amzn-trace-id", FORGED)], False),
        (BEHIND_PROXY, [], False),
        (SETTINGS, [("x-amzn-trace-id", f"Root={ROOT}")], False),
    ],
)
def test_the_audit_line_and_the_reader_get_the_same_id(
    capfd: pytest.CaptureFixture[str], settings: object, headers: list[tuple[str, str]], taken: bool
) -> None:
    browser = make_world(settings).browser()  # pyright: ignore[reportArgumentType]
    answer = browser.get("/nowhere", headers=[*headers, ("cookie", "__Host-session=old")])
    line = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert answer.json()["reference"] == line["request"]
    assert (line["request"] == ROOT) == taken
    assert TRACE_ID.fullmatch(line["request"])


def test_two_requests_have_two_ids() -> None:
    browser = make_world().browser()
    references = {browser.get("/nowhere").json()["reference"] for _ in range(2)}
    assert len(references) == 2


@pytest.mark.parametrize(("language", "word"), [("en", "Reference"), ("es", "Referencia")])
def test_an_error_page_shows_it(language: str, word: str) -> None:
    world = make_world()
    page = world.signed_in("ana@example.com").get(
        "/nowhere", headers={**PAGE_VIEW, "accept-language": language}
    )
    assert page.status_code == 404
    assert re.search(rf"{word}[^<]*<code>1-[0-9a-f]{{8}}-[0-9a-f]{{24}}</code>", page.text)


@pytest.mark.asvs("16.2.1")
def test_every_line_of_the_log_names_it(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers.clear()
    token = request_id.current.set(ROOT)
    try:
        logs.configure("INFO")
        logging.getLogger("gradio_app.anything").error("an unexpected one")
        request_id.current.reset(token)
        logging.getLogger("anything").warning("outside of a request")
    finally:
        root.handlers[:] = before
    inside, outside = capfd.readouterr().err.splitlines()
    assert f"request={ROOT}: an unexpected one" in inside
    assert "request=-: outside of a request" in outside
