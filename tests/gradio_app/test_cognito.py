"""The pool as the emulator plays it: SRP by pycognito, every challenge answered, every refusal typed."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from gradio_app.cognito.directory import CODE, CODE_SETUP, FIRST_PASSWORD, NEW_PASSWORD, Challenge, Directory
from gradio_app.cognito.errors import (
    CognitoUnreachable,
    PasswordRefused,
    StepExpired,
    UnsupportedChallenge,
    WrongCode,
    WrongCredentials,
)
from gradio_app.cognito.tokens import SignedIn
from gradio_app.sessions.sessions import CHECK_SECONDS, Sessions
from gradio_app.settings import Settings
from gradio_app.store.table import AsyncTable, Table, TableUnreachable
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fakes import SETTINGS, FakeTable
from tests.gradio_app.tables import create_table
from tests.local.cognito_kit import totp

pytestmark = pytest.mark.slow

TEMPORARY, PASSWORD, NEW = "Temporary-Pass-1", "Permanent-Pass-1", "Different-Pass-2"


@dataclass(frozen=True)
class PoolCase:
    """A pool of its own, with one user in it."""

    client: Any
    pool_id: str
    directory: Directory
    settings: Settings
    user: str

    def sign_in(self, password: str, user: str = "") -> SignedIn | Challenge:
        return anyio.run(self.directory.sign_in, user or self.user, password)

    def signed_in(self, password: str = PASSWORD) -> SignedIn:
        outcome = self.sign_in(password)
        assert isinstance(outcome, SignedIn)
        return outcome

    def set_password(self, password: str, *, permanent: bool = True) -> None:
        self.client.admin_set_user_password(
            UserPoolId=self.pool_id, Username=self.user, Password=password, Permanent=permanent
        )


@pytest.fixture
def case(emulator: RunningEmulator) -> PoolCase:
    client = emulator.client("cognito-idp")
    policy = {"MinimumLength": 12, "RequireUppercase": True, "RequireNumbers": True}
    pool_id = client.create_user_pool(
        PoolName="p",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        Policies={"PasswordPolicy": policy},
    )["UserPool"]["Id"]
    app = client.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="c",
        GenerateSecret=True,
        PreventUserExistenceErrors="ENABLED",
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]
    user = f"{uuid.uuid4().hex}@example.com"
    client.admin_create_user(
        UserPoolId=pool_id,
        Username=user,
        TemporaryPassword=TEMPORARY,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": user}, {"Name": "email_verified", "Value": "true"}],
    )
    settings = Settings(
        **{
            **vars(SETTINGS),
            "pool_id": pool_id,
            "app_client_id": app["ClientId"],
            "app_client_secret": app["ClientSecret"],
        }
    )
    return PoolCase(client, pool_id, Directory.of(client, settings), settings, user)


def test_the_first_password_is_replaced_on_the_way_in(case: PoolCase) -> None:
    challenge = case.sign_in(TEMPORARY)
    assert isinstance(challenge, Challenge)
    assert challenge.name == NEW_PASSWORD
    with pytest.raises(PasswordRefused):
        anyio.run(case.directory.respond, challenge, "short")
    challenge = case.sign_in(TEMPORARY)
    assert isinstance(challenge, Challenge)
    signed_in = anyio.run(case.directory.respond, challenge, PASSWORD)
    assert isinstance(signed_in, SignedIn)
    assert signed_in.identity.email == case.user
    assert case.signed_in().identity == signed_in.identity
    with pytest.raises(WrongCredentials):
        case.sign_in(TEMPORARY)


def test_wrong_unknown_and_disabled_are_one(case: PoolCase) -> None:
    case.set_password(PASSWORD)
    with pytest.raises(WrongCredentials):
        case.sign_in("Wrong-Password-1")
    with pytest.raises(WrongCredentials):
        case.sign_in(PASSWORD, "nobody@example.com")
    with pytest.raises(WrongCredentials):
        case.sign_in(PASSWORD, "no name at all\n")
    case.client.admin_disable_user(UserPoolId=case.pool_id, Username=case.user)
    with pytest.raises(WrongCredentials):
        case.sign_in(PASSWORD)


def test_a_refresh_brings_new_claims_until_the_user_is_disabled(case: PoolCase) -> None:
    case.set_password(PASSWORD)
    first = case.signed_in()
    case.client.create_group(UserPoolId=case.pool_id, GroupName="admins")
    case.client.admin_add_user_to_group(UserPoolId=case.pool_id, Username=case.user, GroupName="admins")
    refreshed = anyio.run(case.directory.refresh, first.username, first.refresh_token)
    assert refreshed.identity.groups == ("admins",)
    assert refreshed.refresh_token == first.refresh_token
    case.client.admin_disable_user(UserPoolId=case.pool_id, Username=case.user)
    with pytest.raises(WrongCredentials):
        anyio.run(case.directory.refresh, first.username, first.refresh_token)


@pytest.mark.asvs("7.4.2")
def test_a_user_disabled_in_the_pool_is_out_within_five_minutes(
    case: PoolCase, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a clock of our own: after CHECK_SECONDS the next request is refused; nothing is left but a line."""
    case.set_password(PASSWORD)
    table, clock = FakeTable(), [time.time()]

    async def scenario() -> None:
        sessions = Sessions(AsyncTable(table), case.directory, SETTINGS, now=lambda: clock[0])
        signed_in = await case.directory.sign_in(case.user, PASSWORD)
        assert isinstance(signed_in, SignedIn)
        token = await sessions.begin(signed_in)
        clock[0] += CHECK_SECONDS
        assert await sessions.find(token), "Cognito says that the user may stay"
        case.client.admin_disable_user(UserPoolId=case.pool_id, Username=case.user)
        clock[0] += CHECK_SECONDS
        assert await sessions.find(token) is None
        assert table.items == {}

    anyio.run(scenario)
    assert CHECK_SECONDS <= 5 * 60
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["outcome"]) == ("session", "ended")
    assert line["detail"].startswith("WrongCredentials: ")


