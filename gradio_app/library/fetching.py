"""Fetching a web page that somebody names, without being led to where only this machine can go.

The name is resolved here, each address that it has is looked at, and the connection goes to one of those
addresses itself, so that another answer of the name's server changes nothing. The same at each redirect. What
is not plainly public is refused: private, link-local, loopback and metadata addresses, in whatever form.
"""

import html
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import certifi

from gradio_app.documents.kinds import HTML, kind_of
from gradio_app.library.document import DOCUMENT_BYTES

PORT = 443
"""HTTPS alone: the tasks' security group lets nothing else out. What begins with http:// is asked so, too."""
PLAIN_PORT = 80
REDIRECTS = 5
CONNECT_SECONDS = 5.0
SECONDS = 30.0
"""For all of it, redirects included."""
ADDRESS_CHARACTERS = 2000
CHUNK_BYTES = 64 * 1024
TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,300})</title", re.IGNORECASE)
HEAD_BYTES = 64 * 1024
"""In which a page says its title."""
TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as a translator of IPv6 networks writes them (RFC 6052)."""
MOVED = {301, 302, 303, 307, 308}
Address = IPv4Address | IPv6Address


class NotFetchedError(Exception):
    """There is no page to add; `reason` is the end of a key of the texts, `status` what the server said."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True)
class WebPage:
    """What was found, under a name, and the address at which it was found in the end."""

    address: str = field(repr=False)
    name: str = field(repr=False)
    content: bytes = field(repr=False)


def is_public(address: Address) -> bool:
    """Whether the whole internet has that address, and nothing of it means one that is not."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address in TRANSLATED:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.sixtofour or address.teredo or address.is_site_local:
            return False
    return address.is_global and not (
        address.is_private
        or address.is_reserved
        or address.is_multicast
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


def resolved(host: str, port: int) -> list[Address]:
    """The addresses of a name, or of an address in any form; raises OSError and ValueError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(each[4][0]).partition("%")[0]) for each in found]


class Fetcher:
    """Fetches one page at a time for a thread. `port` is the one that every address is asked at."""

    def __init__(
        self,
        resolve: Callable[[str, int], Sequence[Address]] = resolved,
        allowed: Callable[[Address], bool] = is_public,
        port: int = PORT,
        seconds: float = SECONDS,
        most_bytes: int = DOCUMENT_BYTES,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._port = port
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._tls = tls or ssl.create_default_context(cafile=certifi.where())

    def fetch(self, address: str) -> WebPage:
        """The page or document at an address. Raises NotFetchedError."""
        over = time.monotonic() + self._seconds
        for _ in range(REDIRECTS + 1):
            place = self._place(address)
            try:
                with self._response(place, over) as response:
                    if response.status not in MOVED:
                        page = self._page(address, place, response)
                        if time.monotonic() >= over:
                            raise TimeoutError  # what was ended here looks as if it had ended by itself
                        return page
                    leads_to = response.headers.get("location", "")
            except (OSError, ValueError, http.client.HTTPException) as error:
                too_slow = isinstance(error, TimeoutError) or time.monotonic() >= over
                raise NotFetchedError("too_slow" if too_slow else "unreachable") from None
            if not leads_to:
                raise NotFetchedError("unreachable")
            address = urljoin(address, leads_to)
        raise NotFetchedError("redirects")

    def _place(self, address: str) -> SplitResult:
        """The parts of an address that may be asked at all; raises NotFetchedError."""
        if len(address) > ADDRESS_CHARACTERS or not address.isprintable() or " " in address:
            raise NotFetchedError("form")
        try:
            place = urlsplit(address)
            port = place.port
        except ValueError:
            raise NotFetchedError("form") from None
        if place.scheme not in ("https", "http") or not place.hostname:
            raise NotFetchedError("form")
        usual = PORT if place.scheme == "https" else PLAIN_PORT
        if place.username is not None or place.password is not None or port not in (None, usual):
            raise NotFetchedError("refused")
        return place

    @contextmanager
    def _response(self, place: SplitResult, over: float) -> Iterator[http.client.HTTPResponse]:
        host = place.hostname or ""
        name = host if ":" in host else host.encode("idna").decode("ascii")
        connection = http.client.HTTPConnection(name, self._port)
        plain = self._connected(name, self._port, over)
        # The handshake comes after, when there is what ends it: wrapping takes the connection over.
        opened = self._tls.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
        ending = threading.Timer(max(0.0, over - time.monotonic()), _shut, [opened])
        ending.daemon = True
        ending.start()
        try:
            opened.do_handshake()
            connection.sock = opened
            connection.request("GET", _target(place), headers=_headers(name))
            with connection.getresponse() as response:  # it keeps the connection open, whoever else closes it
                yield response
        finally:
            ending.cancel()
            _shut(opened)
            connection.close()
            opened.close()

    def _connected(self, name: str, port: int, over: float) -> socket.socket:
        """A connection to an address of the name that was looked at; raises NotFetchedError and OSError."""
        addresses = list(dict.fromkeys(self._resolve(name, port)))
        # One that leads inside is reason enough: an honest name has none.
        if not addresses or not all(map(self._allowed, addresses)):
            raise NotFetchedError("refused")
        for number, address in enumerate(addresses):
            left = over - time.monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                return socket.create_connection((str(address), port), min(CONNECT_SECONDS, left))
            except OSError:
                if number == len(addresses) - 1:
                    raise
        raise AssertionError("unreachable")

    def _page(self, address: str, place: SplitResult, response: http.client.HTTPResponse) -> WebPage:
        if response.status != http.client.OK:
            raise NotFetchedError("status", response.status)
        content = bytearray()
        while piece := response.read(CHUNK_BYTES):
            content += piece
            if len(content) > self._most_bytes:
                raise NotFetchedError("too_large")
        if not response.isclosed() or (response.length or 0) > 0:
            raise OSError("cut short")
        media_type = response.headers.get_content_type()
        name = _name(place, media_type, bytes(content))
        kind = kind_of(bytes(content), name)
        if kind is None or kind.is_image:
            raise NotFetchedError("type")
        return WebPage(address, name, bytes(content))


def _target(place: SplitResult) -> str:
    """The path and query in ASCII, as a request line has them; what is encoded already stays so."""
    target = (place.path or "/") + (f"?{place.query}" if place.query else "")
    return "".join(
        sign if sign.isascii() else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in target
    )


def _headers(name: str) -> dict[str, str]:
    return {
        "Host": f"[{name}]" if ":" in name else name,
        "User-Agent": "Asistente",
        "Accept": "text/html,application/xhtml+xml,application/pdf,text/*;q=0.9,*/*;q=0.5",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _name(place: SplitResult, media_type: str, content: bytes) -> str:
    """A page is called by its title, anything else by the end of its address."""
    last = unquote(place.path.rstrip("/").rsplit("/", 1)[-1])
    if media_type not in ("text/html", "application/xhtml+xml"):
        return last or place.hostname or ""
    title = TITLE.search(content[:HEAD_BYTES])
    told = " ".join(html.unescape(title[1].decode(errors="replace")).split()) if title else ""
    named = told or last or place.hostname or ""
    ending = next(iter(HTML.extensions))
    return (named if named.lower().endswith(HTML.extensions) else named + ending).replace("/", " ")


def _shut(opened: socket.socket) -> None:
    """End whatever still waits for the other side."""
    try:
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:
        return
