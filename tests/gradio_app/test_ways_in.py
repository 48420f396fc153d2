"""The ways in from end to end: our pages over a real table and a pool that checks everything."""

import html
import re
import uuid

import pytest
from starlette.testclient import TestClient

from gradio_app.aws import Clients
from gradio_app.server import create_app
from gradio_app.settings import Settings
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import ORIGIN, SAME_ORIGIN, SETTINGS, shared_page
from tests.gradio_app.tables import create_table
from tests.local.cognito_kit import totp

pytestmark = pytest.mark.slow

PASSWORD, TEMPORARY = "Correct-Horse-1", "Temporary-Pass-1"
SIGNED_UP_CODE, RESET_CODE = "123456", "654321"
"""The emulator's fixed codes."""


class Place:
    """An application of its own, whose pool has authenticators as `mfa` says and lets example.com sign up."""

    def __init__(self, aws: RunningEmulator, mfa: str) -> None:
        self.pool, dynamodb = aws.client("cognito-idp"), aws.client("dynamodb")
        self.pool_id = self.pool.create_user_pool(
            PoolName="people",
            UsernameAttributes=["email"],
            AutoVerifiedAttributes=["email"],
            Policies={"PasswordPolicy": {"MinimumLength": 12, "RequireUppercase": True}},
        )["UserPool"]["Id"]
        self.pool.set_user_pool_mfa_config(
            UserPoolId=self.pool_id,
            MfaConfiguration={"optional": "OPTIONAL", "required": "ON"}[mfa],
            SoftwareTokenMfaConfiguration={"Enabled": True},
        )
        client = self.pool.create_user_pool_client(
            UserPoolId=self.pool_id,
            ClientName="app",
            GenerateSecret=True,
            PreventUserExistenceErrors="ENABLED",
            EnableTokenRevocation=True,
            ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]
        table = f"t{uuid.uuid4().hex}"
        create_table(dynamodb, table)
        settings = Settings(
            **{
                **vars(SETTINGS),
                "pool_id": self.pool_id,
                "app_client_id": client["ClientId"],
                "app_client_secret": client["ClientSecret"],
                "table_name": table,
                "mfa": mfa,
                "sign_up_domains": ("example.com",),
            }
        )
        clients = Clients(self.pool, dynamodb, None, None, FakeS3())
        self.application = create_app(settings, clients, page=shared_page())

    def browser(self) -> TestClient:
        return TestClient(self.application.gate, base_url=ORIGIN, headers=SAME_ORIGIN, follow_redirects=False)

    def invite(self, email: str) -> None:
        self.pool.admin_create_user(
            UserPoolId=self.pool_id,
            Username=email,
            TemporaryPassword=TEMPORARY,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
        )


def sent(browser: TestClient, path: str, **fields: str) -> str:
    """Where a form that was accepted leads to."""
    answer = browser.post(path, data=fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def shown_key(page: str) -> str:
    [link] = re.findall(r'href="(otpauth:[^"]*)"', page)
    return html.unescape(link).partition("secret=")[2].partition("&")[0]


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def test_invited_where_authenticators_are_required(emulator: RunningEmulator, email: str) -> None:
    place = Place(emulator, "required")
    place.invite(email)
    ana = place.browser()
    assert sent(ana, "/login", email=email, password=TEMPORARY) == "/login/step"
    assert sent(ana, "/login/step", new_password=PASSWORD, repeat=PASSWORD) == "/login/step"
    key = shown_key(ana.get("/login/step").text)
    answer = ana.post("/login/step", data={"code": "000000"})
    assert (answer.status_code, shown_key(answer.text)) == (400, key)
    assert sent(ana, "/login/step", code=totp(key)) == "/"
    again = place.browser()
    assert sent(again, "/login", email=email, password=PASSWORD) == "/login/step"
    assert sent(again, "/login/step", code=totp(key)) == "/"
    assert email in again.get("/account").text


def test_signed_up_where_authenticators_are_required(emulator: RunningEmulator, email: str) -> None:
    place = Place(emulator, "required")
    leo = place.browser()
    for _ in range(2):
        assert leo.post("/sign-up", data={"email": email}).status_code == 200
    assert sent(leo, "/sign-up/confirm", email=email, code=SIGNED_UP_CODE) == "/login/step"
    key = shown_key(leo.get("/login/step").text)
    assert sent(leo, "/login/step", code=totp(key)) == "/login/step"
    assert leo.get("/account").status_code == 401
    assert leo.post("/login/step", data={"new_password": "short", "repeat": "short"}).status_code == 400
    assert sent(leo, "/login/step", new_password=PASSWORD, repeat=PASSWORD) == "/"
    assert email in leo.get("/account").text


def test_an_authenticator_comes_moves_and_goes(emulator: RunningEmulator, email: str) -> None:
    place = Place(emulator, "optional")
    place.invite(email)
    ana, page = place.browser(), "/account/authenticator"
    sent(ana, "/login", email=email, password=TEMPORARY)
    assert sent(ana, "/login/step", new_password=PASSWORD, repeat=PASSWORD) == "/"
    assert sent(ana, page, password=PASSWORD) == page
    old = shown_key(ana.get(page).text)
    assert sent(ana, f"{page}/confirm", code=totp(old)) == "/account?authenticator=1"
    assert ana.post(page, data={"password": PASSWORD, "code": "000000"}).status_code == 400
    assert sent(ana, page, password=PASSWORD, code=totp(old)) == page
    new = shown_key(ana.get(page).text)
    assert new != old
    assert sent(ana, f"{page}/confirm", code=totp(new)) == "/account?authenticator=1"
    other = place.browser()
    assert sent(other, "/login", email=email, password=PASSWORD) == "/login/step"
    assert other.post("/login/step", data={"code": totp(old)}).status_code == 400
    assert sent(ana, f"{page}/remove", password=PASSWORD, code=totp(new)) == "/account?no-authenticator=1"
    assert sent(place.browser(), "/login", email=email, password=PASSWORD) == "/"


def test_a_reset_by_mail_does_not_pass_the_authenticator_by(emulator: RunningEmulator, email: str) -> None:
    place = Place(emulator, "required")
    place.invite(email)
    ana = place.browser()
    sent(ana, "/login", email=email, password=TEMPORARY)
    sent(ana, "/login/step", new_password=PASSWORD, repeat=PASSWORD)
    key = shown_key(ana.get("/login/step").text)
    sent(ana, "/login/step", code=totp(key))
    thief = place.browser()
    thief.post("/forgot-password", data={"email": email})
    fields = {"email": email, "code": RESET_CODE, "new_password": f"{PASSWORD}2", "repeat": f"{PASSWORD}2"}
    assert sent(thief, "/reset-password", **fields) == "/login/step"
    assert "otpauth:" not in thief.get("/login/step").text, "it is asked for and not set up anew"
    assert thief.get("/account").status_code == 401


def test_signing_up_an_account_that_exists_neither_enters_nor_changes_it(
    emulator: RunningEmulator, email: str
) -> None:
    place = Place(emulator, "optional")
    place.invite(email)
    ana, stranger = place.browser(), place.browser()
    sent(ana, "/login", email=email, password=TEMPORARY)
    sent(ana, "/login/step", new_password=PASSWORD, repeat=PASSWORD)
    stranger.post("/sign-up", data={"email": email})
    answer = stranger.post("/sign-up/confirm", data={"email": email, "code": SIGNED_UP_CODE})
    assert answer.status_code == 400
    assert sent(place.browser(), "/login", email=email, password=PASSWORD) == "/"
