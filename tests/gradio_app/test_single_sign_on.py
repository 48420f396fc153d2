"""Single sign-on at the emulated pool with a real OpenID provider behind it: in, around, and out."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from starlette.testclient import TestClient

from gradio_app.cognito.single_sign_on import SingleSignOn
from gradio_app.cognito.tokens import TokenCheck
from gradio_app.gate.gate import Gate
from gradio_app.server import create_app
from gradio_app.sessions.departures import DEPARTURE_SECONDS
from gradio_app.sessions.sessions import CHECK_SECONDS
from gradio_app.sessions.throttle import FAILURES_PER_ADDRESS
from gradio_app.settings import Settings
from gradio_app.store.table import Item
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fakes import (
    HOSTED,
    NO_CLIENTS,
    PAGE_VIEW,
    SETTINGS,
    FakeTable,
    User,
    World,
    make_world,
    shared_page,
)
from tests.single_sign_on import (
    ANA,
    CALLBACK,
    EVA,
    NAMELESS,
    PROVIDER,
    SIGNED_OUT,
    Organization,
    Visitor,
    brought,
    make_organization,
)

pytestmark = pytest.mark.slow

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


def test_the_way_in_ends_in_a_session_like_any_other(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    browser = case.browser()
    page = browser.get("/login")
    assert f"Continue with {PROVIDER}" in page.text
    assert f'href="{START}"' in page.text
    assert "password" in page.text, "and there is the other way in"
    answer = come_back(browser, come_from_provider(browser))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert set(browser.cookies) == {"__Host-session"}, "the departure's cookie is gone"
    assert ANAS in browser.get("/account").text
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [session] = case.items("SESSION")
    assert line.items() >= {"event": "sign-in", "outcome": "ok", "detail": "single-sign-on"}.items()
    assert line["user_id"] == session["user_id"]
    assert session["username"] == case.here.username(ANA)
    assert not case.items("DEPARTURE"), "a way back is good once, before the pool is asked"


@pytest.mark.asvs("16.2.5")
def test_no_logger_tells_a_code_or_a_token_not_even_to_who_looks_for_faults(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    browser = case.browser()
    with caplog.at_level(logging.DEBUG):
        address = come_from_provider(browser)
        [departure] = case.items("DEPARTURE")
        come_back(browser, address)
    [session] = case.items("SESSION")
    # Those of the tests' own browsers and provider stay out.
    said = "".join(each.getMessage() for each in caplog.records if not each.name.startswith(FROM_TESTS))
    assert "/oauth2/token" in said, "requests' own lines are there"
    secrets = (brought(address)["code"], departure["verifier"], session["access_token"])
    for secret in (*secrets, session["refresh_token"], case.here.hosted.client_secret):
        assert secret not in said


@pytest.mark.asvs("10.1.2", "10.4.6", "10.4.11")
def test_the_browser_leaves_with_state_nonce_and_challenge(case: Case) -> None:
    browser = case.browser()
    answer = browser.get(START)
    sent = brought(answer.headers["location"])
    [kept] = case.items("DEPARTURE")
    assert sent["response_type"] == "code"
    assert (sent["state"], sent["nonce"]) == (kept["state"], kept["nonce"])
    assert (sent["code_challenge_method"], len(sent["code_challenge"])) == ("S256", 43)
    assert kept["verifier"] not in answer.headers["location"]
    assert sent["scope"].split() == ["openid", "email", "profile"]
    assert (sent["identity_provider"], sent["redirect_uri"]) == (PROVIDER, CALLBACK)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-departure=")
    assert all(part in cookie.lower() for part in ("httponly", "secure", "samesite=lax", "path=/"))
    assert brought(start(case.browser()))["state"] != sent["state"]
    assert browser.cookies["__Host-departure"] not in str(case.table.items), "only its hash"
    for value in (sent["state"], sent["nonce"], kept["verifier"], browser.cookies["__Host-departure"]):
        assert len(value) >= 43, "256 bits and more"


@pytest.mark.asvs("10.1.2", "10.2.1", "10.5.1", "16.3.1")
@pytest.mark.parametrize(
    "way",
    [
        "again",
        "another browser",
        "no cookie",
        "no state",
        "another state",
        "too late",
        "no code",
        "made-up code",
    ],
)
def test_a_way_back_that_is_not_this_browsers_opens_nothing(
    case: Case, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = case.browser()
    address = come_from_provider(browser)
    if way == "again":
        departure = browser.cookies["__Host-departure"]
        come_back(browser, address)
        browser.cookies.clear()
        browser.cookies.set("__Host-departure", departure)
    elif way == "another browser":
        browser = case.browser()
        start(browser)
    elif way == "no cookie":
        browser = case.browser()
    elif way == "too late":
        case.age(DEPARTURE_SECONDS)
    elif way == "no state":
        address = address.partition("&state=")[0]
    else:
        name, value = {"another state": ("state", "x" * 64), "no code": ("code", "")}.get(
            way, ("code", "made-up")
        )
        address = changed(address, **{name: value})
    capsys.readouterr()
    check_refused(browser, come_back(browser, address), capsys)


@pytest.mark.asvs("10.1.2", "10.5.1")
@pytest.mark.parametrize("name", ["nonce", "verifier"])
def test_an_answer_to_another_departure_opens_nothing(
    case: Case, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has slipped a code of their own sign-in into Ana's."""
    browser = case.browser()
    address = come_from_provider(browser)
    for item in case.items("DEPARTURE"):
        item[name] = "of another departure, and long enough to be one: 0123456789"
    check_refused(browser, come_back(browser, address), capsys)


