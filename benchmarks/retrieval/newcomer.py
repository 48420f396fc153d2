"""The part `newcomer`: from somebody's first sign-in to an answer made from a first document.

`make local` runs with a folder of its own, and a browser does what a person does, who neither reads nor
thinks: sign in with the temporary password, choose another, add the sample, ask it.
"""

import os
import re
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import browser
from benchmarks.errors import CannotMeasure
from benchmarks.retrieval.given import USUAL, Given
from tests.browser.chat_page import answer, choose_password, send, sign_in, wait_for_end
from tests.browser.conftest import Assistant, make_local, new_page

OWN_PASSWORD = "four-words-of-my-own"  # noqa: S105 (of nobody)
QUESTION = "When is the workshop open?"
RIGHT = re.compile(r"17[:.]00|5 p\.?m|5:00")


def run(given: Given) -> dict[str, Any]:
    """Measure, and print. Raises CannotMeasure."""
    try:
        with ExitStack() as running:
            state = running.enter_context(tempfile.TemporaryDirectory())
            looking = running.enter_context(browser())
            assistant = running.enter_context(make_local(Path(state), model=given.model or USUAL))
            page = running.enter_context(new_page(looking, assistant, locale="en-US"))
            measured = _first_visit(page, assistant)
    except pytest.fail.Exception as failed:
        raise CannotMeasure(str(failed)) from None
    for name, seconds in measured.items():
        print(f"{name} {seconds:.1f} s after the sign-in was sent")
    return {"seconds after the sign-in": measured, "load": os.getloadavg()}


def _first_visit(page: Page, assistant: Assistant) -> dict[str, float]:
    sign_in(page, assistant.user, assistant.password or "")
    begun = time.monotonic()
    measured: dict[str, float] = {}

    def now(name: str) -> None:
        measured[name] = time.monotonic() - begun

    choose_password(page, OWN_PASSWORD)
    page.get_by_role("link", name="Documents").click()
    page.get_by_role("button", name="Add the sample").click()
    expect(page.locator(".state")).to_have_text("Ready")
    now("the sample is ready")
    page.goto("/")
    page.locator("#asks input").click()
    page.get_by_role("option", name="all my documents").click()
    send(page, QUESTION)
    expect(answer(page).locator(".written")).not_to_be_empty()
    now("its answer begins")
    said = wait_for_end(page)
    now("it is there with its sources")
    if not RIGHT.search(said):
        raise CannotMeasure(f"The answer is another one than the sample's: {said}")
    return measured
