"""Cognito's hosted endpoints, where people pass through who sign in at another provider.

MiniStack leads them there and back, but hands their tokens to whoever has the code: it checks neither PKCE
nor the app client's secret, lets disabled users in, keeps no session of its own in the browser, and loses
what a provider says when it refuses. And no pool's domain is on the internet here: the emulator answers.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ministack.services import cognito

Response = tuple[int, dict[str, str], bytes]
Query = dict[str, Any]
COOKIE = "cognito"
SESSION_SECONDS = 3600
"""https://docs.aws.amazon.com/cognito/latest/developerguide/managed-login-session.html"""
FLOWS = {"code": "code", "token": "implicit"}


@dataclass
class _HostedSession:
    """Somebody whom a provider vouched for in this browser; `expires_at` in epoch seconds."""

    pool_id: str
    username: str
    provider: str
    expires_at: float


_hosted: dict[str, _HostedSession] = {}


def install() -> None:
    cognito._pool_domain_base_url = lambda _pool: ""  # then MiniStack takes its own address
    cognito.handle_oauth2_authorize = _authorizing(cognito.handle_oauth2_authorize)
    cognito._oauth2_idp_response = _returning_from_oidc(cognito._oauth2_idp_response)
    cognito._saml2_idp_response = _returning_from_saml(cognito._saml2_idp_response)
    cognito._oauth2_token = _exchanging(cognito._oauth2_token)
    cognito.handle_logout = _logging_out(cognito.handle_logout)


def _authorizing(original: Callable[..., Response]) -> Callable[..., Response]:
    def authorize(method: str, path: str, headers: dict[str, str], query: Query) -> Response:
        response = original(method, path, headers, query)
        relay = _relay_of(response)
        if relay is None:
            return response
        if refusal := _request_problem(query, relay):
            return refusal
        relay["code_challenge"] = cognito._qp(query, "code_challenge")
        known = _session_of(headers, relay)
        return _code_for(relay, known.username) if known else response

    return authorize


def _request_problem(query: Query, relay: dict[str, Any]) -> Response | None:
    _, _, client = cognito._find_pool_by_client_id(relay["client_id"])
    if FLOWS.get(cognito._qp(query, "response_type")) not in (client or {}).get("AllowedOAuthFlows", []):
        return _error_to_app(relay, "unauthorized_client")
    challenge, way = (cognito._qp(query, name) for name in ("code_challenge", "code_challenge_method"))
    return cognito._pkce_error_redirect(relay["redirect_uri"], challenge, way, relay["state"])


def _returning_from_oidc(original: Callable[..., Response]) -> Callable[..., Response]:
    def idp_response(method: str, body: bytes, query: Query) -> Response:
        brought = {name: cognito._qp(query, name) for name in query} | _form(
            body if method == "POST" else b""
        )
        relay = cognito._auth_codes.get(brought.get("state", ""), {})
        if brought.get("error") and relay.get("type") == "relay":
            del cognito._auth_codes[brought["state"]]
            return _error_to_app(relay, brought["error"], brought.get("error_description", ""))
        return _arrived(relay, original(method, body, query))

    return idp_response


def _returning_from_saml(original: Callable[..., Response]) -> Callable[..., Response]:
    def idp_response(body: bytes, query: Query) -> Response:
        return _arrived(cognito._auth_codes.get(_form(body).get("RelayState", ""), {}), original(body, query))

    return idp_response


def _arrived(relay: dict[str, Any], response: Response) -> Response:
    """Give the code what its exchange has to prove, and the browser a session; refuse a disabled user."""
    code = _query(response).get("code", "")
    entry = cognito._auth_codes.get(code)
    if response[0] != 302 or entry is None:
        return response
    pool: Any = cognito._get_pool_unscoped(entry["pool_id"])
    if not pool["_users"][entry["username"]].get("Enabled", True):
        del cognito._auth_codes[code]
        return _error_to_app(relay, "invalid_request", "User is disabled.")
    entry["code_challenge"] = relay["code_challenge"]
    token = secrets.token_urlsafe(32)
    _hosted[token] = _HostedSession(
        entry["pool_id"], entry["username"], relay["provider_name"], time.time() + SESSION_SECONDS
    )
    response[1]["Set-Cookie"] = _cookie(token, SESSION_SECONDS)
    return response


