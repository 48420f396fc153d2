"""Where a request comes from, its id, and headers that would let a client lie about it."""

from collections.abc import Sequence
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from gradio_app import request_id
from gradio_app.settings import Network

SPOOFABLE_PREFIXES = (b"x-forwarded-", b"x-gradio-", b"x-amzn-oidc-", b"x-original-", b"x-rewrite-")
SPOOFABLE = {b"forwarded", b"x-real-ip", b"x-http-method-override"}


def cleaned(scope: Scope, trusted: Sequence[Network], scheme: str) -> Scope:
    """The scope with its client's true address, the public scheme and its id, without forwarding headers.

    Gradio builds addresses of the page from X-Forwarded-Host and X-Gradio-Server and CloudFront passes on
    what a client sends, so nothing behind the gate ever sees one, whoever the peer is.
    """
    client = client_address(scope, trusted)
    port = (scope.get("client") or ("", 0))[1]
    request = request_id_of(scope, trusted)
    headers = [(name, value) for name, value in scope["headers"] if not _spoofable(name.lower())]
    return {
        **scope,
        "headers": headers,
        "client": (client, port),
        "scheme": scheme,
        "state": {**scope.get("state", {}), "request_id": request},
    }


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """The last address in X-Forwarded-For that a trusted proxy vouches for, or else the peer's."""
    peer = (scope.get("client") or ("", 0))[0]
    chain = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    for hop in reversed([hop.strip() for hop in chain if hop.strip()]):
        if not _is_trusted(peer, trusted):
            break
        peer = hop
    return peer


def request_id_of(scope: Scope, trusted: Sequence[Network]) -> str:
    """The load balancer's id of the request if a trusted proxy passes one on, or else one of our own."""
    peer = (scope.get("client") or ("", 0))[0]
    given = Headers(scope=scope).getlist("x-amzn-trace-id")
    known = request_id.trace_id(given[0]) if len(given) == 1 and _is_trusted(peer, trusted) else ""
    return known or request_id.new_id()


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


def _spoofable(name: bytes) -> bool:
    return name in SPOOFABLE or name.startswith(SPOOFABLE_PREFIXES)
