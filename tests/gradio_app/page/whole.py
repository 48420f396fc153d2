"""The whole application in this process: real gate, page and table; fake pool and model."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from gradio_app.aws import Clients
from gradio_app.server import Application, create_app
from gradio_app.settings import Settings
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import ORIGIN, SAME_ORIGIN, SETTINGS, FakeDirectory, User
from tests.security.chat_api import ChatClient

PASSWORD = "Correct-Horse-1"


@dataclass
class Whole:
    """A running application; every client of it runs in its one event loop."""

    application: Application
    page: Any
    """Gradio's blocks, to look into what they keep."""
    directory: FakeDirectory
    _server: TestClient

    def signed_in(self, email: str) -> TestClient:
        """A browser after a successful sign-in."""
        self.directory.users.setdefault(email, User(PASSWORD))
        browser = TestClient(
            self.application.gate, ORIGIN, headers=SAME_ORIGIN, client=("203.0.113.9", 50000)
        )
        browser.portal = self._server.portal
        answer = browser.post("/login", data={"email": email, "password": PASSWORD}, follow_redirects=False)
        assert answer.headers["location"] == "/", answer.text
        return browser

    def chat_client(self, email: str) -> ChatClient:
        """A tab of somebody who has signed in."""
        browser: Any = self.signed_in(email)  # a client of httpx, whatever library it is made with
        return ChatClient(browser)


@contextmanager
def whole_application(
    table: str, dynamodb: Any, bedrock: Any, *, embedder: Any = None, **settings: Any
) -> Iterator[Whole]:
    """Run the application until the block ends."""
    directory = FakeDirectory()
    application = create_app(
        Settings(**{**vars(SETTINGS), "table_name": table, "max_output_tokens": 100, **settings}),
        Clients(None, dynamodb, bedrock, bedrock, FakeS3()),
        directory=directory,
        embedder=embedder,
    )
    with TestClient(application.gate) as server:
        yield Whole(application, mounted(application).get_blocks(), directory, server)


def mounted(application: Application) -> Any:
    """Gradio's own application."""
    return application.inner.routes[-1].app  # pyright: ignore[reportAttributeAccessIssue]
