"""The browser of the tests: the system's Chromium or Chrome, else one to install, else one sentence.

`python -m tests.browser.chromium` looks for one before the tests start.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

PAGE_SECONDS = 120
"""How long a page may take: two busy cores share a browser, a model and the application."""

SHELL = "chromium-headless-shell"
"""The same engine without a window system, which opens a page with half the CPU."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = "No browser for the tests: install Chromium (on Debian or Ubuntu, apt install chromium) and try again."
# What keeps Chromium from looking for its makers' hosts at every start.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


def find(*, whole: bool = False) -> str | None:
    """Return the path of an installed browser: the system's, or the one that Playwright fetched before.

    `whole` is one with all that a window has.
    """
    names = NAMES if whole else (SHELL, *NAMES)
    if system := next((path for name in names if (path := shutil.which(name))), None):
        return system
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.access(path, os.X_OK) else None


def install() -> None:
    """Try to install a browser: the distribution's as root, else Playwright's own. `find` tells."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _quietly("apt-get", "update", "--quiet")
        for package in (SHELL, "chromium"):
            _quietly("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", package)
    else:
        _quietly(sys.executable, "-m", "playwright", "install", "chromium")


def _quietly(*command: str) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


# One for the whole process, whichever file asks.
expect.set_options(timeout=PAGE_SECONDS * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser; the test is skipped where there is none, but never in CI."""
    yield from launched(find())


@pytest.fixture(scope="module")
def whole_browser() -> Iterator[Browser]:
    """The same with all that a window has; not beside the other one."""
    yield from launched(find(whole=True))


def launched(path: str | None) -> Iterator[Browser]:
    """A browser at that path, as a fixture has it."""
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(HOW)
    # Not for the session: while Playwright is there its event loop runs, and no test after it could run one.
    # Chromium's own sandbox can't be made by root.
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=path, chromium_sandbox=os.geteuid() != 0, args=list(QUIET)
        )


if __name__ == "__main__":
    if find() is None:
        print("Looking for a browser to install for the tests")
        install()
        if find() is None:
            print(HOW, file=sys.stderr)
