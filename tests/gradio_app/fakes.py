"""Stand-ins for what reaches outside, passed where `create_app` takes them, and a tiny page."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import httpx
import uvicorn
from starlette.testclient import TestClient

from gradio_app.aws import Clients
from gradio_app.cognito.directory import (
    CODE,
    CODE_SETUP,
    FIRST_PASSWORD,
    NEW_PASSWORD,
    Challenge,
    Directory,
    Greeting,
)
from gradio_app.cognito.errors import (
    CognitoUnreachable,
    PasswordRefused,
    UnsupportedChallenge,
    WrongCode,
    WrongCredentials,
)
from gradio_app.cognito.single_sign_on import Departure, SingleSignOn
from gradio_app.cognito.tokens import SINGLE_SIGN_ON, SignedIn, TokenCheck
from gradio_app.identity import Identity
from gradio_app.login.guessable import fault
from gradio_app.server import Application, create_app
from gradio_app.settings import HostedClient, Settings
from gradio_app.store.table import ConflictError, Item, Table, TableUnreachable
from tests.serving import on_loopback, running

SETTINGS = Settings(
    pool_id="us-east-1_Fake00000",
    app_client_id="client",
    app_client_secret="secret",
    table_name="table",
    bucket_name="files",
    region="us-east-1",
    model_ids=("fake.model",),
)
HOSTED = HostedClient(
    "https://people.auth.us-east-1.amazoncognito.com", "Example-Org", "hosted", "hosted-secret"
)
NO_CLIENTS = Clients(cognito_idp=None, dynamodb=None, bedrock_runtime=None, bedrock=None)
ORIGIN = "https://testserver"
SAME_ORIGIN = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
PAGE_VIEW = {"accept": "text/html", "sec-fetch-site": "none", "sec-fetch-mode": "navigate"}


class FakeTable(Table):
    """The table's promises over a dict; `down` makes it unreachable, `spent` every counter high."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.down = False
        self.spent = False
        self.reads = 0

    def get(self, pk: str, sk: str) -> Item | None:
        self._answer()
        self.reads += 1
        return dict(self.items[pk, sk]) if (pk, sk) in self.items else None

    def get_many(self, pk: str, sort_keys: Any, names: Any = ()) -> dict[str, Item]:  # noqa: ARG002
        return {sk: item for sk in sort_keys if (item := self.get(pk, sk))}

    def query(
        self,
        pk: str,
        between: Any = None,  # noqa: ARG002
        *,
        prefix: str = "",
        index: str = "",
        **_: Any,
    ) -> Iterator[Item]:
        self._answer()
        listed = (key for key, item in self.items.items() if not index or "updated_at" in item)
        keys = sorted(key for key in listed if key[0] == pk and key[1].startswith(prefix))
        yield from ({"pk": key[0], "sk": key[1], **self.items[key]} for key in keys)

    def transact(self, actions: Any, token: str = "") -> None:  # noqa: ARG002
        """Nothing is allowed: what needs more than this has the emulator."""
        self._answer()
        raise ConflictError(1)

    def put(self, item: Any) -> None:
        self._answer()
        self.items[item["pk"], item["sk"]] = dict(item)

    def update(self, pk: str, sk: str, changes: Any, **expected: Any) -> bool:
        self._answer()
        item = self.items.get((pk, sk))
        if item is None or any(item[name] != value for name, value in expected.items()):
            return False
        item.update(changes)
        return True

    def count(self, pk: str, sk: str, by: int, expires_at: int) -> int:
        self._answer()
        item = self.items.setdefault((pk, sk), {"count": 0})
        item.update(count=item["count"] + by, expires_at=expires_at)
        return item["count"] + 10**6 * self.spent

    def take(self, pk: str, sk: str) -> Item | None:
        self._answer()
        return self.items.pop((pk, sk), None)

    def sort_keys(self, pk: str, prefix: str) -> list[str]:
        self._answer()
        return [sk for item_pk, sk in self.items if item_pk == pk and sk.startswith(prefix)]

    def _answer(self) -> None:
        if self.down:
            raise TableUnreachable("down")


@dataclass
class User:
    """Somebody in the fake pool."""

    password: str
    temporary: bool = False
    asked_for: str = ""
    """A challenge that the application does not have."""
    authenticator: bool = False
    sets_up: bool = False
    """Whether the pool has an authenticator set up at the next sign-in."""
    disabled: bool = False
    groups: tuple[str, ...] = ()


