"""What counts as guessing, whom it holds up and whom it does not, and that nothing costly comes before it."""

import threading
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from starlette.testclient import TestClient

from gradio_app.cognito.directory import Challenge, Greeting
from gradio_app.cognito.tokens import SignedIn
from gradio_app.login.new_password import WAITING, WAITING_EACH, Busy, PasswordJudge
from gradio_app.sessions import throttle
from gradio_app.sessions.known import KNOWN_SECONDS, Known
from gradio_app.sessions.names import canonical
from gradio_app.sessions.throttle import (
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ADDRESS,
    JUDGED_PASSWORDS,
    WINDOW_SECONDS,
    Throttle,
    at_account,
)
from gradio_app.store.table import AsyncTable
from tests.gradio_app.fakes import HOSTED, SETTINGS, FakeDirectory, FakeTable, User, World, make_world

pytestmark = pytest.mark.slow

ANA, PASSWORD, NEW = "ana@example.com", "Correct-Horse-1", "Better-Horse-22"
HOME, STRANGER = "203.0.113.9", "192.0.2.1"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals need not be slow here."""
    monkeypatch.setattr("gradio_app.login.services.SAME_PACE_SECONDS", 0)


def sign_in(browser: TestClient, password: str, account: str = ANA) -> int:
    return browser.post("/login", data={"email": account, "password": password}).status_code


def lock_out(world: World, account: str = ANA) -> None:
    """Strangers all over the world guess until nobody of them may any more."""
    for number in range(FAILURES_PER_ACCOUNT):
        assert sign_in(world.browser(f"198.51.100.{number}"), "wrong", account) == 401
    assert sign_in(world.browser(STRANGER), PASSWORD, account) == 429


@pytest.mark.asvs("6.1.1", "6.3.1")
def test_a_stranger_locks_nobody_out_who_has_been_here_before() -> None:
    world = make_world(ana=User(PASSWORD))
    owner = world.browser(HOME)
    assert sign_in(owner, PASSWORD) == 303
    lock_out(world)
    assert owner.get("/account").status_code == 200, "who is in stays in"
    assert sign_in(world.browser(HOME), PASSWORD) == 303, "from an address that she came from before"
    travelling = world.browser("2001:db8::7")
    travelling.cookies.set("__Host-known", owner.cookies["__Host-known"])
    assert sign_in(travelling, PASSWORD) == 303, "with a browser that she came with before"


@pytest.mark.asvs("6.1.1")
@pytest.mark.parametrize("path", ["/forgot-password", "/reset-password"])
def test_who_was_here_can_reset_a_password_whatever_strangers_do(path: str) -> None:
    world = make_world(ana=User(PASSWORD))
    owner = world.signed_in(ANA)
    form = {"email": ANA, "code": "000000", "new_password": NEW, "repeat": NEW}
    last = 0
    for number in range(FAILURES_PER_ACCOUNT + 1):
        last = world.browser(f"198.51.100.{number}").post(path, data=form).status_code
    assert last == 429
    assert owner.post(path, data=form | {"code": FakeDirectory.CODE}).status_code in (200, 303)


@pytest.mark.asvs("6.1.1")
def test_who_is_in_changes_the_password_whatever_strangers_do() -> None:
    world = make_world(ana=User(PASSWORD))
    owner = world.signed_in(ANA)
    lock_out(world)
    for number in range(FAILURES_PER_ADDRESS):
        sign_in(world.browser(HOME), "wrong", f"{number}@example.com")
    form = {"password": PASSWORD, "new_password": NEW, "repeat": NEW}
    assert owner.post("/account/password", data=form).headers["location"] == "/account?changed=1"


@pytest.mark.asvs("6.1.1", "6.3.1")
@pytest.mark.parametrize("known_by", ["browser", "address"])
def test_being_known_is_worth_no_more_guesses_than_a_stranger_has(known_by: str) -> None:
    world = make_world(ana=User(PASSWORD))
    token = world.signed_in(ANA).cookies["__Host-known"]

    def guesser(number: int) -> TestClient:
        browser = world.browser(HOME if known_by == "address" else f"192.0.2.{number}")
        if known_by == "browser":
            browser.cookies.set("__Host-known", token)
        return browser

    answers = [sign_in(guesser(number), "wrong") for number in range(FAILURES_PER_ACCOUNT)]
    assert answers == [401] * FAILURES_PER_ACCOUNT
    assert sign_in(guesser(99), PASSWORD) == 429
    assert sign_in(world.browser(STRANGER), PASSWORD) == 303, "nor does it hold up anybody else"


def test_being_known_for_one_account_is_worth_nothing_at_another() -> None:
    world = make_world(ana=User(PASSWORD), eva=User(PASSWORD))
    eva = world.signed_in("eva@example.com")
    lock_out(world)
    assert sign_in(eva, PASSWORD) == 429


def test_a_known_browser_serves_those_who_share_it() -> None:
    world = make_world(ana=User(PASSWORD), eva=User(PASSWORD))
    shared = world.browser(HOME)
    for account in (ANA, "eva@example.com"):
        assert sign_in(shared, PASSWORD, account) == 303
        shared.post("/logout")
    lock_out(world)
    moved = world.browser("192.0.2.77")
    moved.cookies.set("__Host-known", shared.cookies["__Host-known"])
    assert sign_in(moved, PASSWORD) == 303


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.4")
def test_the_cookie_of_a_known_browser_opens_nothing_and_is_new_each_time() -> None:
    world = make_world(ana=User(PASSWORD))
    owner = world.browser()
    answer = owner.post("/login", data={"email": ANA, "password": PASSWORD})
    [cookie] = [each for each in answer.headers.get_list("set-cookie") if each.startswith("__Host-known=")]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "secure", "path=/", "samesite=strict", f"max-age={KNOWN_SECONDS}"}
    first = owner.cookies["__Host-known"]
    assert first not in str(world.table.items)
    thief = world.browser(STRANGER)
    for name in ("__Host-known", "__Host-session", "__Host-step"):
        thief.cookies.set(name, first)
    assert thief.get("/account").status_code == 401
    owner.post("/logout")
    assert owner.cookies["__Host-known"] == first, "it outlives the session"
    assert sign_in(owner, PASSWORD) == 303
    assert owner.cookies["__Host-known"] != first
    lock_out(world)
    thief.cookies.set("__Host-known", first)
    assert sign_in(thief, PASSWORD) == 429, "the old one is nothing any more"


def test_what_is_known_is_forgotten_in_the_end() -> None:
    async def scenario() -> None:
        clock = [1e9]
        known = Known(AsyncTable(FakeTable()), now=lambda: clock[0])
        token = await known.remember("", HOME, [ANA, "id"])
        assert (await known.source(token, STRANGER, ANA)).startswith("browser")
        assert (await known.source("", HOME, "ID ")).startswith("address")
        assert await known.source(token, STRANGER, "eva@example.com") == ""
        clock[0] += KNOWN_SECONDS
        assert await known.source(token, HOME, ANA) == ""

    anyio.run(scenario)


VARIANTS = (
    ANA.upper(),
    f"  {ANA}\t",
    f"\N{NO-BREAK SPACE}{ANA}",
    "\N{FULLWIDTH LATIN SMALL LETTER A}na@example.com",
    "ana\N{FULLWIDTH COMMERCIAL AT}example.com",
)


@pytest.mark.asvs("6.3.1")
def test_however_an_account_is_written_it_is_one_account() -> None:
    world = make_world(ana=User(PASSWORD))
    answers = [
        sign_in(world.browser(f"198.51.100.{number}"), "wrong", VARIANTS[number % len(VARIANTS)])
        for number in range(FAILURES_PER_ACCOUNT + 1)
    ]
    assert answers == [401] * FAILURES_PER_ACCOUNT + [429]
    assert {canonical(name) for name in VARIANTS} == {ANA}


@pytest.mark.asvs("6.3.1")
def test_all_names_that_the_pool_knows_a_user_by_count_together() -> None:
    world = make_world(ana=User(PASSWORD))
    names = (ANA, f"id-of-{ANA}")
    answers = [
        sign_in(world.browser(f"198.51.100.{number}"), "wrong", names[number % 2])
        for number in range(FAILURES_PER_ACCOUNT + 2)
    ]
    assert answers == [401] * FAILURES_PER_ACCOUNT + [429, 429]
    assert sign_in(world.browser(STRANGER), PASSWORD, f"id-of-{ANA}") == 429


def test_an_address_that_is_refused_leaves_no_trace_at_the_accounts_that_it_names() -> None:
    world = make_world(ana=User(PASSWORD))
    for number in range(FAILURES_PER_ADDRESS):
        sign_in(world.browser(STRANGER), "wrong", f"{number}@example.com")
    for _ in range(FAILURES_PER_ACCOUNT + 1):
        assert sign_in(world.browser(STRANGER), "wrong") == 429
    assert sign_in(world.browser("198.51.100.1"), PASSWORD) == 303


def test_a_good_attempt_is_given_back_where_it_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may end in the next window, which must not begin with one more to spend."""
    monkeypatch.setattr(throttle, "WINDOW_SECONDS", WINDOW_SECONDS)

    async def scenario() -> None:
        clock, table = [WINDOW_SECONDS * 1e6 - 1], FakeTable()
        counting = Throttle(AsyncTable(table), now=lambda: clock[0])
        attempt = await counting.attempt(at_account("account", ANA))
        clock[0] += 2
        await counting.give_back(attempt)
        assert [item["count"] for item in table.items.values()] == [0]

    anyio.run(scenario)


