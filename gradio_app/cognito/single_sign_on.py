"""Single sign-on: OAuth 2.0's code flow at the pool's domain, for people whom another provider vouches for.

The browser goes to the pool's domain, from there to the identity provider, and comes back with a code; the
tokens are fetched from here. Authlib speaks OAuth, `tokens` judges what comes of it.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

from gradio_app.cognito.errors import CognitoError, CognitoUnreachable, WrongCode, WrongCredentials
from gradio_app.cognito.pool import Pool
from gradio_app.cognito.tokens import SINGLE_SIGN_ON, SignedIn, TokenCheck
from gradio_app.settings import HostedClient, Settings

SCOPE = "openid email profile"
TIMEOUT_SECONDS = (3, 10)
"""To connect, and between bytes."""


@dataclass(frozen=True)
class Departure:
    """What a browser that comes back has to prove, and what its code is exchanged with; each used once."""

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    """Of PKCE (RFC 7636); only its hash travels with the browser."""

    @classmethod
    def to_return_to(cls, redirect_uri: str) -> "Departure":
        """A new one, of random values that nobody can guess."""
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        return cls(redirect_uri, state, nonce, verifier)


class SingleSignOn(Pool):
    """The pool through the app client of single sign-on. Async methods raise CognitoError kinds."""

    def __init__(self, client: Any, pool_id: str, hosted: HostedClient, tokens: TokenCheck) -> None:
        super().__init__(client, pool_id, hosted.client_id, hosted.client_secret)
        self._url = hosted.url
        self._tokens = tokens
        self.provider = hosted.provider

    @classmethod
    def of(cls, client: Any, settings: Settings) -> "SingleSignOn | None":
        """What the settings switch on, if they do."""
        hosted = settings.single_sign_on
        if hosted is None:
            return None
        tokens = TokenCheck.of(client, settings.pool_id, hosted.client_id)
        return cls(client, settings.pool_id, hosted, tokens)

    def start_url(self, departure: Departure) -> str:
        """Where the browser goes to be sent on to the identity provider."""
        url, _ = self._oauth().create_authorization_url(
            f"{self._url}/oauth2/authorize",
            state=departure.state,
            nonce=departure.nonce,
            code_verifier=departure.verifier,
            redirect_uri=departure.redirect_uri,
            identity_provider=self.provider,
        )
        return url

    def end_url(self, back_to: str) -> str:
        """Where the browser goes to lose the pool's cookie, which would let the next person in unasked."""
        return f"{self._url}/logout?" + urlencode({"client_id": self._client_id, "logout_uri": back_to})

    async def arrive(self, departure: Departure, code: str) -> SignedIn:
        """Exchange the code; WrongCode or TokenInvalid when it is not the answer to this departure."""
        return await self._run(self._arrive, departure, code)

    async def refresh(self, username: str, refresh_token: str) -> SignedIn:  # noqa: ARG002 (as of Directory)
        """New tokens and current claims; WrongCredentials when the user may not stay signed in."""
        return await self._run(self._refresh, refresh_token)

    def _arrive(self, departure: Departure, code: str) -> SignedIn:
        with _translated(WrongCode):
            result = self._ask(
                lambda oauth: oauth.fetch_token(
                    self._token_url,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=departure.redirect_uri,
                    code_verifier=departure.verifier,
                    allow_redirects=False,
                )
            )
        return self._checked(result, nonce=departure.nonce)

    def _refresh(self, refresh_token: str) -> SignedIn:
        # Not REFRESH_TOKEN_AUTH: its secret hash wants a user name, and which one that is of somebody whom
        # another provider vouches for, Cognito does not document.
        with _translated(WrongCredentials):
            result = self._ask(
                lambda oauth: oauth.refresh_token(
                    self._token_url, refresh_token=refresh_token, scope=None, allow_redirects=False
                )
            )
        return self._checked(result, refresh_token)

    def _checked(self, result: dict[str, Any], refresh_token: str = "", nonce: str = "") -> SignedIn:
        try:
            tokens = {"AccessToken": result["access_token"], "IdToken": result["id_token"]}
        except KeyError as error:
            raise CognitoUnreachable(f"an answer without {error}") from error
        tokens["RefreshToken"] = result.get("refresh_token", "")
        return replace(self._tokens.signed_in(tokens, refresh_token, nonce), way=SINGLE_SIGN_ON)

    @property
    def _token_url(self) -> str:
        return f"{self._url}/oauth2/token"

    def _ask(self, question: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        with self._oauth() as oauth:
            return question(oauth)

    def _oauth(self) -> Any:  # its types do not say that it is a session of requests, too
        return OAuth2Session(
            self._client_id,
            self._secret,
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 (the name of a method)
            scope=SCOPE,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_SECONDS,
        )


@contextmanager
def _translated(refusal: type[CognitoError]) -> Iterator[None]:
    """Turn what OAuth and HTTP may answer into ours; `refusal` when the code or refresh token is no good.

    https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html names the errors; all but
    this one are the deployment's fault and say nothing about the user.
    """
    try:
        yield
    except OAuthError as error:
        kind = refusal if error.error == "invalid_grant" else CognitoUnreachable
        raise kind(str(error.error)) from error
    except (RequestException, ValueError) as error:
        raise CognitoUnreachable(type(error).__name__) from error
