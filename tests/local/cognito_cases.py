"""Gaps in Cognito's sign-in: what MiniStack lets through."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator_fixture import RunningEmulator
from tests.local.cognito_kit import (
    ANOTHER,
    PASSWORD,
    TEMPORARY,
    Pool,
    make_pool,
    require_authenticators,
    totp,
)

MADE_UP_SESSION = "x" * 40
FREE_FAILURES = 5


def challenge_needs_its_session(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    victim, somebody = pool.add_user(temporary=True), pool.add_user(temporary=True)
    for session in (MADE_UP_SESSION, _session(pool, somebody)):
        with pytest.raises(ClientError, match=r"NotAuthorizedException.*Invalid session for the user"):
            _answer(pool, victim, session, ANOTHER)


def session_is_good_for_one_answer(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    user = pool.add_user(temporary=True)
    session = _session(pool, user)
    _answer(pool, user, session, PASSWORD)
    with pytest.raises(ClientError, match="Invalid session for the user"):
        _answer(pool, user, session, ANOTHER)
    pool.signed_in(user, PASSWORD)


def new_password_must_satisfy_the_policy(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    user = pool.add_user(temporary=True)
    session = _session(pool, user)
    with pytest.raises(ClientError, match=r"InvalidPasswordException.*did not conform with policy"):
        _answer(pool, user, session, "Short-1")
    _answer(pool, user, session, PASSWORD)


def disabled_user_cannot_finish_a_challenge(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    user = pool.add_user(temporary=True)
    session = _session(pool, user)
    pool.idp.admin_disable_user(UserPoolId=pool.pool_id, Username=user)
    with pytest.raises(ClientError, match=r"NotAuthorizedException.*User is disabled\."):
        _answer(pool, user, session, PASSWORD)


def guessing_is_slowed_down(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    user, other = pool.add_user(), pool.add_user()
    refusals = []
    # The time to wait doubles, so at some attempt it is longer than a slow machine takes for the next one.
    while "Password attempts exceeded" not in refusals and len(refusals) < FREE_FAILURES + 5:
        with pytest.raises(ClientError, match="NotAuthorizedException") as refused:
            pool.signed_in(user, "Wrong-Passw0rd!")
        refusals.append(refused.value.response["Error"]["Message"])
    assert refusals[:FREE_FAILURES] == ["Incorrect username or password."] * FREE_FAILURES
    assert refusals[-1] == "Password attempts exceeded"
    pool.signed_in(other, PASSWORD)


def missing_authenticator_is_set_up_on_the_way_in(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    require_authenticators(pool, "ON")
    user = pool.add_user(temporary=True)
    _answer(pool, user, _session(pool, user), PASSWORD)
    assert _asked(pool, user, PASSWORD)["ChallengeName"] == "MFA_SETUP"
    asked = _asked(pool, user, PASSWORD)  # asked for until it is there
    for _ in range(2):
        with pytest.raises(ClientError, match="NotAuthorizedException"):
            _respond(pool, user, "MFA_SETUP", asked["Session"])
    given = pool.idp.associate_software_token(Session=asked["Session"])
    with pytest.raises(ClientError, match="EnableSoftwareTokenMFAException"):
        pool.idp.verify_software_token(Session=given["Session"], UserCode="000000")
    verified = pool.idp.verify_software_token(Session=given["Session"], UserCode=totp(given["SecretCode"]))
    assert _respond(pool, user, "MFA_SETUP", verified["Session"])["AuthenticationResult"]
    asked = _asked(pool, user, PASSWORD)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    code = totp(given["SecretCode"])
    assert _respond(pool, user, "SOFTWARE_TOKEN_MFA", asked["Session"], SOFTWARE_TOKEN_MFA_CODE=code)


def first_password_does_not_pass_the_authenticator_by(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    require_authenticators(pool, "ON")
    user = pool.add_user(temporary=True)
    answer = _answer(pool, user, _session(pool, user), PASSWORD)
    assert answer["ChallengeName"] == "MFA_SETUP"
    assert pool.idp.associate_software_token(Session=answer["Session"])["SecretCode"]


def authenticator_key_needs_a_session_of_its_user(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    require_authenticators(pool, "ON")
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        pool.idp.associate_software_token(Session=MADE_UP_SESSION)


def pool_without_authenticators_gives_no_key(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    user = pool.signed_in(pool.add_user())
    with pytest.raises(ClientError, match="SoftwareTokenMFANotFoundException"):
        pool.idp.associate_software_token(AccessToken=user.access_token)


def verified_authenticator_is_asked_for_once_the_user_prefers_it(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    require_authenticators(pool, "OPTIONAL")
    email = pool.add_user()
    token = pool.signed_in(email).access_token
    key = pool.idp.associate_software_token(AccessToken=token)["SecretCode"]
    pool.idp.verify_software_token(AccessToken=token, UserCode=totp(key))
    assert not pool.idp.get_user(AccessToken=token).get("UserMFASettingList")
    pool.idp.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True})
    assert pool.idp.get_user(AccessToken=token)["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert _asked(pool, email, PASSWORD)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def closed_pool_refuses_who_signs_up(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    pool.idp.update_user_pool(
        UserPoolId=pool.pool_id, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}
    )
    with pytest.raises(ClientError, match=r"NotAuthorizedException.*SignUp is not permitted"):
        _sign_up(pool, "leo@example.com")


def no_code_for_who_is_confirmed(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    email = pool.add_user()
    with pytest.raises(ClientError, match=r"InvalidParameterException.*already confirmed"):
        pool.idp.resend_confirmation_code(
            ClientId=pool.client_id, Username=email, SecretHash=pool.secret_hash(email)
        )


def mailed_code_verifies_the_address(aws: RunningEmulator) -> None:
    pool = make_pool(aws)
    email = "leo@example.com"
    _sign_up(pool, email)
    pool.idp.confirm_sign_up(
        ClientId=pool.client_id,
        Username=email,
        SecretHash=pool.secret_hash(email),
        ConfirmationCode="123456",
    )
    user = pool.idp.admin_get_user(UserPoolId=pool.pool_id, Username=email)
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]


def _sign_up(pool: Pool, email: str) -> None:
    pool.idp.sign_up(
        ClientId=pool.client_id, Username=email, Password=PASSWORD, SecretHash=pool.secret_hash(email)
    )


def _session(pool: Pool, email: str) -> str:
    """The session of the challenge that follows the temporary password."""
    return _asked(pool, email, TEMPORARY)["Session"]


def _asked(pool: Pool, email: str, password: str) -> dict[str, Any]:
    """What the pool answers to a password."""
    return pool.idp.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password, "SECRET_HASH": pool.secret_hash(email)},
    )


def _answer(pool: Pool, email: str, session: str, password: str) -> dict[str, Any]:
    return _respond(pool, email, "NEW_PASSWORD_REQUIRED", session, NEW_PASSWORD=password)


def _respond(pool: Pool, email: str, challenge: str, session: str, **answers: str) -> dict[str, Any]:
    return pool.idp.respond_to_auth_challenge(
        ClientId=pool.client_id,
        ChallengeName=challenge,
        Session=session,
        ChallengeResponses={"USERNAME": email, "SECRET_HASH": pool.secret_hash(email), **answers},
    )


CASES = [
    challenge_needs_its_session,
    session_is_good_for_one_answer,
    new_password_must_satisfy_the_policy,
    disabled_user_cannot_finish_a_challenge,
    guessing_is_slowed_down,
    missing_authenticator_is_set_up_on_the_way_in,
    first_password_does_not_pass_the_authenticator_by,
    authenticator_key_needs_a_session_of_its_user,
    pool_without_authenticators_gives_no_key,
    verified_authenticator_is_asked_for_once_the_user_prefers_it,
    closed_pool_refuses_who_signs_up,
    no_code_for_who_is_confirmed,
    mailed_code_verifies_the_address,
]