def _exchanging(original: Callable[..., Response]) -> Callable[..., Response]:
    def token(data: Any, query: Query, raw_body: bytes = b"", headers: Any = None) -> Response:
        form = _form(raw_body)
        entry = cognito._auth_codes.get(form.get("code", ""), {})
        if form.get("grant_type") != "authorization_code" or entry.get("type") != "code":
            return original(data, query, raw_body, headers)
        refusal = _exchange_problem(form, headers or {}, entry)
        return refusal or original(data, query, raw_body, headers)

    return token


def _exchange_problem(
    form: dict[str, str], headers: dict[str, str], entry: dict[str, Any]
) -> Response | None:
    client_id, secret = cognito._authenticate_client(headers, form)
    _, pool, client = cognito._find_pool_by_client_id(client_id)
    if not pool or not client or (client.get("ClientSecret") or "") != secret:
        return cognito._oauth2_error("invalid_client", "Invalid client credentials.")
    user: Any = pool["_users"].get(entry["username"])
    proven = not entry["code_challenge"] or cognito._verify_pkce(
        form.get("code_verifier", ""), entry["code_challenge"], "S256"
    )
    if (
        not proven
        or client_id != entry["client_id"]
        or form.get("redirect_uri") != entry["redirect_uri"]
        or not (user or {}).get("Enabled", True)
    ):
        return cognito._oauth2_error("invalid_grant", "Invalid authorization code.")
    return None


def _logging_out(original: Callable[..., Response]) -> Callable[..., Response]:
    def logout(method: str, path: str, headers: dict[str, str], query: Query) -> Response:
        _, _, client = cognito._find_pool_by_client_id(cognito._qp(query, "client_id"))
        wanted = cognito._qp(query, "logout_uri")
        if client and wanted and wanted not in client.get("LogoutURLs", []):
            return cognito._oauth2_error("invalid_request", f"logout_uri is not allowed: {wanted}")
        response = original(method, path, headers, query)
        if response[0] == 302:
            _hosted.pop(_token_in(headers), None)
            response[1]["Set-Cookie"] = _cookie("", 0)
        return response

    return logout


def _session_of(headers: dict[str, str], relay: dict[str, Any]) -> _HostedSession | None:
    """The browser's session, if it is good for what is asked."""
    found = _hosted.get(_token_in(headers))
    if found is None or time.time() > found.expires_at:
        return None
    pool: Any = cognito._get_pool_unscoped(found.pool_id)
    user = pool["_users"].get(found.username) if pool else None
    fits = (found.pool_id, found.provider) == (relay["pool_id"], relay["provider_name"])
    return found if fits and user and user.get("Enabled", True) else None


def _code_for(relay: dict[str, Any], username: str) -> Response:
    """Send the browser straight back with a code, as after a return from the provider."""
    pool: Any = cognito._get_pool_unscoped(relay["pool_id"])
    attributes = cognito._attr_list_to_dict(pool["_users"][username]["Attributes"])
    code = secrets.token_urlsafe(32)
    cognito._auth_codes[code] = {
        **{name: relay[name] for name in ("pool_id", "client_id", "redirect_uri", "nonce", "code_challenge")},
        "type": "code",
        "username": username,
        "sub": attributes["sub"],
        "scopes": relay["scope"],
        "created_at": time.time(),
    }
    return _to_app(relay, code=code)


def _error_to_app(relay: dict[str, Any], error: str, description: str = "") -> Response:
    named = {"error_description": description} if description else {}
    return _to_app(relay, error=error, **named)


def _to_app(relay: dict[str, Any], **brought: str) -> Response:
    brought |= {"state": relay["state"]} if relay["state"] else {}
    location = f"{relay['redirect_uri']}?{urlencode(brought)}"
    return 302, {"Location": location, "Cache-Control": "no-store"}, b""


def _relay_of(response: Response) -> dict[str, Any] | None:
    """What MiniStack remembers of somebody whom it sends to a provider."""
    sent = _query(response)
    relay = cognito._auth_codes.get(sent.get("RelayState") or sent.get("state", ""), {})
    return relay if response[0] == 302 and relay.get("type") == "relay" else None


def _query(response: Response) -> dict[str, str]:
    return _first(urlsplit(response[1].get("Location", "")).query)


def _form(body: bytes) -> dict[str, str]:
    return _first((body or b"").decode("utf-8", errors="replace"))


def _first(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded, keep_blank_values=True).items()}


def _token_in(headers: dict[str, str]) -> str:
    found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    return found.value if found else ""


def _cookie(token: str, seconds: int) -> str:
    return f"{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
