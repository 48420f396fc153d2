"""`make local` with single sign-on: the stacks, the pool's domain and the way back, all on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser, expect

from local.run import REGION
from local.state import State
from tests.browser.chat_page import message_box
from tests.browser.chromium import PAGE_SECONDS
from tests.browser.conftest import Assistant, make_local
from tests.single_sign_on import ANA, PROVIDER

pytestmark = pytest.mark.slow

ISSUER = "https://login.example.com"
"""An issuer as Cognito takes it: by name, over HTTPS."""
PARAMETERS = (
    "SingleSignOn=oidc",
    f"SingleSignOnProvider={PROVIDER}",
    "SingleSignOnDomainPrefix=example-chat",
    f"OidcIssuer={ISSUER}",
    "OidcClientId=the-pool",
)


def test_single_sign_on_on_this_machine(browser: Browser, provider: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("known-to-the-provider\n")
    with make_local(
        tmp_path / "state", "--port=0", f"--oidc-client-secret={secret}", *PARAMETERS
    ) as assistant:
        lead_to(assistant, provider)
        context = browser.new_context(locale="en-US")
        context.set_default_timeout(PAGE_SECONDS * 1000)
        page = context.new_page()
        page.goto(assistant.url)
        page.get_by_role("link", name=f"Continue with {PROVIDER}").click()
        page.get_by_role("button", name=ANA, exact=True).first.click()
        expect(message_box(page)).to_be_visible()
        page.get_by_role("link", name="Account and sign-out").click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("You have signed out.")
        context.close()


def lead_to(assistant: Assistant, issuer: str) -> None:
    """Have the tests' provider, which has no name and no certificate, stand for the one of the parameters."""
    endpoint = f"http://127.0.0.1:{State(assistant.state).recall()['emulator_port']}"
    aws: Any = boto3.Session("test", "test", region_name=REGION)
    cognito = aws.client("cognito-idp", endpoint_url=endpoint)
    [pool] = cognito.list_user_pools(MaxResults=10)["UserPools"]
    named = {"UserPoolId": pool["Id"], "ProviderName": PROVIDER}
    details = cognito.describe_identity_provider(**named)["IdentityProvider"]["ProviderDetails"]
    assert (details["oidc_issuer"], details["client_id"]) == (ISSUER, "the-pool")
    assert details["client_secret"] == "known-to-the-provider"
    cognito.update_identity_provider(**named, ProviderDetails=details | {"oidc_issuer": issuer})