class Recording:
    """A client that remembers which operations were called."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self.client, name)


@pytest.mark.asvs("6.3.1")
def test_the_pool_is_asked_the_same_whether_or_not_there_is_such_a_user(case: PoolCase) -> None:
    """What differs between the two could be measured from outside, however alike the answers are."""
    case.set_password(PASSWORD)
    asked = {}
    for user in (case.user, "nobody@example.com"):
        recording = Recording(case.client)
        directory = Directory(recording, case.settings, case.directory._tokens)
        with pytest.raises(WrongCredentials):
            anyio.run(directory.sign_in, user, "Wrong-Password-1")
        anyio.run(directory.forgot_password, user)
        with pytest.raises(WrongCode):
            anyio.run(directory.reset_password, user, "000000", NEW)
        asked[user] = recording.calls
    assert asked[case.user] == asked["nobody@example.com"]
    assert "respond_to_auth_challenge" in asked[case.user]


@pytest.mark.asvs("6.2.9")
@pytest.mark.parametrize("length", [64, 128, 256])
def test_a_long_password_is_taken_whole(case: PoolCase, length: int) -> None:
    password = ("Aa1-" * 64)[:length]
    case.set_password(password)
    assert case.signed_in(password)
    with pytest.raises(WrongCredentials):
        case.sign_in(password[:-1])


@pytest.mark.parametrize("way", ["revoke", "sign_out_everywhere"])
def test_after_a_sign_out_nothing_is_refreshed(case: PoolCase, way: str) -> None:
    case.set_password(PASSWORD)
    signed_in = case.signed_in()
    if way == "revoke":
        anyio.run(case.directory.revoke, signed_in.refresh_token)
    else:
        anyio.run(case.directory.sign_out_everywhere, signed_in.access_token)
    with pytest.raises(WrongCredentials):
        anyio.run(case.directory.refresh, signed_in.username, signed_in.refresh_token)


def test_the_password_is_changed_by_who_knows_it(case: PoolCase) -> None:
    case.set_password(PASSWORD)
    access = case.signed_in().access_token
    with pytest.raises(WrongCredentials):
        anyio.run(case.directory.change_password, access, "Wrong-Password-1", NEW)
    with pytest.raises(PasswordRefused):
        anyio.run(case.directory.change_password, access, PASSWORD, "weak")
    anyio.run(case.directory.change_password, access, PASSWORD, NEW)
    assert case.signed_in(NEW)


def test_a_mailed_code_replaces_the_password(case: PoolCase) -> None:
    case.set_password(PASSWORD)
    anyio.run(case.directory.forgot_password, case.user)
    anyio.run(case.directory.forgot_password, "nobody@example.com")
    with pytest.raises(WrongCode):
        anyio.run(case.directory.reset_password, case.user, "000000", NEW)
    with pytest.raises(WrongCode):
        anyio.run(case.directory.reset_password, "nobody@example.com", "123456", NEW)
    anyio.run(case.directory.reset_password, case.user, "654321", NEW)  # the emulator's fixed code
    assert case.signed_in(NEW)


def authenticators(case: PoolCase, mode: str) -> None:
    case.client.set_user_pool_mfa_config(
        UserPoolId=case.pool_id, MfaConfiguration=mode, SoftwareTokenMfaConfiguration={"Enabled": True}
    )


def test_an_authenticator_is_set_up_asked_for_and_removed(case: PoolCase) -> None:
    authenticators(case, "OPTIONAL")
    case.set_password(PASSWORD)
    access = case.signed_in().access_token
    assert not anyio.run(case.directory.has_authenticator, access)
    key = anyio.run(case.directory.new_authenticator, access)
    with pytest.raises(WrongCode):
        anyio.run(case.directory.activate_authenticator, access, "000000")
    assert case.signed_in(), "not before it is activated"
    anyio.run(case.directory.activate_authenticator, access, totp(key))
    assert anyio.run(case.directory.has_authenticator, access)
    challenge = case.sign_in(PASSWORD)
    assert isinstance(challenge, Challenge)
    with pytest.raises(WrongCode):
        anyio.run(case.directory.respond, challenge, "000000")
    assert isinstance(anyio.run(case.directory.respond, challenge, totp(key)), SignedIn)
    anyio.run(case.directory.remove_authenticator, access)
    assert case.signed_in()


@pytest.mark.parametrize("first_password", [False, True])
def test_a_required_authenticator_is_set_up_on_the_way_in(case: PoolCase, first_password: bool) -> None:
    authenticators(case, "ON")
    if first_password:
        challenge = case.sign_in(TEMPORARY)
        assert isinstance(challenge, Challenge)
        challenge = anyio.run(case.directory.respond, challenge, PASSWORD)
    else:
        case.set_password(PASSWORD)
        challenge = case.sign_in(PASSWORD)
    assert isinstance(challenge, Challenge)
    assert challenge.name == CODE_SETUP
    with pytest.raises(WrongCode):
        anyio.run(case.directory.respond, challenge, "000000")
    assert isinstance(anyio.run(case.directory.respond, challenge, totp(challenge.secret_key)), SignedIn)
    challenge = case.sign_in(PASSWORD)
    assert isinstance(challenge, Challenge)
    assert challenge.name == CODE


def open_to_all(case: PoolCase, opened: bool = True) -> None:
    case.client.update_user_pool(
        UserPoolId=case.pool_id,
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": not opened},
        AutoVerifiedAttributes=["email"],
    )


SIGNED_UP_CODE = "123456"
"""The emulator's fixed code."""