# --- nothing costly before the cheap refusal


class CountingFault:
    """Judges nothing, and says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, *_: str) -> str | None:
        self.asked += 1
        return None


FIELDS = {
    "email": ANA,
    "password": PASSWORD,
    "code": FakeDirectory.CODE,
    "new_password": NEW,
    "repeat": NEW,
}
ALL_ON = replace(SETTINGS, mfa="optional", sign_up_domains=("example.com",))
USERS = {
    "a new password": User(PASSWORD, temporary=True),
    "a code": User(PASSWORD, authenticator=True),
    "an authenticator": User(PASSWORD, sets_up=True),
}
FORMS = ("/login", "/forgot-password", "/reset-password", "/sign-up", "/sign-up/confirm")
STEPS = [("/login/step", why) for why in USERS]
POSTS = [
    *(
        (path, "")
        for path in ("/login", "/forgot-password", "/reset-password", "/sign-up", "/sign-up/confirm")
    ),
    *((path, "signed in") for path in ("/account/password", "/account/authenticator")),
    *((path, "signed in") for path in ("/account/authenticator/confirm", "/account/authenticator/remove")),
    *STEPS,
]


def visitor(world: World, stage: str) -> TestClient:
    """A browser that has come so far that the form is its next step."""
    world.directory.users[ANA] = USERS.get(stage, User(PASSWORD))
    browser = world.signed_in(ANA) if stage == "signed in" else world.browser()
    if stage in USERS:
        assert sign_in(browser, PASSWORD) == 303
    if stage == "signed in":
        assert browser.post("/account/authenticator", data=FIELDS).status_code == 303
    return browser


@pytest.mark.asvs("2.4.1", "15.2.2")
@pytest.mark.parametrize(("path", "stage"), POSTS)
def test_a_spent_throttle_refuses_before_anything_costly(path: str, stage: str) -> None:
    judge = CountingFault()
    world = make_world(ALL_ON, fault=judge)
    browser = visitor(world, stage)
    judge.asked = 0
    world.directory.calls.clear()
    world.table.spent = True
    answer = browser.post(path, data=FIELDS)
    assert answer.status_code == 429
    assert (judge.asked, world.directory.calls) == (0, [])
    assert "<svg" not in answer.text, "no picture was drawn"


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize(
    ("path", "stage"),
    [("/reset-password", ""), ("/account/password", "signed in"), ("/login/step", "a new password")],
)
def test_so_many_new_passwords_are_judged_and_no_more(path: str, stage: str) -> None:
    judge = CountingFault()
    world = make_world(ALL_ON, fault=lambda *given: judge(*given) or "password_guessable")
    browser = visitor(world, stage)
    answers = [browser.post(path, data=FIELDS).status_code for _ in range(JUDGED_PASSWORDS + 1)]
    assert answers == [400] * JUDGED_PASSWORDS + [429]
    assert judge.asked == JUDGED_PASSWORDS


class Held:
    """A judge whose work takes until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.at_once = self.most = 0

    def __call__(self, *_: str) -> str | None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.begun.set()
        self.may_end.wait(30)
        self.at_once -= 1
        return None


