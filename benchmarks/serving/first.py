"""The part `first`: how soon the sign-in and the chat stand in a browser that has never been there."""

from collections.abc import Callable
from statistics import median
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from benchmarks.answers.running import World, world
from benchmarks.browser import browser

LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
NOW = "() => performance.now()"
BOX = "#box textarea"


def run(visits: int) -> dict[str, Any]:
    """Visit both so many times; milliseconds from the address on. Raises CannotMeasure."""
    with browser() as looking, world() as around, around.application() as (address, _):
        found = {
            "the sign-in is painted": _each(looking, visits, lambda page: _login(page, address, PAINTED)),
            "the sign-in is loaded": _each(looking, visits, lambda page: _login(page, address, LOADED)),
            "the chat can be written to": _each(
                looking, visits, lambda page: _chat(page, address), lambda at: _signed_in(around, address, at)
            ),
        }
    for name, times in found.items():
        print(
            f"{name} after {median(times):.0f} ms, the median of {visits} first visits "
            f"({min(times):.0f} to {max(times):.0f})"
        )
    return {"visits": visits, "milliseconds": found}


def _each(
    browser: Browser,
    visits: int,
    look: Callable[[Page], float],
    prepare: Callable[[BrowserContext], None] = lambda _: None,
) -> list[float]:
    times: list[float] = []
    for _ in range(visits + 1):
        context = browser.new_context()
        prepare(context)
        times.append(look(context.new_page()))
        context.close()
    return times[1:]  # the first one is the task's own first, too


def _login(page: Page, address: str, when: str) -> float:
    page.goto(f"{address}/login")
    page.wait_for_function(f"() => ({when})() > 0")
    return page.evaluate(when)


def _chat(page: Page, address: str) -> float:
    page.goto(f"{address}/")
    page.wait_for_selector(BOX)
    return page.evaluate(NOW)


def _signed_in(around: World, address: str, context: BrowserContext) -> None:
    name, _, value = around.signed_in("first").partition("=")
    context.add_cookies([{"name": name, "value": value, "url": address}])