@dataclass
class FakeDirectory(Directory):
    """A user pool in memory; the code of every authenticator and every mail is 123456."""

    users: dict[str, User] = field(default_factory=dict)
    unconfirmed: set[str] = field(default_factory=set)
    mails: list[str] = field(default_factory=list)
    down: bool = False
    calls: list[str] = field(default_factory=list)
    access_expires_at: int = 2**40

    CODE = "123456"
    KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

    async def load_keys(self) -> None:
        self._asked("load_keys")

    async def greet(self, username: str) -> Greeting:
        self._asked("greet")
        name = username.removeprefix("id-of-")  # as a pool knows users by their `sub`, too
        return Greeting(f"id-of-{name}", name)

    async def prove(self, greeting: Greeting, password: str) -> SignedIn | Challenge:
        self._asked("prove")
        username = greeting.exchange
        user = self.users.get(username)
        if user is None or user.disabled or user.password != password:
            raise WrongCredentials
        if user.asked_for:
            raise UnsupportedChallenge(user.asked_for)
        if user.temporary:
            return Challenge(NEW_PASSWORD, username, "cognito-session")
        if user.sets_up:
            return Challenge(CODE_SETUP, username, "cognito-session", self.KEY)
        if user.authenticator:
            return Challenge(CODE, username, "cognito-session")
        return self._signed_in(username)

    async def respond(self, challenge: Challenge, response: str) -> SignedIn | Challenge:
        self._asked("respond")
        if challenge.name == FIRST_PASSWORD:
            self.users.setdefault(challenge.username, User("made-up-first"))
        if challenge.asks_password:
            self._set_password(challenge.username, response)
        elif response != self.CODE:
            raise WrongCode
        elif challenge.name == CODE_SETUP:
            self.users[challenge.username] = replace(
                self.users[challenge.username], sets_up=False, authenticator=True
            )
        return self._signed_in(challenge.username)

    async def refresh(self, username: str, refresh_token: str) -> SignedIn:
        self._asked("refresh")
        if self.users[username].disabled or not refresh_token:
            raise WrongCredentials("User is disabled.")
        return self._signed_in(username)

    async def revoke(self, refresh_token: str) -> None:
        self._asked(f"revoke {refresh_token}")

    async def sign_out_everywhere(self, access_token: str) -> None:
        self._asked(f"sign_out_everywhere {access_token}")

    async def change_password(self, access_token: str, old: str, new: str) -> None:
        self._asked("change_password")
        username = access_token.removeprefix("access-")
        if self.users[username].password != old:
            raise WrongCredentials
        self._set_password(username, new)

    async def has_authenticator(self, access_token: str) -> bool:
        self._asked("has_authenticator")
        return self._owner(access_token).authenticator

    async def new_authenticator(self, access_token: str) -> str:
        self._asked("new_authenticator")
        self._owner(access_token)
        return self.KEY

    async def activate_authenticator(self, access_token: str, code: str) -> None:
        self._asked("activate_authenticator")
        if code != self.CODE:
            raise WrongCode
        self._owner(access_token).authenticator = True

    async def remove_authenticator(self, access_token: str) -> None:
        self._asked("remove_authenticator")
        self._owner(access_token).authenticator = False

    async def sign_up(self, email: str) -> None:
        self._asked(f"sign_up {email}")
        if email not in self.users:
            self.unconfirmed.add(email)
            self.mails.append(email)

    async def confirm_sign_up(self, email: str, code: str) -> None:
        self._asked("confirm_sign_up")
        if email not in self.unconfirmed or code != self.CODE:
            raise WrongCode
        self.unconfirmed.remove(email)

    async def first_sign_in(self, email: str) -> SignedIn | Challenge:
        self._asked("first_sign_in")
        return Challenge(FIRST_PASSWORD, email, f"refresh-{email}")

    async def forgot_password(self, username: str) -> None:
        self._asked(f"forgot_password {username}")

    async def reset_password(self, username: str, code: str, new: str) -> None:
        self._asked("reset_password")
        if username not in self.users or code != self.CODE:
            raise WrongCode
        self._set_password(username, new)

    def _owner(self, access_token: str) -> User:
        return self.users[access_token.removeprefix("access-")]

    def _set_password(self, username: str, password: str) -> None:
        if len(password) < 12:
            raise PasswordRefused("Password did not conform with policy: Password not long enough")
        self.users[username] = replace(self.users[username], password=password, temporary=False)

    def _signed_in(self, username: str) -> SignedIn:
        return SignedIn(
            identity=Identity(f"id-of-{username}", username, self.users[username].groups),
            username=username,
            access_token=f"access-{username}",
            refresh_token=f"refresh-{username}",
            access_expires_at=self.access_expires_at,
        )

    def _asked(self, call: str) -> None:
        self.calls.append(call)
        if self.down:
            raise CognitoUnreachable("down")


