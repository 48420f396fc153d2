"""Cognito's sign-up: closed where only administrators add people, and its mailed code verifies the address.

MiniStack lets anybody sign up in any pool.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cognito

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[dict[str, Any]], Response]


def install() -> None:
    cognito._sign_up = _only_where_open(cognito._sign_up)
    cognito._resend_confirmation_code = _only_unconfirmed(cognito._resend_confirmation_code)
    cognito._confirm_sign_up = _verifying_email(cognito._confirm_sign_up)


def _only_where_open(original: Handler) -> Handler:
    def sign_up(request: dict[str, Any]) -> Response:
        pool, _ = cognito._pool_for_client(request.get("ClientId"))
        if pool and (pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly"):
            return cognito.error_response_json(
                "NotAuthorizedException", "SignUp is not permitted for this user pool", 400
            )
        return original(request)

    return sign_up


def _only_unconfirmed(original: Handler) -> Handler:
    def resend(request: dict[str, Any]) -> Response:
        pool, _ = cognito._pool_for_client(request.get("ClientId"))
        user = cognito._resolve_user(pool, request.get("Username") or "")[0] if pool else None
        if user and user["UserStatus"] != "UNCONFIRMED":
            return cognito.error_response_json("InvalidParameterException", "User is already confirmed.", 400)
        return original(request)

    return resend


def _verifying_email(original: Handler) -> Handler:
    """The mailed code proves the address where the pool verifies it."""

    def confirm(request: dict[str, Any]) -> Response:
        response = original(request)
        pool: Any = cognito._pool_for_client(request.get("ClientId"))[0]
        if response[0] == 200 and "email" in (pool.get("AutoVerifiedAttributes") or ()):
            user: Any = cognito._resolve_user(pool, request["Username"])[0]
            verified = [{"Name": "email_verified", "Value": "true"}]
            user["Attributes"] = cognito._merge_attributes(user["Attributes"], verified)
        return response

    return confirm
