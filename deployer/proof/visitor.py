"""One browser's worth of HTTP: signing in, out, and the cookies between."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self

import httpx
from pyotp.totp import TOTP

from deployer.errors import one_line
from deployer.loopback import leads_here
from deployer.proof.faults import NotAsPromised

TIMEOUT_SECONDS = 60.0
"""For one answer, the first of a task that has just started included."""
SHOWN_CHARACTERS = 200
_PROBLEM = re.compile(r'role="alert"[^>]*>(.*?)</', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_KEY = re.compile(r'otpauth://[^"]*[?&](?:amp;)?secret=([A-Z2-7]+)')


class Authenticator:
    """An app for one-time codes; none is given out twice, for Cognito takes none twice."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._codes: TOTP | None = None
        self._last = ""

    def learn(self, key: str) -> None:
        """Take the key, in base 32, that the service shows."""
        self._codes, self._last = TOTP(key), ""

    def code(self) -> str:
        """The code of now, or of the next half minute when that was given out. Raises NotAsPromised."""
        if self._codes is None:
            raise NotAsPromised("the sign-in asks for the code of an authenticator that nobody set up")
        while (code := self._codes.now()) == self._last:
            self._sleep(self._codes.interval - time.time() % self._codes.interval)
        self._last = code
        return code


class Visitor:
    """A visitor of the service with cookies of their own; a context manager."""

    def __init__(self, url: str, authenticator: Authenticator, cookies: httpx.Cookies | None = None) -> None:
        self.url = url.rstrip("/")
        self._authenticator = authenticator
        self._http = httpx.Client(
            base_url=self.url,
            # As a browser sends them from a page of the service.
            headers={"origin": self.url, "sec-fetch-site": "same-origin", "accept-language": "en"},
            timeout=TIMEOUT_SECONDS,
            cookies=_jar(self.url, cookies),
            event_hooks={"request": [self._lay_cookies_in]},
        )

    def __enter__(self) -> Self:
        """Open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._http.close()

    def get(self, path: str) -> httpx.Response:
        """A page, without following where it leads. Raises NotAsPromised when there is no answer."""
        return self._sent("GET", path, headers={"accept": "text/html"})

    def post_form(self, path: str, **fields: str) -> httpx.Response:
        """Send a form. Raises NotAsPromised when there is no answer."""
        return self._sent("POST", path, data=fields)

    def post_file(self, path: str, field: str, name: str, content: bytes) -> None:
        """Send a file as a page's script does. Raises NotAsPromised with the service's words of a refusal."""
        answer = self._sent(
            "POST", path, files={field: (name, content)}, headers={"accept": "application/json"}
        )
        if answer.status_code != httpx.codes.OK:
            raise NotAsPromised(f"{path} answers {answer.status_code}: {_brief(answer.text)}")

    def post_event(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send an event; return what it says. Raises NotAsPromised."""
        answer = self._sent("POST", path, json=body)
        if answer.status_code != httpx.codes.OK:
            raise NotAsPromised(f"{path} answers {answer.status_code}: {_brief(answer.text)}")
        return answer.json()

    def stream(self, path: str) -> Any:
        """A response that is read as it comes; a context manager."""
        return self._http.stream("GET", path)

    @property
    def cookies(self) -> httpx.Cookies:
        """What the service has laid into this browser."""
        return httpx.Cookies(self._http.cookies)

    def sign_in(self, email: str, password: str, new_password: str = "") -> str:
        """Sign in, with a new password when one is asked for; return what was asked besides a password.

        Raises NotAsPromised where another page comes than should.
        """
        answer = self.post_form("/login", email=email, password=password)
        asked = []
        while answer.headers.get("location") == "/login/step":
            step = self._step()
            if 'name="new_password"' in step:
                asked.append("a new password")
                answer = self.post_form("/login/step", new_password=new_password, repeat=new_password)
            else:
                asked.append("a code")
                if key := _KEY.search(step):
                    self._authenticator.learn(key[1])
                answer = self.post_form("/login/step", code=self._authenticator.code())
        if answer.headers.get("location") != "/":
            raise NotAsPromised(f"the sign-in answers {answer.status_code}: {_problem(answer.text)}")
        return " and ".join(asked)

    def sign_out(self) -> None:
        """Leave. Raises NotAsPromised."""
        answer = self.post_form("/logout")
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise NotAsPromised(f"/logout answers {answer.status_code}: {_brief(answer.text)}")

    def _lay_cookies_in(self, request: httpx.Request) -> None:
        # httpx itself chooses the cookies from a copy, which knows nothing of the jar's policy.
        request.headers.pop("cookie", None)
        self._http.cookies.set_cookie_header(request)

    def _step(self) -> str:
        answer = self.get("/login/step")
        if answer.status_code != httpx.codes.OK:
            led = f" and leads to {answer.headers['location']}" if "location" in answer.headers else ""
            raise NotAsPromised(f"the sign-in's second page answers {answer.status_code}{led}")
        return answer.text

    def _sent(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise NotAsPromised(f"{self.url}{path} does not answer: {one_line(str(error))}") from error


def password() -> str:
    """One that nobody guesses, with all that a pool's policy may ask for."""
    return f"{secrets.token_urlsafe(24)}-aA1"


def _jar(url: str, cookies: httpx.Cookies | None) -> CookieJar:
    """Room for cookies: browsers send secure ones to this machine without encryption too.

    https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
    """
    safe = ("https", "http") if leads_here(url) else ("https",)
    jar = CookieJar(DefaultCookiePolicy(secure_protocols=safe))
    for cookie in cookies.jar if cookies else ():
        jar.set_cookie(cookie)
    return jar


def _problem(page: str) -> str:
    """What a page of the sign-in says went wrong."""
    found = _PROBLEM.search(page)
    return _brief(_TAG.sub("", found[1])) if found else _brief(_TAG.sub(" ", page))


def _brief(text: str) -> str:
    return one_line(text)[:SHOWN_CHARACTERS]