def judge_all(who: list[str], held: Held) -> list[str]:
    """Have a password of each judged at the same time; how each of them ended, in this order."""
    ended = [""] * len(who)

    async def one(judge: PasswordJudge, number: int) -> None:
        try:
            await judge.fault(who[number], "x", ANA)
            ended[number] = "judged"
        except Busy:
            ended[number] = "busy"

    async def scenario() -> None:
        judge = PasswordJudge(held)
        async with anyio.create_task_group() as group:
            for number in range(len(who)):
                group.start_soon(one, judge, number)
                await anyio.wait_all_tasks_blocked()
            held.may_end.set()
        assert not judge._waiting, "nobody is remembered"

    anyio.run(scenario)
    return ended


@pytest.mark.asvs("15.2.2")
def test_forty_connections_of_one_do_not_make_another_wait() -> None:
    held = Held()
    ended = judge_all(["stranger"] * 40 + ["ana"], held)
    assert ended == ["judged"] * WAITING_EACH + ["busy"] * (40 - WAITING_EACH) + ["judged"]
    assert held.most == 1


def test_of_many_only_so_many_wait() -> None:
    assert judge_all([str(number) for number in range(WAITING + 3)], Held()).count("busy") == 3


@pytest.mark.parametrize(
    ("path", "stage"),
    [("/reset-password", ""), ("/account/password", "signed in"), ("/login/step", "a new password")],
)
def test_who_finds_it_busy_is_told_so_and_may_go_on(path: str, stage: str) -> None:
    judges = [busy]
    world = make_world(ALL_ON, fault=lambda *given: judges[-1](*given))
    browser = visitor(world, stage)
    answer = browser.post(path, data=FIELDS)
    assert (answer.status_code, "Try again in a moment" in answer.text) == (429, True)
    judges.append(lambda *_: None)
    assert browser.post(path, data=FIELDS).status_code == 303


