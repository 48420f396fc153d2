"""Adding people, doing something for one, listing them: against the real pool in the emulator."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.account import people
from deployer.account.people import Person
from deployer.commands import user, user_forget, users
from deployer.errors import DeployError, UsageError
from tests.deployer.commands.running_deployment import Running
from tests.deployer.running import DEPLOY_SH, run

pytestmark = pytest.mark.slow

ANA = "ana@example.com"


def entry(running: Running, email: str = ANA) -> dict[str, Any]:
    return running.aws.cognito.admin_get_user(UserPoolId=running.pool, Username=email)


def groups(running: Running) -> list[str]:
    found = running.aws.cognito.admin_list_groups_for_user(UserPoolId=running.pool, Username=ANA)
    return [each["GroupName"] for each in found["Groups"]]


def test_a_new_person_is_invited_and_can_reset_the_password_by_mail(running: Running) -> None:
    user.run(running.options, running.console, ANA)
    found = entry(running)
    attributes = {each["Name"]: each["Value"] for each in found["UserAttributes"]}
    assert (found["UserStatus"], attributes["email_verified"]) == ("FORCE_CHANGE_PASSWORD", "true")
    assert groups(running) == []
    assert "Cognito mails a temporary password, good for 7 days" in running.printed()


@pytest.mark.parametrize("before", [False, True])
def test_an_administrator_whether_new_or_not(running: Running, before: bool) -> None:
    if before:
        user.run(running.options, running.console, ANA)
    user.run(running.options, running.console, ANA, admin=True)
    assert groups(running) == ["admins"]
    assert "administrators, who look after everybody's and every group's documents" in running.printed()
    user.run(running.options, running.console, ANA, action="no-admin")
    assert groups(running) == []


@pytest.mark.parametrize("before", [False, True])
def test_without_the_group_of_administrators_nobody_is_invited(running: Running, before: bool) -> None:
    """As in a pool that was there before the deployment."""
    running.aws.cognito.delete_group(UserPoolId=running.pool, GroupName=people.ADMINS)
    if before:
        user.run(running.options, running.console, ANA)
    known = [each.email for each in people.everybody(running.aws.cognito, running.pool)]
    for admin, action in ((True, ""), (False, "no-admin")):
        with pytest.raises(UsageError, match="nothing was changed: `aws cognito-idp create-group") as error:
            user.run(running.options, running.console, ANA, admin=admin, action=action)
        assert error.value.exit_code == 2
        assert f"--user-pool-id {running.pool} --group-name admins --region " in str(error.value)
    assert [each.email for each in people.everybody(running.aws.cognito, running.pool)] == known


def test_who_is_there_already_is_one_sentence_however_it_is_written(running: Running) -> None:
    user.run(running.options, running.console, ANA)
    with pytest.raises(UsageError) as error:
        user.run(running.options, running.console, ANA.upper())
    assert str(error.value) == (
        f"{ANA} is there already (must change password): --resend sends the invitation again."
    )


def test_an_invitation_goes_out_again_until_there_is_an_own_password(running: Running) -> None:
    user.run(running.options, running.console, ANA)
    user.run(running.options, running.console, ANA, action="resend")
    assert "invited again, for 7 days from now" in running.printed()
    running.aws.cognito.admin_set_user_password(
        UserPoolId=running.pool, Username=ANA, Password="a long one indeed", Permanent=True
    )
    with pytest.raises(UsageError, match="has an own password"):
        user.run(running.options, running.console, ANA, action="resend")


def test_shutting_out_and_letting_in(running: Running) -> None:
    user.run(running.options, running.console, ANA)
    user.run(running.options, running.console, ANA, action="disable")
    assert not entry(running)["Enabled"]
    with pytest.raises(UsageError, match="--enable lets them in again"):
        user.run(running.options, running.console, ANA)
    user.run(running.options, running.console, ANA, action="enable")
    assert entry(running)["Enabled"]


def test_a_lost_authenticator_is_forgotten(running: Running) -> None:
    user.run(running.options, running.console, ANA)
    cognito = running.aws.cognito
    cognito.admin_set_user_mfa_preference(
        UserPoolId=running.pool,
        Username=ANA,
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    user.run(running.options, running.console, ANA, action="no-authenticator")
    assert not entry(running).get("UserMFASettingList")


@pytest.fixture
def two_ways(running: Running, monkeypatch: pytest.MonkeyPatch) -> str:
    """Ana has a password, and an entry as Cognito makes it of who comes by a provider: its user name."""
    cognito, pool = running.aws.cognito, running.pool
    for email in (ANA, f"also-{ANA}"):
        people.invite(cognito, pool, email)
    name = entry(running, f"also-{ANA}")["Username"]
    cognito.admin_update_user_attributes(
        UserPoolId=pool, Username=name, UserAttributes=[{"Name": "email", "Value": ANA}]
    )
    user_of = Person.of

    def of(found: Any) -> Person:
        person = user_of(found)
        return replace(person, status=people.BY_PROVIDER) if person.username == name else person

    monkeypatch.setattr(Person, "of", of)
    return name


def test_who_comes_in_two_ways_is_shut_out_of_both(running: Running, two_ways: str) -> None:
    user.run(running.options, running.console, ANA, action="disable")
    assert not any(each.enabled for each in people.everybody(running.aws.cognito, running.pool))
    user.run(running.options, running.console, ANA, action="enable")
    assert all(each.enabled for each in people.everybody(running.aws.cognito, running.pool))
    user.run(running.options, running.console, ANA, action="resend")
    running.aws.cognito.admin_delete_user(UserPoolId=running.pool, Username=entry(running)["Username"])
    assert entry(running, two_ways)["Username"] == two_ways
    for action in user.OF_A_PASSWORD:
        with pytest.raises(UsageError, match="comes by single sign-on"):
            user.run(running.options, running.console, ANA, action=action)


def test_both_entries_are_forgotten(running: Running, two_ways: str) -> None:
    assert two_ways
    user_forget.run(running.options, running.console, ANA, None, lambda _: None)
    assert not list(people.everybody(running.aws.cognito, running.pool))
    printed = running.printed()
    assert "2 entries in the pool" in printed
    assert "Single sign-on lets this person in again as somebody new" in printed


@pytest.mark.parametrize("action", user.ACTIONS)
def test_nothing_is_done_for_nobody(running: Running, action: str) -> None:
    with pytest.raises(UsageError, match="Nobody has the address"):
        user.run(running.options, running.console, ANA, action=action)


NO_ADDRESS = [
    "ana", "ana@", "@example.com", "ana@example", "ana@exa mple.com", "ana@example..com", ".ana@example.com",
    "ana..b@example.com", "ana.@example.com", "ana@-example.com", 'a"na@example.com', "ana@example.com\n",
    "Ana <ana@example.com>", "an\u00e1@example.com", "ana@\uff45xample.com", "ana\u200b@example.com",
    "nan", "\x1b[31m@example.com", f"{'a' * 120}@example.com", "ana@@example.com", "ana,bo@example.com",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESS)
@pytest.mark.parametrize("command", ["user", "user-forget"])
def test_what_is_no_address_is_refused_before_aws_is_asked(
    text: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployer.session.boto3.Session", None)
    ended = run(DEPLOY_SH, command, text, "--yes")
    assert ended.is_one_sentence, ended


@pytest.mark.parametrize("text", ["ana@example.com", "a+b_c'd@xn--bcher-kva.example", "A@b.co"])
def test_what_is_one_is_taken(text: str) -> None:
    assert people.address(text) == text.lower()


def test_everybody_is_listed_page_by_page(running: Running) -> None:
    everybody = [f"person-{number:03}@example.com" for number in range(130)]
    for email in everybody:
        people.invite(running.aws.cognito, running.pool, email)
    user.run(running.options, running.console, everybody[7], admin=True)
    user.run(running.options, running.console, everybody[8], action="disable")
    running.printed()
    users.run(running.options, running.console)
    *lines, total = running.printed().splitlines()
    assert total == "130 people."
    assert sorted(line.split()[0] for line in lines) == everybody
    by_email = {line.split()[0]: line for line in lines}
    assert " admin " in by_email[everybody[7]]
    assert " disabled " in by_email[everybody[8]]
    assert " must change password " in by_email[everybody[9]]


def test_machines_get_an_array(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    users.run(running.options, running.console, as_json=True)
    assert json.loads(capsys.readouterr().out) == []
    user.run(running.options, running.console, ANA, admin=True)
    capsys.readouterr()
    users.run(running.options, running.console, as_json=True)
    [found] = json.loads(capsys.readouterr().out)
    assert (found["email"], found["admin"], found["enabled"]) == (ANA, True, True)
    assert datetime.fromisoformat(found["changed"]).utcoffset() == timedelta(0)


def test_nobody_yet_says_how_to_begin(running: Running) -> None:
    users.run(running.options, running.console)
    assert "Nobody is there yet: `make user EMAIL=" in running.printed()


NOW = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "enabled", "days_ago", "state"),
    [
        ("CONFIRMED", True, 400, "confirmed"),
        ("FORCE_CHANGE_PASSWORD", True, 6, "must change password"),
        ("FORCE_CHANGE_PASSWORD", True, 8, "invitation expired"),
        ("CONFIRMED", False, 0, "disabled"),
        ("EXTERNAL_PROVIDER", True, 0, "by single sign-on"),
        ("SOMETHING_NEW", True, 0, "SOMETHING_NEW"),
    ],
)
def test_states(status: str, enabled: bool, days_ago: int, state: str) -> None:
    when = NOW - timedelta(days=days_ago)
    person = Person(
        username="u", id="i", email=ANA, status=status, enabled=enabled, created=when, changed=when
    )
    assert person.state(7, NOW) == state


@pytest.mark.parametrize("command", [["user", ANA], ["users"], ["user-forget", ANA, "--yes"]])
@pytest.mark.usefixtures("aws")
def test_without_a_deployment_it_says_so(command: list[str]) -> None:
    ended = run(DEPLOY_SH, *command, "--stack", "nowhere")
    assert ended.is_one_sentence
    assert "There is no stack nowhere in account" in ended.said


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ExpiredTokenException"])
def test_a_refusal_is_one_sentence(running: Running, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "AdminCreateUser")

    monkeypatch.setattr(people, "invite", refuse)
    with pytest.raises(DeployError) as error:
        user.run(running.options, running.console, ANA)
    assert error.value.exit_code == 1
    assert "\n" not in str(error.value)
