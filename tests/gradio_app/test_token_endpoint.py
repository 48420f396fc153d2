"""What the pool's domain may answer besides tokens: nobody comes in, and no answer ends no session."""

import threading
from collections.abc import Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import anyio
import pytest

from gradio_app.cognito import single_sign_on
from gradio_app.cognito.errors import (
    CognitoError,
    CognitoUnreachable,
    TokenInvalid,
    WrongCode,
    WrongCredentials,
)
from gradio_app.cognito.single_sign_on import Departure, SingleSignOn
from gradio_app.cognito.tokens import TokenCheck
from gradio_app.settings import HostedClient

DEPARTURE = Departure.to_return_to("https://app.example/login/callback")


class Endpoint(ThreadingHTTPServer):
    """Answers what it is told to; without a status it keeps silent until it is closed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.answer: tuple[int, str] = (0, "")
        self.asked: list[str] = []
        self.closed = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Asked(BaseHTTPRequestHandler):
    """One question to an Endpoint."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        endpoint = cast(Endpoint, self.server)
        endpoint.asked.append(self.path)
        status, body = endpoint.answer
        if not status:
            endpoint.closed.wait(30)
            return
        self.send_response(status)
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        """Nobody asks so."""
        cast(Endpoint, self.server).asked.append(f"GET {self.path}")

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield endpoint
        endpoint.closed.set()
        endpoint.shutdown()
        thread.join()


def outcome(endpoint: Endpoint, way: str) -> CognitoError:
    """What an arrival or a refresh raises."""
    tokens = TokenCheck(jwks_url=f"{endpoint.url}/keys", issuer="https://pool.example", client_id="client")
    hosted = HostedClient(endpoint.url, "Example-Org", "client", "secret")
    provider = SingleSignOn(None, "us-east-1_Fake00000", hosted, tokens)
    ask: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "arrive": lambda: provider.arrive(DEPARTURE, "code"),
        "refresh": lambda: provider.refresh("ana", "refresh-token"),
    }
    with pytest.raises(CognitoError) as raised:
        anyio.run(ask[way])
    assert "secret" not in str(raised.value)
    assert endpoint.asked == ["/oauth2/token"], "once, and nowhere else"
    return raised.value


@pytest.mark.asvs("16.5.3")
@pytest.mark.parametrize("way", ["arrive", "refresh"])
@pytest.mark.parametrize(
    "answer",
    [
        (200, "no JSON"),
        (200, "[]"),
        (200, "null"),
        (200, "{}"),
        (200, '{"access_token": "only.one.token"}'),
        (302, ""),
        (307, ""),
        (400, '{"error": "invalid_client", "error_description": "secret"}'),
        (400, '{"error": ["invalid_grant"]}'),
        (429, '{"message": "Too many requests"}'),
        (500, '{"error": "invalid_grant"}'),
    ],
)
def test_what_is_no_answer_says_nothing_about_anybody(
    endpoint: Endpoint, way: str, answer: tuple[int, str]
) -> None:
    endpoint.answer = answer
    assert isinstance(outcome(endpoint, way), CognitoUnreachable)


@pytest.mark.parametrize(("way", "kind"), [("arrive", WrongCode), ("refresh", WrongCredentials)])
def test_a_refusal_is_about_somebody(endpoint: Endpoint, way: str, kind: type[CognitoError]) -> None:
    endpoint.answer = (400, '{"error": "invalid_grant"}')
    assert isinstance(outcome(endpoint, way), kind)


@pytest.mark.parametrize("way", ["arrive", "refresh"])
@pytest.mark.parametrize("token", ['"no.token.atall"', "5", "null"])
def test_what_is_no_token_opens_nothing(endpoint: Endpoint, way: str, token: str) -> None:
    endpoint.answer = (200, f'{{"access_token": {token}, "id_token": {token}}}')
    assert isinstance(outcome(endpoint, way), TokenInvalid)


@pytest.mark.asvs("16.5.2")
@pytest.mark.parametrize("way", ["arrive", "refresh"])
def test_a_domain_that_keeps_silent_keeps_no_thread(
    endpoint: Endpoint, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_sign_on, "TIMEOUT_SECONDS", (3, 0.1))
    assert str(outcome(endpoint, way)) == "ReadTimeout"