class FakeSingleSignOn(SingleSignOn):
    """A provider that vouches for whoever the code names; its users are the directory's.

    With `at_once` the browser does not leave: it is sent back with a code of that user.
    """

    def __init__(self, directory: FakeDirectory, at_once: str = "") -> None:
        unused = TokenCheck(jwks_url="https://pool.example/", issuer="", client_id="")
        super().__init__(None, SETTINGS.pool_id, HOSTED, unused)
        self._directory = directory
        self._at_once = at_once

    def start_url(self, departure: Departure) -> str:
        if not self._at_once:
            return super().start_url(departure)
        return f"{departure.redirect_uri}?code={self._at_once}&state={departure.state}"

    async def arrive(self, departure: Departure, code: str) -> SignedIn:  # noqa: ARG002
        self._directory._asked("arrive")
        if code not in self._directory.users:
            raise WrongCode
        return replace(self._directory._signed_in(code), way=SINGLE_SIGN_ON)

    async def refresh(self, username: str, refresh_token: str) -> SignedIn:
        return replace(await self._directory.refresh(username, refresh_token), way=SINGLE_SIGN_ON)

    async def revoke(self, refresh_token: str) -> None:
        await self._directory.revoke(refresh_token)


@dataclass
class World:
    """An application over fakes."""

    table: FakeTable
    directory: FakeDirectory
    application: Application
    settings: Settings
    on_stop: list[Callable[[], None]] = field(default_factory=list)
    """Called when the page's generator ends before its time."""
    on_start: list[Callable[[], None]] = field(default_factory=list)
    """Called when it begins."""

    def browser(self, address: str = "203.0.113.9") -> TestClient:
        """A new browser without cookies; requests look like those of our own pages."""
        client = TestClient(
            self.application.gate,
            base_url=ORIGIN if self.settings.https else "http://testserver",
            headers=SAME_ORIGIN,
            follow_redirects=False,
            client=(address, 50000),
        )
        return client

    def signed_in(self, username: str) -> TestClient:
        """A browser after a successful sign-in."""
        browser = self.browser()
        user = self.directory.users.setdefault(username, User("Correct-Horse-1"))
        answer = browser.post("/login", data={"email": username, "password": user.password})
        assert answer.headers["location"] == "/", answer.text
        return browser


def make_world(
    settings: Settings = SETTINGS,
    *,
    streams: bool = False,
    clients: Clients = NO_CLIENTS,
    fault: Callable[[str, str], str | None] = fault,
    **users: User,
) -> World:
    """An application whose page is `tiny_page`; users are named by keyword, `ana` for ana@example.com.

    With `streams` the page is its own: Gradio's queue belongs to the loop that it is first used in. With
    clients of a table and of models it is the chat, and all is in their table and nothing in the world's.
    """
    table = FakeTable()
    on_stop: list[Callable[[], None]] = []
    on_start: list[Callable[[], None]] = []
    directory = FakeDirectory(users={f"{name}@example.com": user for name, user in users.items()})
    page = None if clients is not NO_CLIENTS else tiny_page(on_stop, on_start) if streams else shared_page()
    application = create_app(
        settings,
        clients,
        table=table if clients is NO_CLIENTS else None,
        directory=directory,
        single_sign_on=FakeSingleSignOn(directory) if settings.single_sign_on else None,
        page=page,
        fault=fault,
    )
    return World(table, directory, application, settings, on_stop, on_start)


@cache
def shared_page() -> Any:
    """Building a page takes longer than most tests; one whose queue is not used serves them all."""
    return tiny_page()


def tiny_page(on_stop: Sequence[Callable[[], None]] = (), on_start: Sequence[Callable[[], None]] = ()) -> Any:
    """What the chat has: a queued generator (0), an event past the queue (1), a private one (2)."""
    import gradio

    gate = threading.Event()

    def count(text: str) -> Iterator[str]:
        for call in on_start:
            call()
        try:
            for number in range(100_000):
                if gate.wait(0.05):
                    return
                yield f"{text} {number}"
        finally:
            for call in on_stop:
                call()

    def who_asks(request: gradio.Request) -> str | None:
        return request.username

    with gradio.Blocks(analytics_enabled=False) as page:
        box, out = gradio.Textbox(), gradio.Textbox()
        gradio.File()
        start, name, private = gradio.Button(), gradio.Button(), gradio.Button()
        start.click(count, box, out, api_visibility="private")
        name.click(who_asks, None, out, queue=False, api_visibility="private")
        private.click(lambda: "secret", None, out, api_visibility="private")
    page.queue(default_concurrency_limit=None)
    return page


@contextmanager
def served(world: World) -> Iterator[str]:
    """The application on a real socket of loopback; yields its address."""
    with running(uvicorn.Server(on_loopback(world.application.gate))) as port:
        yield f"http://127.0.0.1:{port}"


def over_http(base: str, browser: TestClient | None = None) -> httpx.Client:
    """A real HTTP client with the cookies of a browser of `World`."""
    cookies = dict(browser.cookies) if browser else {}
    return httpx.Client(base_url=base, headers=SAME_ORIGIN, cookies=cookies, timeout=20)
