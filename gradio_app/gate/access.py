"""Who may call which address: a closed list, so that what is not named here is refused.

A new Gradio release that adds a route, or an option that switches one on, changes nothing until somebody
adds a line. The signed-in part is what the chat's page really calls in a browser.
"""

import re
from collections.abc import Callable
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
OWN_STATIC = re.compile(rf"/pages/static/{FILE}|/page/static/[0-9a-f]{{16}}/{FILE}")

READ = frozenset({"GET", "HEAD"})
VISIT = frozenset({"GET"})
"""Not HEAD: each is for one visit of a browser on its way, and some are used up by it."""
FORM = frozenset({"GET", "HEAD", "POST"})
POST = frozenset({"POST"})


@dataclass(frozen=True)
class Address:
    """A path that is open: to which methods, to whom, and how it is kept from reaching what is another's."""

    path: str
    methods: frozenset[str]
    who: Access
    why: str
    offered: Callable[[Settings], bool] = lambda settings: settings.authentication


def _always(_: Settings) -> bool:
    return True


def _sign_up(settings: Settings) -> bool:
    return settings.authentication and bool(settings.sign_up_domains)


def _single_sign_on(settings: Settings) -> bool:
    return settings.authentication and settings.single_sign_on is not None


def _authenticator(settings: Settings) -> bool:
    return settings.authentication and settings.mfa != "off"


def _library(settings: Settings) -> bool:
    return bool(settings.embedding_model_id)


def _sharing(settings: Settings) -> bool:
    return settings.share_conversations


def _web_pages(settings: Settings) -> bool:
    return _library(settings) and settings.web_pages


