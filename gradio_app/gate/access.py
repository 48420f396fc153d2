"""Who may call which address: a closed list, so that what is not named here is refused.

A new Gradio release that adds a route, or an option that switches one on, changes nothing until somebody
adds a line. The signed-in part is what the chat's page really calls in a browser.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gradio_app.settings import Settings


class Access(Enum):
    """Who an address is for."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"
    WITH_PASSWORD = "signed in by password"  # noqa: S105
    """Signed in, and not by single sign-on: there password and second factor are the provider's."""
    CLOSED = "closed"


FILE = r"[\w@~+-]+(?:\.[\w@~+-]+)*"
"""One part of a path, never `.` or `..`."""

# The framework's scripts, styles and fonts are the same for everyone on earth and may lie in shared caches.
STATIC = re.compile(
    rf"/(?:assets|static)/(?:{FILE}/)*{FILE}|/theme\.css|/gradio_api/theme\.css|/favicon\.ico|/manifest\.json"
)
OWN_STATIC = re.compile(rf"/login/static/{FILE}|/page/static/[0-9a-f]{{16}}/{FILE}")

READ = {"GET", "HEAD"}
FORM = {"GET", "HEAD", "POST"}
HEALTH: dict[str, set[str]] = {"/healthz": READ, "/readyz": READ, "/gradio_api/app_id": READ}
LOGIN: dict[str, set[str]] = {
    "/login": FORM,
    "/login/step": FORM,
    "/forgot-password": FORM,
    "/reset-password": FORM,
}
SINGLE_SIGN_ON: dict[str, set[str]] = {
    "/login/single-sign-on": {"GET"},
    "/login/callback": {"GET"},
    "/login/signed-out": {"GET"},
}
"""Not HEAD: each is for one visit of a browser on its way, and some are used up by it."""
ACCOUNT: dict[str, set[str]] = {
    "/account": READ,
    "/logout": {"POST"},
    "/logout/everywhere": {"POST"},
}
PASSWORD: dict[str, set[str]] = {"/account/password": FORM}
SIGN_UP: dict[str, set[str]] = {"/sign-up": FORM, "/sign-up/confirm": FORM}
AUTHENTICATOR: dict[str, set[str]] = {
    "/account/authenticator": FORM,
    "/account/authenticator/confirm": {"POST"},
    "/account/authenticator/remove": {"POST"},
}
CHAT: dict[str, set[str]] = {
    "/": READ,
    "/gradio_api/queue/join": {"POST"},
    "/gradio_api/queue/data": {"GET"},
    "/gradio_api/run/predict": {"POST"},
    "/gradio_api/cancel": {"POST"},
    "/gradio_api/reset": {"POST"},
    "/draft": {"GET", "PUT"},
    "/message": {"GET"},
}


@dataclass(frozen=True)
class Addresses:
    """Paths with their methods: for everyone, for those with a session, for those of them with a password."""

    public: Mapping[str, set[str]]
    signed_in: Mapping[str, set[str]]
    with_password: Mapping[str, set[str]]

    @classmethod
    def offered(cls, settings: Settings) -> "Addresses":
        """Those that these settings open: what is switched off answers like what does not exist.

        Without login its pages are closed too: nobody answers there but Gradio's own.
        """
        if not settings.authentication:
            return cls(HEALTH, CHAT, {})
        sign_up = SIGN_UP if settings.sign_up_domains else {}
        authenticator = AUTHENTICATOR if settings.mfa != "off" else {}
        single_sign_on = SINGLE_SIGN_ON if settings.single_sign_on else {}
        return cls(HEALTH | LOGIN | sign_up | single_sign_on, CHAT | ACCOUNT, PASSWORD | authenticator)

    def access(self, method: str, path: str) -> Access:
        """Decide by method and decoded path, which must match to the letter."""
        if method in self.public.get(path, ()) or (method in READ and is_static(path)):
            return Access.PUBLIC
        if method in self.with_password.get(path, ()):
            return Access.WITH_PASSWORD
        return Access.SIGNED_IN if method in self.signed_in.get(path, ()) else Access.CLOSED


def is_static(path: str) -> bool:
    """Whether the address names a file that is the same for everyone."""
    return bool(STATIC.fullmatch(path) or OWN_STATIC.fullmatch(path))
