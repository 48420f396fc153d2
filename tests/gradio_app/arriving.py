"""People who come by single sign-on: the application over an emulated pool with a real provider behind it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from starlette.testclient import TestClient

from gradio_app.gate.gate import Gate
from gradio_app.server import create_app
from gradio_app.settings import Settings
from gradio_app.store.table import Item
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fakes import (
    NO_CLIENTS,
    PAGE_VIEW,
    SETTINGS,
    FakeTable,
    shared_page,
)
from tests.single_sign_on import (
    ANA,
    Organization,
    Visitor,
    brought,
    make_organization,
)

START, ORIGIN = "/login/single-sign-on", "https://app.example"
FROM_OUR_PAGE = PAGE_VIEW | {"sec-fetch-site": "same-origin"}
FROM_THE_PROVIDER = PAGE_VIEW | {"sec-fetch-site": "cross-site"}
ANAS = "ana@example.com"
FROM_TESTS = ("httpx", "httpcore", "werkzeug", "oidc_provider_mock", "authlib.oauth2.rfc6749")


@dataclass
class Case:
    """The application over an organization's pool."""

    here: Organization
    table: FakeTable
    settings: Settings
    gate: Gate

    def browser(self) -> TestClient:
        """A new browser without cookies."""
        return TestClient(
            self.gate, ORIGIN, headers=FROM_OUR_PAGE | {"origin": ORIGIN}, follow_redirects=False
        )

    def restart(self, **changes: object) -> None:
        """Another task over the same table: it remembers nothing."""
        self.gate = application(self.here, self.settings, self.table, **changes)

    def age(self, seconds: int) -> None:
        """Let everything in the table have happened earlier."""
        for item in self.table.items.values():
            item.update({k: item[k] - seconds for k in ("expires_at", "checked_at", "seen_at") if k in item})

    def items(self, kind: str) -> list[Item]:
        """What the table holds of a kind."""
        return [item for (pk, _), item in self.table.items.items() if pk.startswith(f"{kind}#")]

    def signed_in(self, sub: str = ANA) -> TestClient:
        """A browser after a single sign-on."""
        browser = self.browser()
        answer = come_back(browser, come_from_provider(browser, sub))
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
        return browser

    def refreshes(self, refresh_token: str) -> bool:
        """Whether the pool still takes a refresh token."""
        answer = self.here.exchange(
            "", grant_type="refresh_token", refresh_token=refresh_token, redirect_uri="", code_verifier=""
        )
        return answer.status_code == 200


def application(here: Organization, settings: Settings, table: FakeTable, **changes: object) -> Gate:
    clients = replace(NO_CLIENTS, cognito_idp=here.idp)
    return create_app(settings, clients, table=table, page=shared_page(), **changes).gate  # type: ignore[arg-type]


@pytest.fixture
def case(emulator: RunningEmulator, provider: str) -> Case:
    here = make_organization(emulator, provider)
    settings, table = replace(here.settings(SETTINGS), mfa="optional"), FakeTable()
    return Case(here, table, settings, application(here, settings, table))


def start(browser: TestClient) -> str:
    """Press the button of the sign-in page; where it leads."""
    answer = browser.get(START)
    assert answer.status_code == 303
    return answer.headers["location"]


def come_from_provider(browser: TestClient, sub: str = ANA, change: Callable[[str], str] = str) -> str:
    """The address with which the pool sends the browser back; `change` is made on the way there."""
    return Visitor().vouched_for(change(start(browser)), sub)


def come_back(browser: TestClient, address: str) -> Any:
    return browser.get(address, headers=FROM_THE_PROVIDER)


def changed(address: str, **changes: str) -> str:
    """The address with other values in its query."""
    query = str(httpx.QueryParams(brought(address) | changes))
    return urlunsplit(urlsplit(address)._replace(query=query))


def check_refused(
    browser: TestClient, answer: Any, capsys: pytest.CaptureFixture[str], status: int = 400
) -> None:
    """The sign-in page says one sentence, nobody is signed in, and there is a line that tells no secret."""
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "__Host-session" not in browser.cookies
    assert browser.get("/account").status_code == 303
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["event"], line["outcome"]) == ("sign-in", "failed")
    for secret in brought(str(answer.request.url)).values():
        assert len(secret) < 20 or secret not in json.dumps(line) + answer.text


def with_cookies(case: Case, browser: TestClient) -> TestClient:
    """The same browser, at the task that runs now."""
    moved = case.browser()
    moved.cookies.update(dict(browser.cookies))
    return moved