PUBLIC, SIGNED_IN, WITH_PASSWORD = Access.PUBLIC, Access.SIGNED_IN, Access.WITH_PASSWORD
NOBODYS, OWN, BOUND = "nothing of anybody", "the session's own user", "bound to its user by the gate"
CONVERSATIONS = "conversations are keyed by user"
ASSISTANTS = "assistants are keyed by user, or opened by the session's groups"
LIBRARIES = "libraries are keyed by user, or opened by the session's groups"
OPEN = (
    Address("/healthz", READ, PUBLIC, NOBODYS, _always),
    Address("/readyz", READ, PUBLIC, NOBODYS, _always),
    Address("/gradio_api/app_id", READ, PUBLIC, NOBODYS, _always),
    Address("/login", FORM, PUBLIC, "takes a password"),
    Address("/login/step", FORM, PUBLIC, "the step of its cookie, once"),
    Address("/forgot-password", FORM, PUBLIC, "mails to the owner alone"),
    Address("/reset-password", FORM, PUBLIC, "takes a mailed code"),
    Address("/sign-up", FORM, PUBLIC, "mails to the owner alone", _sign_up),
    Address("/sign-up/confirm", FORM, PUBLIC, "takes a mailed code", _sign_up),
    Address("/login/single-sign-on", VISIT, PUBLIC, NOBODYS, _single_sign_on),
    Address("/login/callback", VISIT, PUBLIC, "the departure of its cookie, once", _single_sign_on),
    Address("/login/signed-out", VISIT, PUBLIC, NOBODYS, _single_sign_on),
    Address("/account", READ, SIGNED_IN, OWN),
    Address("/logout", POST, SIGNED_IN, "the session of the cookie"),
    Address("/logout/everywhere", POST, SIGNED_IN, OWN),
    Address("/account/password", FORM, WITH_PASSWORD, OWN),
    Address("/account/authenticator", FORM, WITH_PASSWORD, OWN, _authenticator),
    Address("/account/authenticator/confirm", POST, WITH_PASSWORD, OWN, _authenticator),
    Address("/account/authenticator/remove", POST, WITH_PASSWORD, OWN, _authenticator),
    Address("/", READ, SIGNED_IN, CONVERSATIONS, _always),
    Address("/page/description", VISIT, SIGNED_IN, NOBODYS, _always),
    Address("/draft", frozenset({"GET", "PUT"}), SIGNED_IN, "drafts are keyed by user", _always),
    Address(
        "/temporary",
        frozenset({"DELETE"}),
        SIGNED_IN,
        "temporary conversations are keyed by user",
        _always,
    ),
    Address("/message", VISIT, SIGNED_IN, CONVERSATIONS, _always),
    Address(
        "/files",
        frozenset({"GET", "POST", "DELETE"}),
        SIGNED_IN,
        "files are keyed by user",
        _always,
    ),
    Address("/conversations", FORM, SIGNED_IN, CONVERSATIONS, _always),
    Address("/conversations/list", VISIT, SIGNED_IN, CONVERSATIONS, _always),
    Address("/conversations/search", VISIT, SIGNED_IN, CONVERSATIONS, _always),
    Address("/conversations/conversation", FORM, SIGNED_IN, CONVERSATIONS, _always),
    Address("/conversations/folders", POST, SIGNED_IN, CONVERSATIONS, _always),
    Address("/conversations/shares", FORM, SIGNED_IN, "copies are listed by user", _sharing),
    Address("/shared", VISIT, SIGNED_IN, "who has the address of a copy may read it", _sharing),
    Address("/conversations/import", POST, SIGNED_IN, CONVERSATIONS, _always),
    Address("/conversations/export", VISIT, SIGNED_IN, CONVERSATIONS, _always),
    Address("/assistants", READ, SIGNED_IN, ASSISTANTS, _always),
    Address("/assistants/instructions", POST, SIGNED_IN, OWN, _always),
    Address("/assistants/assistant", FORM, SIGNED_IN, ASSISTANTS, _always),
    Address("/assistants/publish", POST, SIGNED_IN, "administrators alone", _always),
    Address("/assistants/export", VISIT, SIGNED_IN, ASSISTANTS, _always),
    Address("/assistants/import", POST, SIGNED_IN, ASSISTANTS, _always),
    Address("/thumb", frozenset({"GET", "PUT", "DELETE"}), SIGNED_IN, CONVERSATIONS, _always),
    Address("/thumbs", VISIT, SIGNED_IN, "administrators alone, and nothing says whose", _always),
    Address("/documents", READ, SIGNED_IN, LIBRARIES, _library),
    Address("/documents/add", POST, SIGNED_IN, LIBRARIES, _library),
    Address("/documents/sample", POST, SIGNED_IN, LIBRARIES, _library),
    Address("/documents/address", POST, SIGNED_IN, LIBRARIES, _web_pages),
    Address("/documents/document", FORM, SIGNED_IN, LIBRARIES, _library),
    Address("/documents/file", VISIT, SIGNED_IN, LIBRARIES, _library),
    Address("/documents/collections", POST, SIGNED_IN, LIBRARIES, _library),
    Address("/documents/groups", POST, SIGNED_IN, "administrators alone", _library),
    Address("/gradio_api/queue/join", POST, SIGNED_IN, BOUND, _always),
    Address("/gradio_api/queue/data", VISIT, SIGNED_IN, BOUND, _always),
    Address("/gradio_api/run/predict", POST, SIGNED_IN, BOUND, _always),
    Address("/gradio_api/cancel", POST, SIGNED_IN, BOUND, _always),
    Address("/gradio_api/reset", POST, SIGNED_IN, BOUND, _always),
)
"""All that is open, besides files that are the same for everyone. Without login its pages are closed, too."""


class Addresses:
    """The addresses that some settings open: what is switched off answers like what does not exist."""

    def __init__(self, settings: Settings) -> None:
        self._open = {address.path: address for address in OPEN if address.offered(settings)}

    def access(self, method: str, path: str) -> Access:
        """Decide by method and decoded path, which must match to the letter."""
        address = self._open.get(path)
        if address and method in address.methods:
            return address.who
        return Access.PUBLIC if method in READ and is_static(path) else Access.CLOSED


def is_static(path: str) -> bool:
    """Whether the address names a file that is the same for everyone."""
    return bool(STATIC.fullmatch(path) or OWN_STATIC.fullmatch(path))