@pytest.mark.parametrize("mfa", ["OFF", "ON"])
def test_a_person_signs_up_by_code_and_then_chooses_a_password(case: PoolCase, mfa: str) -> None:
    open_to_all(case)
    authenticators(case, mfa)
    email = f"{uuid.uuid4().hex}@example.com"
    anyio.run(case.directory.sign_up, email)
    anyio.run(case.directory.sign_up, email)  # once more: another code
    with pytest.raises(WrongCredentials):
        case.sign_in(PASSWORD, email)
    with pytest.raises(WrongCode):
        anyio.run(case.directory.confirm_sign_up, email, "000000")
    anyio.run(case.directory.confirm_sign_up, email, SIGNED_UP_CODE)
    outcome = anyio.run(case.directory.first_sign_in, email)
    if mfa == "ON":
        assert isinstance(outcome, Challenge)
        assert outcome.name == CODE_SETUP
        outcome = anyio.run(case.directory.respond, outcome, totp(outcome.secret_key))
    assert isinstance(outcome, Challenge)
    assert outcome.name == FIRST_PASSWORD
    with pytest.raises(PasswordRefused):
        anyio.run(case.directory.respond, outcome, "short")
    signed_in = anyio.run(case.directory.respond, outcome, PASSWORD)
    assert isinstance(signed_in, SignedIn)
    assert signed_in.identity.email == email
    assert case.sign_in(PASSWORD, email)
    with pytest.raises(StepExpired):
        anyio.run(case.directory.respond, outcome, NEW)
    with pytest.raises(WrongCredentials):
        anyio.run(case.directory.first_sign_in, email)
    anyio.run(case.directory.forgot_password, email)
    anyio.run(case.directory.reset_password, email, "654321", NEW)


