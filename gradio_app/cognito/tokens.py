"""The pool's tokens: checked before they are believed."""

import hmac
from dataclasses import dataclass, field
from typing import Any

import jwt

from gradio_app.cognito.errors import CognitoUnreachable, TokenInvalid
from gradio_app.identity import Identity

KEYS_SECONDS = 3600
"""How long fetched keys are good; a key that is not among them fetches at once, so rotation is safe."""
FETCH_SECONDS = 5
LEEWAY_SECONDS = 10

PASSWORD = "password"  # noqa: S105 (a way in)
SINGLE_SIGN_ON = "single-sign-on"


@dataclass(frozen=True)
class SignedIn:
    """What a completed sign-in or refresh yields; the tokens never leave the server."""

    identity: Identity
    username: str
    """The pool's own name for the user, which is part of the secret hash of a refresh."""
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: int
    """Epoch seconds."""
    way: str = PASSWORD
    """How the user came in, PASSWORD or SINGLE_SIGN_ON, and so which app client the tokens belong to."""


class TokenCheck:
    """Verifies tokens by the pool's published keys, RS256 only."""

    def __init__(self, *, jwks_url: str, issuer: str, client_id: str) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = jwt.PyJWKClient(
            jwks_url, lifespan=KEYS_SECONDS, timeout=FETCH_SECONDS, cooldown_duration=5
        )

    @classmethod
    def of(cls, client: Any, pool_id: str, client_id: str) -> "TokenCheck":
        """For an app client of a pool, whose keys are where the boto3 client reaches the pool."""
        region = pool_id.partition("_")[0]
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return cls(
            jwks_url=f"{client.meta.endpoint_url}/{pool_id}/.well-known/jwks.json",
            issuer=f"https://cognito-idp.{region}.{suffix}/{pool_id}",
            client_id=client_id,
        )

    def load_keys(self) -> None:
        """Fetch the keys unless they are held; raises CognitoUnreachable."""
        try:
            self._keys.get_signing_keys()
        except (jwt.PyJWKClientError, jwt.PyJWKSetError) as error:
            raise CognitoUnreachable("the pool's keys cannot be fetched") from error

    def signed_in(self, result: dict[str, Any], refresh_token: str = "", nonce: str = "") -> SignedIn:
        """Check an AuthenticationResult; raises TokenInvalid or CognitoUnreachable.

        A refresh brings no new refresh token: pass the one that was used. With `nonce` the ID token must
        have it.
        """
        access = self._claims(result["AccessToken"], use="access")
        claims = self._claims(result["IdToken"], use="id")
        if nonce and not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise TokenInvalid("the answer to another question")
        if access["sub"] != claims["sub"]:
            raise TokenInvalid("the tokens belong to two users")
        return SignedIn(
            identity=Identity(
                user_id=claims["sub"],
                email=claims.get("email", ""),
                groups=tuple(claims.get("cognito:groups", ())),
            ),
            username=claims["cognito:username"],
            access_token=result["AccessToken"],
            refresh_token=result.get("RefreshToken") or refresh_token,
            access_expires_at=int(access["exp"]),
        )

    def _claims(self, token: str, use: str) -> dict[str, Any]:
        """The claims of a token of this pool, for this client, of this use, in its time."""
        try:
            claims = jwt.decode(
                token,
                self._keys.get_signing_key_from_jwt(token),
                algorithms=["RS256"],
                issuer=self._issuer,
                # An access token has no audience; its client stands in `client_id`.
                audience=self._client_id if use == "id" else None,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "sub", "token_use"], "verify_aud": use == "id"},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise CognitoUnreachable("the pool's keys cannot be fetched") from error
        except jwt.PyJWTError as error:
            raise TokenInvalid(type(error).__name__) from error
        if claims["token_use"] != use:
            raise TokenInvalid("a token of another use")
        if use == "access" and claims.get("client_id") != self._client_id:
            raise TokenInvalid("a token of another client")
        return claims
