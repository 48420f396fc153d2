"""Opening the assistant: the address is printed, and a browser gets it where there is one."""

from __future__ import annotations

import pytest

from deployer.account import deployment
from deployer.commands import open as opening
from deployer.errors import UsageError
from tests.deployer.commands.running_deployment import Running

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("has_browser", [True, False])
def test_the_address_is_printed_and_opened(running: Running, has_browser: bool) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        return has_browser

    opening.run(running.options, running.console, browse)
    assert opened == [running.outputs["ServiceUrl"]]
    first, *rest = running.printed().splitlines()
    assert first == running.outputs["ServiceUrl"]
    assert bool(rest) == (not has_browser)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:1", "-new-tab"])
def test_what_is_no_web_page_is_not_opened(
    running: Running, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(deployment, "outputs", lambda *_: [url])

    def browse(_: str) -> bool:
        raise AssertionError

    with pytest.raises(UsageError, match="gives no address"):
        opening.run(running.options, running.console, browse)