def busy(*_: str) -> str | None:
    raise Busy


# --- what is no guess


@pytest.mark.parametrize(("path", "stage"), POSTS)
def test_an_outage_of_the_pool_locks_nobody_out(path: str, stage: str) -> None:
    world = make_world(ALL_ON, fault=lambda *_: None)
    for _ in range(FAILURES_PER_ACCOUNT + 1):
        world.directory.down = False
        browser = visitor(world, stage)
        world.directory.down = True
        assert browser.post(path, data=FIELDS).status_code == 503
    world.directory.down = False
    assert visitor(world, stage).post(path, data=FIELDS).status_code in (200, 303, 400)


def test_an_outage_gives_no_wrong_guess_back() -> None:
    """The first of two tries was answered, and wrong."""
    world = make_world(ana=User(PASSWORD))
    prove = world.directory.prove

    async def once(greeting: Greeting, password: str) -> SignedIn | Challenge:
        world.directory.down = world.directory.calls.count("prove") % 2 == 1
        return await prove(greeting, password)

    world.directory.prove = once  # type: ignore[method-assign]
    answers = []
    for _ in range(FAILURES_PER_ACCOUNT):
        answers.append(sign_in(world.browser(), "wrong "))
        world.directory.down = False
    assert answers == [503] * (FAILURES_PER_ACCOUNT - 1) + [429]


def test_an_outage_of_the_pool_locks_nobody_out_of_single_sign_on() -> None:
    world = make_world(replace(SETTINGS, single_sign_on=HOSTED), ana=User(PASSWORD))

    def arrive() -> int:
        browser = world.browser()
        away = browser.get("/login/single-sign-on").headers["location"]
        [state] = parse_qs(urlsplit(away).query)["state"]
        return browser.get(f"/login/callback?code={ANA}&state={state}").status_code

    world.directory.down = True
    assert {arrive() for _ in range(FAILURES_PER_ADDRESS + 1)} == {503}
    world.directory.down = False
    assert arrive() == 303


