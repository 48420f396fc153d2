"""A user pool whose people come from a real OpenID Connect provider, and a browser that follows their way."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import authlib.deprecate  # noqa: F401 (shows its warnings always, unless pytest's filters come after it)
import httpx
import pytest

from gradio_app.settings import HostedClient, Settings
from tests.emulator_fixture import RunningEmulator

PROVIDER = "Example-Org"
ANA, EVA, NAMELESS = "ana", "eva", "nameless"
PEOPLE: dict[str, dict[str, object]] = {
    ANA: {"email": "ana@example.com", "email_verified": True},
    EVA: {"email": "eva@example.com"},
    NAMELESS: {"name": "Nobody"},
}
"""Those whom the provider lets choose with one click."""
CALLBACK = "https://app.example/login/callback"
SIGNED_OUT = "https://app.example/login/signed-out"
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
"""Made of the verifier by RFC 7636, section 4.2."""


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """A real provider on loopback; yields its issuer."""
    with run_provider() as issuer:
        yield issuer


@contextmanager
def run_provider() -> Iterator[str]:
    """Serve the provider until the block ends; yields its issuer."""
    from oidc_provider_mock import User, run_server_in_thread  # not for every test that shares a fixture

    people = [User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@dataclass(frozen=True)
class Organization:
    """A user pool with the provider in it and two app clients, as the product's stacks make them."""

    aws: RunningEmulator
    pool_id: str
    password_client: dict[str, Any] = field(repr=False)
    hosted_client: dict[str, Any] = field(repr=False)

    @property
    def idp(self) -> Any:
        return self.aws.client("cognito-idp")

    @property
    def hosted(self) -> HostedClient:
        """The application's settings of single sign-on."""
        client = self.hosted_client
        return HostedClient(self.aws.endpoint_url, PROVIDER, client["ClientId"], client["ClientSecret"])

    def settings(self, like: Settings) -> Settings:
        """Those of an application whose people come from here."""
        client = self.password_client
        return replace(
            like,
            pool_id=self.pool_id,
            app_client_id=client["ClientId"],
            app_client_secret=client["ClientSecret"],
            single_sign_on=self.hosted,
        )

    def username(self, sub: str) -> str:
        """What the pool calls somebody from the provider."""
        return f"{PROVIDER}_{sub}"

    def register(self, **urls: list[str]) -> None:
        """Change CallbackURLs or LogoutURLs of the hosted client."""
        self.hosted_client.update(urls)
        wanted = {name: self.hosted_client[name] for name in (*HOSTED, "UserPoolId", "ClientId")}
        self.idp.update_user_pool_client(**wanted)

    def authorize_url(self, **changes: str) -> str:
        """Where an application sends a browser that is to come in by the provider."""
        wanted = {
            "response_type": "code",
            "client_id": self.hosted_client["ClientId"],
            "redirect_uri": CALLBACK,
            "identity_provider": PROVIDER,
            "scope": "openid email profile",
            "state": "of-the-application",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        wanted = {name: value for name, value in (wanted | changes).items() if value}
        return f"{self.aws.endpoint_url}/oauth2/authorize?{urlencode(wanted)}"

    def exchange(self, code: str, *, secret: str | None = None, **changes: str) -> httpx.Response:
        """Ask for tokens; an empty change leaves a field out."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        client = self.hosted_client
        return httpx.post(
            f"{self.aws.endpoint_url}/oauth2/token",
            data={name: value for name, value in (form | changes).items() if value},
            auth=(client["ClientId"], client["ClientSecret"] if secret is None else secret),
            trust_env=False,
        )


class Visitor:
    """A browser outside the application, which follows one redirect at a time."""

    def __init__(self) -> None:
        self.http = httpx.Client(follow_redirects=False, trust_env=False)

    def vouched_for(self, start: str, sub: str) -> str:
        """Sign in at the provider as `sub`; returns the address that the pool sends the browser back to."""
        at_provider = self.leads_to(start)
        chosen = self.http.post(at_provider, data={"sub": sub})
        assert chosen.status_code == 302, chosen.text
        return self.leads_to(chosen.headers["location"])

    def leads_to(self, address: str) -> str:
        """Where a redirect goes."""
        answer = self.http.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


def brought(address: str) -> dict[str, str]:
    """What an address carries in its query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


HOSTED: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile"],
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
    "SupportedIdentityProviders": [PROVIDER],
    "CallbackURLs": [CALLBACK],
    "LogoutURLs": [SIGNED_OUT],
}
"""The app client of single sign-on, as templates/stacks/single_sign_on.py has it."""


def make_organization(aws: RunningEmulator, issuer: str) -> Organization:
    """A new pool that knows the provider; without a domain of its own, which MiniStack could not serve."""
    idp = aws.client("cognito-idp")
    pool_id = idp.create_user_pool(PoolName=f"people-{uuid.uuid4().hex[:6]}", UsernameAttributes=["email"])[
        "UserPool"
    ]["Id"]
    idp.create_identity_provider(
        UserPoolId=pool_id,
        ProviderName=PROVIDER,
        ProviderType="OIDC",
        ProviderDetails={
            "oidc_issuer": issuer,
            "client_id": "the-pool",
            "client_secret": "known-to-the-provider",
            "authorize_scopes": "openid email profile",
            "attributes_request_method": "GET",
        },
        AttributeMapping={"email": "email", "email_verified": "email_verified"},
    )
    clients = [
        idp.create_user_pool_client(UserPoolId=pool_id, ClientName=name, GenerateSecret=True, **more)[
            "UserPoolClient"
        ]
        for name, more in (
            ("password", {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}),
            ("hosted", HOSTED),
        )
    ]
    return Organization(aws, pool_id, *clients)