def test_signing_up_does_not_touch_an_account_that_exists(case: PoolCase) -> None:
    open_to_all(case)
    case.set_password(PASSWORD)
    anyio.run(case.directory.sign_up, case.user)
    with pytest.raises(WrongCode):
        anyio.run(case.directory.confirm_sign_up, case.user, SIGNED_UP_CODE)
    with pytest.raises(WrongCode):
        anyio.run(case.directory.confirm_sign_up, "nobody@example.com", SIGNED_UP_CODE)
    assert case.signed_in()


def test_the_pool_itself_refuses_who_does_not_come_through_the_application(case: PoolCase) -> None:
    """Closed it refuses everybody; open it asks for a proof of the client's secret, which only we have."""
    open_to_all(case, False)
    with pytest.raises(CognitoUnreachable):
        anyio.run(case.directory.sign_up, "leo@example.com")
    open_to_all(case)
    client_id = case.client.list_user_pool_clients(UserPoolId=case.pool_id)["UserPoolClients"][0]["ClientId"]
    stranger: dict[str, Any] = {"ClientId": client_id, "Username": "leo@evil.example", "Password": PASSWORD}
    for proof in ({}, {"SecretHash": "guessed"}):
        with pytest.raises(case.client.exceptions.NotAuthorizedException):
            case.client.sign_up(**stranger, **proof)


class Scripted:
    """A client that answers what it was told to, for what the emulator never says."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> Any:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def test_a_challenge_that_is_not_supported_is_named(case: PoolCase) -> None:
    directory = Directory(Scripted({"ChallengeName": "CUSTOM_CHALLENGE"}), SETTINGS, case.directory._tokens)
    with pytest.raises(UnsupportedChallenge, match="CUSTOM_CHALLENGE"):
        anyio.run(directory.sign_in, case.user, PASSWORD)


def test_an_expired_step_begins_anew(case: PoolCase) -> None:
    gone = case.client.exceptions.NotAuthorizedException(
        {"Error": {"Code": "NotAuthorizedException", "Message": "Invalid session for the user."}},
        "RespondToAuthChallenge",
    )
    directory = Directory(Scripted(gone), SETTINGS, case.directory._tokens)
    with pytest.raises(StepExpired):
        anyio.run(directory.respond, Challenge(NEW_PASSWORD, "u", "s"), PASSWORD)


def test_a_pool_that_does_not_answer_is_not_a_wrong_password(case: PoolCase) -> None:
    import boto3
    from botocore.config import Config

    dead = boto3.client(
        "cognito-idp",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(CognitoUnreachable):
        anyio.run(Directory.of(dead, SETTINGS).sign_in, case.user, PASSWORD)


@pytest.fixture
def table(emulator: RunningEmulator) -> AsyncTable:
    client, name = emulator.client("dynamodb"), f"t{uuid.uuid4().hex}"
    create_table(client, name)
    return AsyncTable(Table(client, name))


def test_the_table_keeps_its_promises(table: AsyncTable) -> None:
    async def scenario() -> None:
        item = {"pk": "a", "sk": "b", "n": 7, "groups": ["x"], "flag": True, "none": None, "empty": ""}
        assert await table.get("a", "b") is None
        await table.put(item)
        assert await table.get("a", "b") == item
        assert await table.update("a", "b", {"n": 8}, n=7)
        assert not await table.update("a", "b", {"n": 9}, n=7)
        assert not await table.update("a", "missing", {"n": 9})
        assert await table.get("a", "missing") is None
        assert [await table.count("c", "c", by, 1) for by in (1, 1, -1)] == [1, 2, 1]
        await table.put({"pk": "a", "sk": "bb"})
        assert sorted(await table.sort_keys("a", "b")) == ["b", "bb"]
        taken = await table.take("a", "b")
        assert taken is not None
        assert taken["n"] == 8
        assert await table.take("a", "b") is None

    anyio.run(scenario)


def test_a_table_that_does_not_exist_is_unreachable(emulator: RunningEmulator) -> None:
    with pytest.raises(TableUnreachable):
        anyio.run(AsyncTable(Table(emulator.client("dynamodb"), "missing")).get, "a", "b")
