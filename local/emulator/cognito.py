"""Cognito's sign-in: challenge sessions that are checked, password policy, slow-down after failures.

MiniStack verifies SRP proofs, secret hashes and TOTP codes, but answers a challenge for whoever names a user.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.services import cognito

from local.emulator import cognito_hosted, cognito_mfa, cognito_sign_up
from local.emulator.registry import guard_delete

Response = tuple[int, dict[str, str], bytes]
# Challenges that follow a correct password; the session proves that it was given.
GUARDED_CHALLENGES = ("NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA", "MFA_SETUP")
# Default of the app client's AuthSessionValidity:
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
SESSION_VALIDITY_MINUTES = 3
# After five failures a user waits one second, then twice as long after each further one, up to 15 minutes:
# https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html
FREE_FAILURES = 5
LONGEST_LOCKOUT_SECONDS = 15 * 60


@dataclass
class _Session:
    """A challenge that the service handed out: who may answer it, and until when (epoch seconds)."""

    pool_id: str
    client_id: str
    username: str
    challenge: str
    expires_at: float


@dataclass
class _Failures:
    count: int = 0
    locked_until: float = field(default=0.0)


_sessions: dict[str, _Session] = {}
_failures: dict[tuple[str, str], _Failures] = {}


def install() -> None:
    cognito._password_auth_result = _remembering_sessions(cognito._password_auth_result)
    for name in ("_respond_to_auth_challenge", "_admin_respond_to_auth_challenge"):
        setattr(cognito, name, _checked(getattr(cognito, name)))
    cognito._associate_software_token = cognito_mfa.associating(
        cognito._associate_software_token, _user_setting_up
    )
    cognito._verify_software_token = cognito_mfa.verifying(cognito._verify_software_token, _user_setting_up)
    for name in ("_initiate_auth", "_admin_initiate_auth"):
        setattr(cognito, name, _slowed(getattr(cognito, name), "AuthParameters", ("PASSWORD",)))
    cognito_sign_up.install()
    cognito_hosted.install()
    guard_delete("AWS::Cognito::UserPool", _refuse_protected_pool)


def _remembering_sessions(original: Callable[..., Response]) -> Callable[..., Response]:
    def password_auth_result(
        pool: dict[str, Any], pool_id: str, client_id: str, user: dict[str, Any], *rest: Any, **options: Any
    ) -> Response:
        challenge = None if user["UserStatus"] == "FORCE_CHANGE_PASSWORD" else cognito_mfa.due(pool, user)
        response = (
            cognito.json_response(challenge)
            if challenge
            else original(pool, pool_id, client_id, user, *rest, **options)
        )
        answer = json.loads(response[2])
        if answer.get("ChallengeName") in GUARDED_CHALLENGES:
            _remember(pool, pool_id, client_id, user, answer)
        return response

    return password_auth_result


def _remember(
    pool: dict[str, Any], pool_id: str, client_id: str, user: dict[str, Any], challenge: dict[str, Any]
) -> None:
    minutes = pool["_clients"][client_id].get("AuthSessionValidity") or SESSION_VALIDITY_MINUTES
    _sessions[challenge["Session"]] = _Session(
        pool_id, client_id, user["Username"], challenge["ChallengeName"], time.time() + minutes * 60
    )


def _user_setting_up(session: str) -> dict[str, Any] | None:
    """The user who has to set up an authenticator in this session, if it is still good."""
    found = _sessions.get(session)
    if found is None or found.challenge != "MFA_SETUP" or found.expires_at < time.time():
        return None
    return cognito._user_pools[found.pool_id]["_users"].get(found.username)


def _checked(original: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    slowed = _slowed(original, "ChallengeResponses", ("PASSWORD_CLAIM_SIGNATURE",))

    def respond(request: dict[str, Any]) -> Response:
        if request.get("ChallengeName") not in GUARDED_CHALLENGES:
            return slowed(request)
        if request["ChallengeName"] == "MFA_SETUP":
            # Only the session that VerifySoftwareToken gave answers for the one of the challenge.
            request = request | {"Session": cognito_mfa.challenge_of(request.get("Session") or "")}
        refusal = _session_problem(request) or _password_problem(request)
        if refusal:
            return refusal
        response = original(request)
        if response[0] == 200:
            del _sessions[request["Session"]]
        return _second_factor_due(request) or response if response[0] == 200 else response

    return respond


def _second_factor_due(request: dict[str, Any]) -> Response | None:
    """After a first password, the challenge of the second factor instead of tokens."""
    if request["ChallengeName"] != "NEW_PASSWORD_REQUIRED":
        return None
    pool: Any
    pool_id: Any
    pool, pool_id = cognito._pool_for_client(request["ClientId"])
    user: Any = cognito._resolve_user(pool, request["ChallengeResponses"]["USERNAME"])[0]
    challenge = cognito_mfa.due(pool, user)
    if challenge is None:
        return None
    _remember(pool, pool_id, request["ClientId"], user, challenge)
    return cognito.json_response(challenge)


def _session_problem(request: dict[str, Any]) -> Response | None:
    session = _sessions.get(request.get("Session") or "")
    pool, _ = cognito._pool_for_client(request.get("ClientId"))
    username = (request.get("ChallengeResponses") or {}).get("USERNAME", "")
    user = cognito._resolve_user(pool, username)[0] if pool else None
    if (
        session is None
        or user is None
        or session.client_id != request.get("ClientId")
        or session.username != user["Username"]
        or session.challenge != request["ChallengeName"]
    ):
        return _not_authorized("Invalid session for the user.")
    if session.expires_at < time.time():
        return _not_authorized("Invalid session for the user, session is expired.")
    if not user.get("Enabled", True):
        return _not_authorized("User is disabled.")
    return None


def _password_problem(request: dict[str, Any]) -> Response | None:
    if request["ChallengeName"] != "NEW_PASSWORD_REQUIRED":
        return None
    pool, _ = cognito._pool_for_client(request.get("ClientId"))
    return cognito._validate_password(pool, request["ChallengeResponses"].get("NEW_PASSWORD") or "")


def _slowed(
    original: Callable[[dict[str, Any]], Response], section: str, proofs: tuple[str, ...]
) -> Callable[[dict[str, Any]], Response]:
    """Count failures of requests whose `section` carries a proof of the password, and make them wait."""

    def attempt(request: dict[str, Any]) -> Response:
        parameters = request.get(section) or {}
        if not any(proof in parameters for proof in proofs):
            return original(request)
        key = (request.get("ClientId", ""), parameters.get("USERNAME", ""))
        failures = _failures.setdefault(key, _Failures())
        if time.time() < failures.locked_until:
            return _not_authorized("Password attempts exceeded")
        response = original(request)
        if response[0] == 200:
            del _failures[key]
        elif b"Incorrect username or password" in response[2]:
            failures.count += 1
            if failures.count >= FREE_FAILURES:
                seconds = min(2 ** (failures.count - FREE_FAILURES), LONGEST_LOCKOUT_SECONDS)
                failures.locked_until = time.time() + seconds
        return response

    return attempt


def _refuse_protected_pool(pool_id: str) -> None:
    pool = cognito._user_pools.get(pool_id)
    if pool and pool.get("DeletionProtection") == "ACTIVE":
        raise ValueError(
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )


def _not_authorized(message: str) -> Response:
    return cognito.error_response_json("NotAuthorizedException", message, 400)
