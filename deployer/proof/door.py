"""The way in: the address answers, over HTTPS where it says so, with the headers that protect people."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from deployer.errors import one_line
from deployer.proof.faults import NotAsPromised

TIMEOUT_SECONDS = 30.0
TRIES, PAUSE_SECONDS = 30, 10.0
"""A new name may take some minutes until this machine knows it."""
HEADERS = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
"""What each must begin with on the sign-in page."""
HTTPS_HEADERS = {"strict-transport-security": "max-age="}


def opened(url: str, sleep: Callable[[float], None]) -> str:
    """Look at the sign-in page; return what was seen. Raises NotAsPromised.

    An address where nobody answers yet is tried again for some minutes.
    """
    page = _first_page(url, sleep)
    if page.status_code != httpx.codes.OK:
        raise NotAsPromised(f"{url}/login answers {page.status_code}{_remedy(page)}")
    is_https = urlsplit(url).scheme == "https"
    wanted = HEADERS | (HTTPS_HEADERS if is_https else {})
    for name, beginning in wanted.items():
        if not page.headers.get(name, "").startswith(beginning):
            raise NotAsPromised(f'{url}/login has no header {name} that begins with "{beginning}"')
    if not is_https:
        return "the sign-in page and its headers, WITHOUT ENCRYPTION"
    _require_no_plain_page(url)
    return "the sign-in page over HTTPS, and its headers"


def _first_page(url: str, sleep: Callable[[float], None]) -> httpx.Response:
    for remaining in reversed(range(TRIES)):
        try:
            return httpx.get(f"{url}/login", headers={"accept-language": "en"}, timeout=TIMEOUT_SECONDS)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise NotAsPromised(f"{url} is no address: {one_line(str(error))}") from error
        except httpx.HTTPError as error:
            if not remaining or not isinstance(error, httpx.ConnectError):
                raise NotAsPromised(f"{url} does not answer: {one_line(str(error))}") from error
        sleep(PAUSE_SECONDS)
    raise AssertionError  # the last try returns or raises


def _require_no_plain_page(url: str) -> None:
    """Whoever comes without encryption is sent on, or finds nobody."""
    plain = f"http://{urlsplit(url).hostname}/login"
    try:
        answer = httpx.get(plain, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError:
        return
    if not answer.headers.get("location", "").startswith("https://"):
        raise NotAsPromised(f"{plain} answers {answer.status_code} without leading to HTTPS")


def _remedy(page: httpx.Response) -> str:
    if page.status_code == httpx.codes.FORBIDDEN:
        return ": AllowedAddresses and AllowedCountries have to let this machine in, or it cannot look"
    return ""
