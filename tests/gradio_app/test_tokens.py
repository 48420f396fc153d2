"""Tokens are believed only when the pool signed them, for us, for this use, in their time."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from gradio_app.cognito.errors import CognitoUnreachable, TokenInvalid
from gradio_app.cognito.tokens import TokenCheck

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool"
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class Pool:
    """Publishes keys on loopback, as Cognito does."""

    def __init__(self) -> None:
        self.keys = {"one": KEY}
        self.fetches = 0
        pool = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pool.fetches += 1
                body = json.dumps({"keys": [_public(kid, key) for kid, key in pool.keys.items()]}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def check(self) -> TokenCheck:
        return TokenCheck(jwks_url=self.url, issuer=ISSUER, client_id="client")


def _public(kid: str, key: rsa.RSAPrivateKey) -> dict[str, Any]:
    return json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {
        "kid": kid,
        "alg": "RS256",
        "use": "sig",
    }


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.server.shutdown()
    pool.server.server_close()


def claims(use: str, **changes: Any) -> dict[str, Any]:
    common = {"sub": "u-1", "iss": ISSUER, "exp": time.time() + 600, "iat": time.time(), "token_use": use}
    own = (
        {"client_id": "client"}
        if use == "access"
        else {"aud": "client", "cognito:username": "u-1", "email": "a@b.c"}
    )
    merged = common | own | changes
    return {
        name.replace("groups", "cognito:groups"): value for name, value in merged.items() if value is not None
    }


def token(
    use: str,
    *,
    key: Any = KEY,
    algorithm: str = "RS256",
    headers: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    return jwt.encode(claims(use, **changes), key, algorithm, headers={"kid": "one"} | (headers or {}))


def result(access: str = "", id_token: str = "") -> dict[str, str]:
    return {
        "AccessToken": access or token("access"),
        "IdToken": id_token or token("id"),
        "RefreshToken": "refresh",
    }


def test_good_tokens_say_who_it_is(pool: Pool) -> None:
    tokens = result(id_token=token("id", groups=["admins"]))
    signed_in = pool.check().signed_in(tokens)
    assert (signed_in.identity.user_id, signed_in.identity.email) == ("u-1", "a@b.c")
    assert signed_in.identity.groups == ("admins",)
    assert "refresh" not in repr(signed_in).replace("refresh_token", "")


def _with_public_key_as_secret() -> str:
    """The classic: the published key, used as if it were a shared secret."""

    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    message = part({"alg": "HS256", "kid": "one"}) + b"." + part(claims("access"))
    secret = json.dumps(_public("one", KEY)).encode()
    signature = base64.urlsafe_b64encode(hmac.new(secret, message, hashlib.sha256).digest()).rstrip(b"=")
    return (message + b"." + signature).decode()


FORGED_ACCESS = {
    "another client's": token("access", client_id="someone-elses"),
    "no client": token("access", client_id=None),
    "another pool's": token("access", iss=ISSUER + "x"),
    "expired": token("access", exp=time.time() - 60),
    "never expiring": token("access", exp=None),
    "not yet": token("access", nbf=time.time() + 600),
    "an id token": token("id"),
    "of no use": token("access", token_use=None),
    "of another use": token("access", token_use="id"),
    "signed by another": token("access", key=OTHER_KEY),
    "unsigned": jwt.encode(claims("access"), "", "none", headers={"kid": "one"}),
    "a shared secret": _with_public_key_as_secret(),
    "an unknown key": token("access", headers={"kid": "two"}),
    "no key": jwt.encode(claims("access"), KEY, "RS256"),
    "its own key address": token(
        "access", key=OTHER_KEY, headers={"kid": "x", "jku": "https://evil.example/jwks.json"}
    ),
    "its own key": token("access", key=OTHER_KEY, headers={"jwk": _public("one", OTHER_KEY)}),
    "another algorithm": token("access", algorithm="RS512"),
    "garbage": "garbage",
    "another user's": token("access", sub="u-2"),
}
FORGED_ID = {
    "another client's": token("id", aud="someone-elses"),
    "no audience": token("id", aud=None),
    "an access token": token("access"),
    "another pool's": token("id", iss=ISSUER + "x"),
    "expired": token("id", exp=time.time() - 60),
}


@pytest.mark.asvs("6.8.2", "9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3")
@pytest.mark.parametrize("access", FORGED_ACCESS.values(), ids=FORGED_ACCESS)
def test_a_forged_access_token_is_refused(pool: Pool, access: str) -> None:
    with pytest.raises(TokenInvalid):
        pool.check().signed_in(result(access=access))


@pytest.mark.asvs("9.1.1", "9.2.1", "9.2.2", "9.2.3")
@pytest.mark.parametrize("id_token", FORGED_ID.values(), ids=FORGED_ID)
def test_a_forged_id_token_is_refused(pool: Pool, id_token: str) -> None:
    with pytest.raises(TokenInvalid):
        pool.check().signed_in(result(id_token=id_token))


def test_keys_are_fetched_once_and_again_when_the_pool_rotates_them(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = pool.check()
    for _ in range(10):
        check.signed_in(result())
    assert pool.fetches == 1
    pool.keys = {"two": OTHER_KEY}
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)  # past the pause between two fetches
    access, id_token = (token(use, key=OTHER_KEY, headers={"kid": "two"}) for use in ("access", "id"))
    check.signed_in(result(access, id_token))
    assert pool.fetches == 2


def test_without_the_keys_nothing_is_known() -> None:
    check = TokenCheck(jwks_url="http://127.0.0.1:9/jwks.json", issuer=ISSUER, client_id="client")
    with pytest.raises(CognitoUnreachable):
        check.signed_in(result())
    with pytest.raises(CognitoUnreachable):
        check.load_keys()
