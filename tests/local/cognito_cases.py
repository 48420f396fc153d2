"""Gaps in Cognito's sign-in: what MiniStack lets through."""

import pytest
from botocore.exceptions import ClientError

from tests.emulator_fixture import RunningEmulator
from tests.local.cognito_kit import ANOTHER, PASSWORD, TEMPORARY, Pool, make_pool

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


def _session(pool: Pool, email: str) -> str:
    """The session of the challenge that follows the temporary password."""
    answer = pool.idp.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": TEMPORARY, "SECRET_HASH": pool.secret_hash(email)},
    )
    return answer["Session"]


def _answer(pool: Pool, email: str, session: str, password: str) -> None:
    pool.idp.respond_to_auth_challenge(
        ClientId=pool.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=session,
        ChallengeResponses={
            "USERNAME": email,
            "NEW_PASSWORD": password,
            "SECRET_HASH": pool.secret_hash(email),
        },
    )


CASES = [
    challenge_needs_its_session,
    session_is_good_for_one_answer,
    new_password_must_satisfy_the_policy,
    disabled_user_cannot_finish_a_challenge,
    guessing_is_slowed_down,
]
