"""Cognito's set-up of an authenticator at sign-in, where the pool requires one, and its rules.

MiniStack lets people in without one, gives keys to whoever asks, and takes MFA_SETUP for answered unasked.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

from ministack.services import cognito

TOTP = "SOFTWARE_TOKEN_MFA"
Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[dict[str, Any]], Response]

_keys: dict[str, tuple[str, str]] = {}
"""Sessions of AssociateSoftwareToken: the session of the challenge before, and the key handed out."""
_verified: dict[str, str] = {}
"""Sessions of VerifySoftwareToken: the session of the challenge before. They answer MFA_SETUP."""


def challenge_for_setup(username: str) -> dict[str, Any]:
    """What a correct password is answered with when an authenticator is required and missing."""
    return {
        "ChallengeName": "MFA_SETUP",
        "Session": secrets.token_urlsafe(32),
        "ChallengeParameters": {
            "USER_ID_FOR_SRP": username,
            "MFAS_CAN_SETUP": json.dumps([TOTP]),
            "requiredAttributes": "[]",
        },
    }


def challenge_for_code(username: str) -> dict[str, Any]:
    """What it is answered with when there is one."""
    return {
        "ChallengeName": TOTP,
        "Session": secrets.token_urlsafe(32),
        "ChallengeParameters": {"USER_ID_FOR_SRP": username, "FRIENDLY_DEVICE_NAME": "TOTP device"},
    }


def due(pool: dict[str, Any], user: dict[str, Any]) -> dict[str, Any] | None:
    """The challenge of the second factor that a user with a good password still has to meet, if any."""
    mode, has_one = pool.get("MfaConfiguration", "OFF"), TOTP in user.get("_mfa_enabled", ())
    if mode == "OFF" or (mode == "OPTIONAL" and not has_one):
        return None
    return challenge_for_code(user["Username"]) if has_one else challenge_for_setup(user["Username"])


def associating(original: Handler, session_user: Callable[[str], dict[str, Any] | None]) -> Handler:
    """AssociateSoftwareToken; `session_user` finds the user of an MFA_SETUP challenge by its session."""

    def associate(request: dict[str, Any]) -> Response:
        if request.get("AccessToken"):
            user, pool = cognito._user_pool_for_access_token(request["AccessToken"])
            if user is None or pool is None:
                return _error("NotAuthorizedException", "Invalid Access Token")
            if pool.get("MfaConfiguration", "OFF") == "OFF":
                return _error(
                    "SoftwareTokenMFANotFoundException",
                    "Software Token MFA has not been enabled by the userPool",
                )
            return original(request)
        if session_user(request.get("Session") or "") is None:
            return _error("NotAuthorizedException", "Invalid session for the user.")
        response = original(request)
        answer = json.loads(response[2])
        _keys[answer["Session"]] = (request["Session"], answer["SecretCode"])
        return response

    return associate


def verifying(original: Handler, session_user: Callable[[str], dict[str, Any] | None]) -> Handler:
    """VerifySoftwareToken: a key that is verified is not yet asked for, unless the pool requires one."""

    def verify(request: dict[str, Any]) -> Response:
        if request.get("AccessToken"):
            user, _ = cognito._user_pool_for_access_token(request["AccessToken"])
            before = list((user or {}).get("_mfa_enabled", ())), (user or {}).get("_preferred_mfa", "")
            response = original(request)
            if user is not None:
                user["_mfa_enabled"], user["_preferred_mfa"] = before
            return response
        challenge, key = _keys.get(request.get("Session") or "", ("", ""))
        user = session_user(challenge)
        if user is None:
            return _error("NotAuthorizedException", "Invalid session for the user.")
        response = original(request)
        answer = json.loads(response[2])
        if response[0] == 200:
            user.update(_totp_secret=key, _mfa_enabled=[TOTP], _preferred_mfa=TOTP)
            _verified[answer["Session"]] = challenge
        return response

    return verify


def challenge_of(session: str) -> str:
    """The session of the MFA_SETUP challenge that this verified session may answer, or ""."""
    return _verified.get(session, "")


def _error(kind: str, message: str) -> Response:
    return cognito.error_response_json(kind, message, 400)
