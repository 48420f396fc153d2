"""Where a request comes from, its id, and headers that would let a client lie about it."""

from collections.abc import Sequence
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from gradio_app import request_id
from gradio_app.settings import Network, Settings

SPOOFABLE_PREFIXES = (
    b"x-forwarded-",
    b"x-gradio-",
    b"x-amzn-oidc-",
    b"x-original-",
    b"x-rewrite-",
    b"x-viewer-",
)
SPOOFABLE = {b"forwarded", b"x-real-ip", b"x-http-method-override"}


def cleaned(scope: Scope, settings: Settings) -> Scope:
    """The scope with its client's true address, the public scheme and its id, without forwarding headers.

    Gradio builds addresses of the page from X-Forwarded-Host and X-Gradio-Server and CloudFront passes on
    what a client sends, so nothing behind the gate ever sees one, whoever the peer is.
    """
    client = client_address(scope, settings)
    port = (scope.get("client") or ("", 0))[1]
    request = request_id_of(scope, settings.trusted_proxies)
    headers = [(name, value) for name, value in scope["headers"] if not _spoofable(name.lower())]
    return {
        **scope,
        "headers": headers,
        "client": (client, port),
        "scheme": settings.public_scheme,
        "state": {**scope.get("state", {}), "request_id": request},
    }


def client_address(scope: Scope, settings: Settings) -> str:
    """Who asks: what the header of the settings says, else the last address that a trusted proxy vouches for.

    Nobody but a trusted proxy is believed; without one it is the peer.
    """
    return _viewer_address(scope, settings) or _forwarded_address(scope, settings.trusted_proxies)


def _viewer_address(scope: Scope, settings: Settings) -> str:
    """The address in the header of the settings, or nothing.

    Behind CloudFront's VPC origin X-Forwarded-For ends with CloudFront's own address, which is the load
    balancer's peer: by it everybody at one of CloudFront's places would be one client.
    """
    name = settings.viewer_address_header
    peer = (scope.get("client") or ("", 0))[0]
    given = Headers(scope=scope).getlist(name) if name else []
    if len(given) != 1 or not _is_trusted(peer, settings.trusted_proxies):
        return ""
    try:
        address = ip_address(given[0].strip())
    except ValueError:
        return ""
    # An IPv6 address may have a scope, which is any text and means nothing to another machine.
    return "" if getattr(address, "scope_id", None) else str(address)


def _forwarded_address(scope: Scope, trusted: Sequence[Network]) -> str:
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
