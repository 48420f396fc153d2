"""What single sign-on is not: no way around the limits, the password, or a pool that is away."""

import json
from dataclasses import replace

import httpx
import pytest

from gradio_app.cognito.single_sign_on import SingleSignOn
from gradio_app.cognito.tokens import TokenCheck
from gradio_app.sessions.throttle import FAILURES_PER_ADDRESS
from tests.gradio_app.arriving import (
    ANAS,
    START,
    Case,
    case,
    changed,
    check_refused,
    come_back,
    come_from_provider,
    start,
    with_cookies,
)
from tests.gradio_app.fakes import (
    PAGE_VIEW,
    make_world,
)
from tests.single_sign_on import (
    CALLBACK,
    brought,
)

pytestmark = pytest.mark.slow
__all__ = ["case"]


def test_password_and_authenticator_are_the_providers(case: Case) -> None:
    browser = case.signed_in()
    page = browser.get("/account")
    assert "your organization's sign-in, which also manages your password" in page.text.replace("&#39;", "'")
    assert "/account/password" not in page.text
    assert "/account/authenticator" not in page.text
    for path in ("/account/password", "/account/authenticator"):
        assert browser.get(path).status_code == 404
    for path in ("password", "authenticator", "authenticator/confirm", "authenticator/remove"):
        assert browser.post(f"/account/{path}", data={"password": "x"}).status_code == 404


@pytest.mark.asvs("7.6.2")
def test_another_site_begins_no_sign_in(case: Case) -> None:
    for site in ("cross-site", "same-site"):
        browser = case.browser()
        answer = browser.get(START, headers=PAGE_VIEW | {"sec-fetch-site": site})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert not browser.cookies
    assert case.browser().get(START, headers=PAGE_VIEW).status_code == 303, "an address that was typed"
    assert len(case.items("DEPARTURE")) == 1


@pytest.mark.asvs("10.4.1")
def test_another_host_gets_neither_a_browser_nor_a_code(case: Case) -> None:
    answer = case.browser().get(START, headers={"host": "evil.example"})
    assert answer.headers["location"].startswith(case.here.aws.endpoint_url), "only ever to the pool"
    refused = httpx.get(answer.headers["location"], trust_env=False)
    assert refused.status_code == 400
    assert "location" not in refused.headers


@pytest.mark.asvs("6.3.1")
def test_an_address_brings_so_many_wrong_codes_and_no_more(
    case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    browser, ana = case.browser(), case.browser()
    anas = come_from_provider(ana)
    for status in [400] * FAILURES_PER_ADDRESS + [429, 429]:
        sent = brought(start(browser))
        assert (
            come_back(browser, changed(CALLBACK, code="made-up", state=sent["state"])).status_code == status
        )
    capsys.readouterr()
    check_refused(ana, come_back(ana, anas), capsys, 429)


def test_a_company_behind_one_address_comes_in(case: Case) -> None:
    """Many at once are on their way, some give up, and what is finished does not count."""
    browser = case.browser()
    address = come_from_provider(browser)
    for _ in range(FAILURES_PER_ADDRESS):
        start(case.browser())
    assert come_back(browser, address).headers["location"] == "/"
    for _ in range(2):
        case.signed_in()
    assert [item["count"] for item in case.items("THROTTLE")] == [0]


def test_who_is_in_already_and_comes_once_more_goes_on(case: Case) -> None:
    """Two clicks at the provider, or two tabs: the answer to the first is in, the second is not shown."""
    browser = case.browser()
    address = come_from_provider(browser)
    come_back(browser, address)
    cookie = browser.cookies["__Host-session"]
    answer = come_back(browser, address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "set-cookie" not in answer.headers
    assert browser.cookies["__Host-session"] == cookie


@pytest.mark.asvs("16.5.3")
def test_without_the_pool_nobody_comes_in(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    browser = case.browser()
    address = come_from_provider(browser)
    hosted = replace(case.here.hosted, url="http://127.0.0.1:9")
    tokens = TokenCheck.of(case.here.idp, case.here.pool_id, hosted.client_id)
    case.restart(single_sign_on=SingleSignOn(case.here.idp, case.here.pool_id, hosted, tokens))
    browser = with_cookies(case, browser)
    capsys.readouterr()
    assert come_back(browser, address).status_code == 503
    assert "ConnectionError" in json.loads(capsys.readouterr().out)["detail"]
    assert not case.items("SESSION")


@pytest.mark.asvs("10.4.10")
def test_a_wrong_secret_of_the_client_is_the_deployments_fault(case: Case) -> None:
    hosted = replace(case.here.hosted, client_secret="wrong")
    tokens = TokenCheck.of(case.here.idp, case.here.pool_id, hosted.client_id)
    case.restart(single_sign_on=SingleSignOn(case.here.idp, case.here.pool_id, hosted, tokens))
    browser = case.browser()
    assert come_back(browser, come_from_provider(browser)).status_code == 503


def test_switched_off_it_is_not_there() -> None:
    world = make_world()
    assert "Continue with" not in world.browser().get("/login").text
    for path in (START, "/login/callback?code=x&state=y"):
        assert world.browser().get(path).status_code == 401, "closed like any address that does not exist"
        assert world.signed_in(ANAS).get(path).status_code == 404


def test_looking_is_not_visiting(case: Case) -> None:
    browser = case.browser()
    address = come_from_provider(browser)
    for path in (START, address):
        assert browser.head(path).status_code == 303, "to the sign-in page, as from any closed address"
    assert come_back(browser, address).headers["location"] == "/"
