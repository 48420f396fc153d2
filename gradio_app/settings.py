"""The application's settings: the one place that reads the environment."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeVar

WITHOUT_LOGIN = "disabled-on-this-machine-only"
"""The only value of AUTHENTICATION that turns the login off."""

Network = IPv4Network | IPv6Network
T = TypeVar("T")

POOL_ID = re.compile(r"[\w-]{1,46}_[0-9A-Za-z]{1,55}")
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html"""
CLIENT_ID = re.compile(r"[\w+]{1,128}")
CLIENT_SECRET = re.compile(r"\S{1,128}")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/._-]{0,2047}")
"""https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html"""
APP_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
HOSTED_URL = re.compile(rf"https://{DOMAIN.pattern}(:\d{{1,5}})?|http://(127\.0\.0\.1|localhost):\d{{1,5}}")
"""Over plain HTTP only on this machine: the app client's secret is sent there."""
PROVIDER = re.compile(r"[^\s_]\S{1,30}[^\s_]")
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html"""
SINGLE_SIGN_ON = {
    "SINGLE_SIGN_ON_URL": HOSTED_URL,
    "SINGLE_SIGN_ON_PROVIDER": PROVIDER,
    "SINGLE_SIGN_ON_CLIENT_ID": CLIENT_ID,
    "SINGLE_SIGN_ON_CLIENT_SECRET": CLIENT_SECRET,
}
VIEWER_HEADER = re.compile(r"x-viewer-[a-z-]{1,40}")
"""The gate lets no header that begins so through to what stands behind it."""
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")

PORTS = (1, 65535)
INHERITED_FILES = 3
"""Their descriptors begin after those of the standard streams."""
IDLE_MINUTES = (5, 24 * 60)
MAX_HOURS = (1, 24)
"""At most as long as the pool's refresh tokens last (templates/stacks/auth.py)."""
KEPT_DAYS = (0, 3650)
LIBRARY_FILES = (1, 2_000)
"""A search by name goes through all names of a library (gradio_app/store/library.py)."""
LIBRARY_MEGABYTES = (1, 100_000)
LIBRARY_PAGES = (1, 1_000_000)
TOKENS_A_DAY = (0, 10**12)
OUTPUT_TOKENS = (1, 1_000_000)
ANSWERS_AT_ONCE = (1, 128)
"""One process carries no more, however many processors it has: Python runs one thread at a time."""
SYSTEM_PROMPT_BYTES = 4096
"""As CloudFormation takes of one parameter:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
DRAIN_SECONDS = (0, 3600)
MFA = ("off", "optional", "required")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(ValueError):
    """Settings are missing or malformed; the message names every one of them in one sentence."""


@dataclass(frozen=True)
class HostedClient:
    """Single sign-on: the pool's domain, the identity provider behind it, the app client that uses both."""

    url: str
    provider: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the application takes from its environment, checked.

    Without authentication the pool's fields are empty and `bind_host` is a loopback address.
    """

    pool_id: str
    app_client_id: str
    app_client_secret: str = field(repr=False)
    table_name: str
    bucket_name: str
    region: str
    model_ids: tuple[str, ...]
    embedding_model_id: str = ""
    """Makes the vectors of documents and questions; empty when there are no documents to ask."""
    former_embedding_model_id: str = ""
    """Made them until now: documents that it made vectors of are found by these meanwhile; empty for none."""
    public_scheme: str = "https"
    trusted_proxies: tuple[Network, ...] = ()
    viewer_address_header: str = ""
    """Where a trusted proxy says who asks, over whatever the client sent; empty when none does."""
    bind_host: str = "0.0.0.0"  # noqa: S104 (in its own network namespace; the security group decides)
    port: int = 8080
    listener_fd: int | None = None
    """A socket at that address which came with the process; without it the program opens one."""
    session_idle_minutes: int = 30
    session_max_hours: int = 12
    mfa: str = "off"
    """Whether the pool has authenticators: "off", "optional" or "required"."""
    sign_up_domains: tuple[str, ...] = ()
    """Domains of e-mail addresses that may sign up, in lower case; empty when nobody may."""
    single_sign_on: HostedClient | None = None
    library_files: int = 200
    library_megabytes: int = 500
    library_pages: int = 10_000
    """Most that one library of documents to ask may hold."""
    web_pages: bool = False
    """Whether people may add web pages by their address: there is a way to the internet."""
    reword_questions: bool = False
    """Whether the model may word a question anew before documents are searched."""
    keep_conversations_days: int = 0
    """After the last change of one that is not pinned; 0 for ever."""
    share_conversations: bool = False
    """Whether people may share copies of conversations with whoever is signed in."""
    name_conversations: bool = False
    """Whether the model gives conversations their titles."""
    system_prompt: str = field(default="", repr=False)
    """What whoever runs the application tells the model before anything else; empty for nothing."""
    daily_token_budget: int = 200_000
    max_output_tokens: int = 2048
    answers_at_once: int = 32
    """That a task writes; as many more wait in line (gradio_app/chat/places.py)."""
    drain_seconds: int = 100
    ui_app_id: str = "asistente"
    deployment: str = "asistente"
    """The root stack's name: two deployments in one account tell their metrics apart by it."""
    authentication: bool = True
    log_level: str = "INFO"

    @property
    def https(self) -> bool:
        """Whether browsers reach the application over HTTPS."""
        return self.public_scheme == "https"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check the settings; raises SettingsError that names all that is wrong at once."""
        read = _Reader(environ)
        authentication = read.choice("AUTHENTICATION", "on", ("on", WITHOUT_LOGIN)) == "on"
        if not authentication:
            read.refuse_pool()
        pool = read.required if authentication else read.nothing
        settings = cls(
            authentication=authentication,
            pool_id=pool("POOL_ID", POOL_ID),
            app_client_id=pool("APP_CLIENT_ID", CLIENT_ID),
            app_client_secret=pool("APP_CLIENT_SECRET", CLIENT_SECRET),
            table_name=read.required("TABLE_NAME", TABLE_NAME),
            bucket_name=read.required("BUCKET_NAME", BUCKET_NAME),
            region=read.required("AWS_REGION", REGION),
            model_ids=read.parsed("MODEL_IDS", None, _model_ids),
            embedding_model_id=read.parsed("EMBEDDING_MODEL_ID", "", _embedding_model_id),
            former_embedding_model_id=read.parsed("FORMER_EMBEDDING_MODEL_ID", "", _embedding_model_id),
            public_scheme=read.choice("PUBLIC_SCHEME", "https", ("https", "http")),
            trusted_proxies=read.parsed("TRUSTED_PROXIES", "", _networks),
            viewer_address_header=read.parsed("VIEWER_ADDRESS_HEADER", "", _viewer_header),
            bind_host=read.parsed("BIND_HOST", "0.0.0.0" if authentication else "127.0.0.1", _address),  # noqa: S104
            port=read.number("PORT", 8080, PORTS),
            listener_fd=read.parsed("LISTENER_FD", "", _descriptor),
            session_idle_minutes=read.number("SESSION_IDLE_MINUTES", 30, IDLE_MINUTES),
            session_max_hours=read.number("SESSION_MAX_HOURS", 12, MAX_HOURS),
            mfa=read.choice("MFA", "off", MFA),
            sign_up_domains=read.parsed("SIGN_UP_DOMAINS", "", _domains),
            single_sign_on=read.hosted_client() if authentication else None,
            library_files=read.number("LIBRARY_FILES", 200, LIBRARY_FILES),
            library_megabytes=read.number("LIBRARY_MEGABYTES", 500, LIBRARY_MEGABYTES),
            library_pages=read.number("LIBRARY_PAGES", 10_000, LIBRARY_PAGES),
            web_pages=read.choice("WEB_PAGES", "no", ("yes", "no")) == "yes",
            reword_questions=read.choice("REWORD_QUESTIONS", "no", ("yes", "no")) == "yes",
            keep_conversations_days=read.number("KEEP_CONVERSATIONS_DAYS", 0, KEPT_DAYS),
            share_conversations=read.choice("SHARE_CONVERSATIONS", "no", ("yes", "no")) == "yes",
            name_conversations=read.choice("NAME_CONVERSATIONS", "no", ("yes", "no")) == "yes",
            system_prompt=read.parsed("SYSTEM_PROMPT", "", _system_prompt),
            daily_token_budget=read.number("DAILY_TOKEN_BUDGET", 200_000, TOKENS_A_DAY),
            max_output_tokens=read.number("MAX_OUTPUT_TOKENS", 2048, OUTPUT_TOKENS),
            answers_at_once=read.number("ANSWERS_AT_ONCE", 32, ANSWERS_AT_ONCE),
            drain_seconds=read.number("DRAIN_SECONDS", 100, DRAIN_SECONDS),
            ui_app_id=read.optional("UI_APP_ID", "asistente", APP_ID),
            deployment=read.optional("DEPLOYMENT", "asistente", STACK_NAME),
            log_level=read.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
        )
        if not authentication and settings.bind_host and not ip_address(settings.bind_host).is_loopback:
            read.problems.append("BIND_HOST (without login it must be a loopback address)")
        if read.problems or read.missing:
            raise SettingsError(read.sentence())
        return settings


class _Reader:
    """Reads variables one by one and remembers what is wrong instead of stopping at the first.

    A value that is not accepted is never repeated in a message: it may be a secret in the wrong place.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.missing: list[str] = []
        self.problems: list[str] = []

    def required(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self._get(name)
        if not value:
            self.missing.append(name)
        elif not pattern.fullmatch(value):
            self.problems.append(f"{name} (not the form that AWS gives it)")
        return value

    def nothing(self, name: str, pattern: re.Pattern[str]) -> str:  # noqa: ARG002 (same shape as required)
        return ""

    def optional(self, name: str, default: str, pattern: re.Pattern[str]) -> str:
        value = self._get(name) or default
        if not pattern.fullmatch(value):
            self.problems.append(f"{name} (letters, digits, dots and dashes only)")
        return value

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self._get(name) or default
        if value not in allowed:
            self.problems.append(f"{name} (must be {' or '.join(allowed)})")
        return value

    def number(self, name: str, default: int, bounds: tuple[int, int]) -> int:
        value = self._get(name) or str(default)
        low, high = bounds
        if not re.fullmatch(r"[0-9]{1,15}", value) or not low <= int(value) <= high:
            self.problems.append(f"{name} (must be a whole number from {low} to {high})")
            return default
        return int(value)

    def parsed(self, name: str, default: str | None, parse: Callable[[str], T]) -> T:
        value = self._get(name)
        if not value and default is None:
            self.missing.append(name)
            return parse("")
        try:
            return parse(value or default or "")
        except ValueError as error:
            self.problems.append(f"{name} ({error})")
            return parse(default or "")

    def hosted_client(self) -> HostedClient | None:
        """Its four variables, or nothing when none of them is there: single sign-on is off."""
        if not any(self._get(name) for name in SINGLE_SIGN_ON):
            return None
        return HostedClient(*(self.required(name, pattern) for name, pattern in SINGLE_SIGN_ON.items()))

    def refuse_pool(self) -> None:
        """A pool and a switched-off login contradict each other: someone is about to be surprised."""
        for name in ("POOL_ID", "APP_CLIENT_ID", "APP_CLIENT_SECRET", *SINGLE_SIGN_ON):
            if self._get(name):
                self.problems.append(f"{name} (must be absent when AUTHENTICATION is {WITHOUT_LOGIN})")

    def sentence(self) -> str:
        parts = []
        if self.missing:
            parts.append("missing: " + ", ".join(self.missing))
        if self.problems:
            parts.append("malformed: " + ", ".join(self.problems))
        hint = ""
        if "POOL_ID" in self.missing:
            hint = f" (to run without login on this machine only, set AUTHENTICATION={WITHOUT_LOGIN})"
        elif any(name in SINGLE_SIGN_ON for name in self.missing):
            hint = " (single sign-on takes all four SINGLE_SIGN_ON variables; without it set none)"
        return f"Correct these environment variables and start again: {'; '.join(parts)}{hint}."

    def _get(self, name: str) -> str:
        return self._environ.get(name, "").strip()


def _model_ids(text: str) -> tuple[str, ...]:
    ids = tuple(part.strip() for part in text.split(",") if part.strip())
    if any(not MODEL_ID.fullmatch(part) for part in ids):
        raise ValueError("must be Bedrock model or inference profile ids with commas between them")
    return tuple(dict.fromkeys(ids))


def _embedding_model_id(text: str) -> str:
    if text and not MODEL_ID.fullmatch(text):
        raise ValueError("must be a Bedrock model or inference profile id")
    return text


def _system_prompt(text: str) -> str:
    is_whole = text == text.encode("utf-8", "replace").decode()
    if not is_whole or len(text.encode()) > SYSTEM_PROMPT_BYTES:
        raise ValueError(f"must be UTF-8 text of at most {SYSTEM_PROMPT_BYTES} bytes")
    return text


def _domains(text: str) -> tuple[str, ...]:
    domains = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if any(not DOMAIN.fullmatch(part) for part in domains):
        raise ValueError("must be domains like example.com with commas between them")
    return domains


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be networks like 10.0.0.0/16 with commas between them") from None


def _viewer_header(text: str) -> str:
    if text and not VIEWER_HEADER.fullmatch(text):
        raise ValueError("must be a header in lower case that begins with x-viewer-")
    return text


def _descriptor(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,7}", text) or int(text) < INHERITED_FILES:
        raise ValueError("must be the number of an open file, 3 or more")
    return int(text)


def _address(text: str) -> str:
    if not text:
        return text
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("must be an IP address") from None