def test_what_the_pool_asks_and_we_cannot_is_no_wrong_password() -> None:
    world = make_world(ana=User(PASSWORD, asked_for="SMS_MFA"))
    answers = {sign_in(world.browser(), PASSWORD) for _ in range(FAILURES_PER_ACCOUNT + 1)}
    assert 429 not in answers


@pytest.mark.parametrize(("path", "stage"), [("/reset-password", ""), ("/account/password", "signed in")])
@pytest.mark.parametrize("judge", ["busy", "pool"])
def test_a_new_password_that_is_not_taken_is_no_wrong_code(path: str, stage: str, judge: str) -> None:
    judges = [busy if judge == "busy" else lambda *_: None]
    world = make_world(ALL_ON, fault=lambda *given: judges[-1](*given))
    browser = visitor(world, stage)
    form = FIELDS if judge == "busy" else FIELDS | {"new_password": "short", "repeat": "short"}
    refused = 429 if judge == "busy" else 400
    answers = {browser.post(path, data=form).status_code for _ in range(FAILURES_PER_ACCOUNT + 1)}
    assert answers == {refused}
    judges.append(lambda *_: None)
    assert browser.post(path, data=FIELDS).status_code == 303


# --- what is typed


@pytest.mark.parametrize("blank", [" ", "\n", "\t\r\n", "\N{NO-BREAK SPACE}"])
def test_a_password_that_was_copied_with_blanks_around_it_works(blank: str) -> None:
    world = make_world(ana=User(PASSWORD, temporary=True))
    answer = world.browser().post("/login", data={"email": ANA, "password": f"{blank}{PASSWORD}{blank}"})
    assert answer.headers["location"] == "/login/step"
    assert [item["count"] for (pk, _), item in world.table.items.items() if pk.startswith("THROTTLE")] == [
        0
    ] * 3


def test_a_password_with_blanks_around_it_is_a_password() -> None:
    spaced = " four words of mine "
    world = make_world(ana=User(spaced))
    assert sign_in(world.browser(), spaced) == 303
    assert world.directory.calls.count("prove") == 1, "what was typed comes first"
    assert sign_in(world.browser(), spaced.strip()) == 401
    assert sign_in(world.browser(), "  ") == 401


@pytest.mark.asvs("6.3.1")
def test_trying_both_ways_counts_twice() -> None:
    world = make_world(ana=User(PASSWORD))
    for _ in range(FAILURES_PER_ACCOUNT):
        sign_in(world.browser(), "wrong ")
    assert world.directory.calls.count("prove") == FAILURES_PER_ACCOUNT


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("email", ["", " ", "\t\n", "\N{NO-BREAK SPACE}"])
def test_nothing_but_blanks_is_no_address(path: str, email: str) -> None:
    world = make_world(ALL_ON)
    assert world.browser().post(path, data=FIELDS | {"email": email}).status_code == 400
    assert not world.directory.calls


MULTIPART = "multipart/form-data; boundary=x; charset=unicode_escape"
PART = '--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


BODIES = [
    (MULTIPART, "".join(PART.format(name=name, value="\\ud800") for name in FIELDS) + "--x--\r\n"),
    (MULTIPART, "--x\r\nnonsense"),
    ("application/json", '{"email": "ana@example.com"}'),
    ("application/x-www-form-urlencoded", "&".join(f"{name}=%ed%a0%80" for name in FIELDS)),
    ("application/x-www-form-urlencoded", "&".join(f"{name}=%ff%00" for name in FIELDS)),
    ("application/x-www-form-urlencoded", "&".join(["email=a%40b.cd"] * 1000)),
    ("application/x-www-form-urlencoded", "=&;%&%%&%zz=%"),
    ("Application/X-WWW-Form-Urlencoded ;charset=utf-7", "email=+2AA-&password=+2AA-"),
    ("", "email=x"),
]


@pytest.mark.asvs("2.2.1")
@pytest.mark.parametrize(("path", "stage"), POSTS)
def test_whatever_comes_as_a_form_is_no_error_of_ours(path: str, stage: str) -> None:
    world = make_world(ALL_ON, fault=lambda *_: None)
    for kind, body in BODIES:
        browser = visitor(world, stage)
        answer = browser.post(path, content=body.encode(), headers={"content-type": kind})
        assert answer.status_code < 500, body