@pytest.mark.asvs("10.5.4", "9.2.3")
def test_tokens_for_another_client_open_nothing(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    here = case.here
    for_passwords = TokenCheck.of(here.idp, here.pool_id, here.password_client["ClientId"])
    case.restart(single_sign_on=SingleSignOn(here.idp, here.pool_id, here.hosted, for_passwords))
    browser = case.browser()
    check_refused(browser, come_back(browser, come_from_provider(browser)), capsys)


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


@pytest.mark.asvs("10.1.2")
def test_who_tries_anothers_state_does_not_use_it_up(case: Case) -> None:
    browser, other = case.browser(), case.browser()
    address = come_from_provider(browser)
    start(other)
    assert come_back(other, address).status_code == 400
    assert come_back(browser, changed(address, state="of nobody")).status_code == 400, "led by another site"
    assert come_back(browser, address).headers["location"] == "/"


@pytest.mark.asvs("16.2.5", "14.2.1")
def test_what_the_provider_refuses_is_one_sentence_of_ours(
    case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, named in (("access_denied", "access_denied"), ("<script>", "another error")):
        browser = case.browser()
        sent = brought(start(browser))
        address = changed(CALLBACK, error=error, error_description="<b>no</b>", state=sent["state"])
        capsys.readouterr()
        answer = come_back(browser, address)
        said = capsys.readouterr().out
        assert json.loads(said)["detail"] == f"single-sign-on: {named}"
        assert "<script>" not in said + answer.text
        assert "<b>no" not in answer.text
        assert answer.status_code == 401
        assert "did not let you in" in answer.text
        assert come_back(browser, address).status_code == 400, "and once only"


def test_somebody_without_an_address_is_told_so_and_stays_out(case: Case) -> None:
    browser = case.browser()
    answer = come_back(browser, come_from_provider(browser, NAMELESS))
    assert answer.status_code == 403
    assert "does not tell us your e-mail address" in answer.text
    assert not case.items("SESSION")


def test_what_the_pool_gave_to_somebody_who_stays_out_is_given_back() -> None:
    world = make_world(replace(SETTINGS, single_sign_on=HOSTED))
    world.directory.users[""] = User("somebody without an address")
    browser = world.browser()
    state = brought(browser.get(START).headers["location"])["state"]
    assert browser.get(f"/login/callback?code=&state={state}").status_code == 403
    assert "revoke refresh-" in world.directory.calls


@pytest.mark.asvs("10.5.2", "6.8.1")
def test_an_address_of_somebody_else_makes_nobody_somebody_else(case: Case) -> None:
    """People are known by the pool's sub; a user with a password and Ana's address is not Ana."""
    here = case.here
    here.idp.admin_create_user(
        UserPoolId=here.pool_id,
        Username=ANAS,
        UserAttributes=[{"Name": "email", "Value": ANAS}],
        MessageAction="SUPPRESS",
    )
    case.signed_in()
    local = here.idp.admin_get_user(UserPoolId=here.pool_id, Username=ANAS)["UserAttributes"]
    [session] = case.items("SESSION")
    assert session["email"] == ANAS
    assert session["user_id"] not in [attribute["Value"] for attribute in local]


def test_groups_are_those_of_the_pool(case: Case) -> None:
    case.signed_in()
    here = case.here
    here.idp.create_group(UserPoolId=here.pool_id, GroupName="admins")
    here.idp.admin_add_user_to_group(UserPoolId=here.pool_id, Username=here.username(ANA), GroupName="admins")
    case.table.items.clear()
    case.signed_in()
    [session] = case.items("SESSION")
    assert "admins" in session["groups"]


@pytest.mark.asvs("7.4.2")
def test_the_pool_is_asked_through_the_right_client_and_a_disabled_user_is_out(case: Case) -> None:
    browser = case.signed_in()
    [session] = case.items("SESSION")
    before = session["access_token"]
    case.age(CHECK_SECONDS)
    case.restart()
    browser = with_cookies(case, browser)
    assert browser.get("/account").status_code == 200
    [session] = case.items("SESSION")
    assert session["access_token"] != before, "refreshed"

    case.here.idp.admin_disable_user(UserPoolId=case.here.pool_id, Username=case.here.username(ANA))
    case.age(CHECK_SECONDS)
    case.restart()
    assert with_cookies(case, browser).get("/account").status_code == 303
    assert not case.items("SESSION")


def test_when_single_sign_on_is_switched_off_its_sessions_end(case: Case) -> None:
    browser = case.signed_in()
    case.age(CHECK_SECONDS)
    case.settings = replace(case.settings, single_sign_on=None)
    case.restart()
    assert with_cookies(case, browser).get("/account").status_code == 303


def test_who_came_by_it_signs_out_after_it_is_switched_off(case: Case) -> None:
    browsers = [case.signed_in(), case.signed_in()]
    case.settings = replace(case.settings, single_sign_on=None)
    case.restart()
    for browser, way in zip(browsers, ("/logout", "/logout/everywhere"), strict=True):
        answer = with_cookies(case, browser).post(way)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?out=1")
    assert not case.items("SESSION")


def with_cookies(case: Case, browser: TestClient) -> TestClient:
    """The same browser, at the task that runs now."""
    moved = case.browser()
    moved.cookies.update(dict(browser.cookies))
    return moved


@pytest.mark.asvs("7.4.1", "7.6.1", "10.4.9")
def test_signing_out_ends_the_pools_session_in_the_browser_too(case: Case) -> None:
    browser = case.signed_in()
    [session] = case.items("SESSION")
    assert case.refreshes(session["refresh_token"])
    answer = browser.post("/logout")
    assert answer.status_code == 303
    away = answer.headers["location"]
    assert away.startswith(f"{case.here.aws.endpoint_url}/logout?")
    assert brought(away) == {"client_id": case.here.hosted.client_id, "logout_uri": SIGNED_OUT}
    assert Visitor().leads_to(away) == SIGNED_OUT
    assert "You have signed out" in browser.get(SIGNED_OUT, follow_redirects=True).text
    assert not case.items("SESSION")
    assert not case.refreshes(session["refresh_token"])


@pytest.mark.asvs("7.4.1", "10.4.9")
def test_signing_out_everywhere_revokes_each_sign_in(case: Case) -> None:
    here, elsewhere, eva = case.signed_in(), case.signed_in(), case.signed_in(EVA)
    tokens = {item["refresh_token"]: item["email"] for item in case.items("SESSION")}
    assert here.post("/logout/everywhere").headers["location"].startswith(case.here.aws.endpoint_url)
    assert elsewhere.get("/account").status_code == 303
    assert eva.get("/account").status_code == 200
    assert sorted((email, case.refreshes(token)) for token, email in tokens.items()) == [
        (ANAS, False),
        (ANAS, False),
        ("eva@example.com", True),
    ]


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("way", ["/logout", "/logout/everywhere"])
def test_signing_out_does_not_need_the_pool(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    world = make_world(replace(SETTINGS, single_sign_on=HOSTED), ana=User("of no use here"))
    here, elsewhere = (arrived(world, ANAS) for _ in range(2))
    world.directory.down = True
    capsys.readouterr()
    answer = here.post(way)
    assert answer.headers["location"].startswith(f"{HOSTED.url}/logout?")
    assert "__Host-session" not in here.cookies
    assert here.get("/account").status_code == 401
    assert elsewhere.get("/account").status_code == (401 if way.endswith("everywhere") else 200)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines if line["outcome"] == "ok"] == [
        "sign-out" + way.removeprefix("/logout").replace("/", "-")
    ]
    failed = [line for line in lines if line["event"] == "token-revocation"]
    assert [line["outcome"] for line in failed] == ["failed"] * (2 if way.endswith("everywhere") else 1)


@pytest.mark.asvs("3.4.3")
def test_forms_lead_to_the_pools_domain_only_where_signing_out_does() -> None:
    world = make_world(replace(SETTINGS, single_sign_on=HOSTED), ana=User("Correct-Horse-1"))
    browsers = (arrived(world, ANAS), world.signed_in(ANAS))
    policies = [browser.get("/account").headers["content-security-policy"] for browser in browsers]
    assert [f"form-action 'self' {HOSTED.url};" in policy for policy in policies] == [True, False]
    assert "form-action 'self';" in policies[1]


def arrived(world: World, email: str) -> TestClient:
    """A browser after a single sign-on at the fake provider."""
    browser = world.browser()
    state = brought(browser.get(START).headers["location"])["state"]
    assert browser.get(f"/login/callback?code={email}&state={state}").headers["location"] == "/"
    return browser


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
