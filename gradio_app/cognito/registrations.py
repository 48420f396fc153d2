"""Signing up: a user made by the application, proven by a mailed code, with a password chosen only after it.

Whoever signs an address up does not choose its password: the pool gets one that only this application can
work out, and the person who has the code replaces it. So nobody can sign up somebody else's address and
wait for its owner to confirm a password that they do not know.
"""

import base64
import hashlib
import hmac

from gradio_app.cognito.errors import (
    CognitoError,
    CognitoUnreachable,
    WrongCode,
    translated,
)
from gradio_app.cognito.pool import Pool

EVERY_CLASS = "Aa1-"
"""So that the made-up password meets any policy of a pool."""


class _Exists(CognitoError):
    """Somebody has signed this address up before."""


class Registrations(Pool):
    """Every method raises CognitoError kinds."""

    async def sign_up(self, email: str) -> None:
        """Have a code mailed to a new address or one not yet confirmed; nothing tells it from another."""
        await self._run(self._sign_up, email)

    async def confirm_sign_up(self, email: str, code: str) -> None:
        """Confirm the address by its code; WrongCode also when nobody has signed it up."""
        await self._run(self._confirm_sign_up, email, code)

    def _sign_up(self, email: str) -> None:
        try:
            with translated(
                UsernameExistsException=_Exists,
                InvalidParameterException=_Exists,
                NotAuthorizedException=CognitoUnreachable,  # the pool is closed: a fault of the deployment
            ):
                self._client.sign_up(
                    ClientId=self._client_id,
                    SecretHash=self._secret_hash(email),
                    Username=email,
                    Password=self._first_password(email),
                    UserAttributes=[{"Name": "email", "Value": email}],
                )
        except _Exists:
            self._send_again(email)

    def _send_again(self, email: str) -> None:
        try:
            with translated(
                InvalidParameterException=_Exists,
                UserNotFoundException=_Exists,
                NotAuthorizedException=_Exists,
            ):
                self._client.resend_confirmation_code(
                    ClientId=self._client_id, SecretHash=self._secret_hash(email), Username=email
                )
        except _Exists:
            return  # confirmed already, disabled, or an address that cannot be: the page must not tell

    def _confirm_sign_up(self, email: str, code: str) -> None:
        with translated(
            NotAuthorizedException=WrongCode,
            UserNotFoundException=WrongCode,
            AliasExistsException=WrongCode,
            InvalidParameterException=WrongCode,
        ):
            self._client.confirm_sign_up(
                ClientId=self._client_id,
                SecretHash=self._secret_hash(email),
                Username=email,
                ConfirmationCode=code,
            )

    def _first_password(self, email: str) -> str:
        digest = hmac.digest(self._secret.encode(), b"first password\0" + email.encode(), hashlib.sha256)
        return EVERY_CLASS + base64.urlsafe_b64encode(digest).decode().rstrip("=")
