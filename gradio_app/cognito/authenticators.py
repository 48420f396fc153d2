"""The authenticator app of a user who is signed in: the second factor that the user manages alone.

Every call names the user by an access token. A code on the way in is a challenge: see `directory`.
"""

from gradio_app.cognito.errors import WrongCode, translated
from gradio_app.cognito.pool import Pool

TOTP = "SOFTWARE_TOKEN_MFA"


class Authenticators(Pool):
    """Every method raises CognitoError kinds."""

    async def has_authenticator(self, access_token: str) -> bool:
        """Whether the pool asks this user for a code at sign-in."""
        return await self._run(self._has_authenticator, access_token)

    async def new_authenticator(self, access_token: str) -> str:
        """A key in base 32 for an authenticator, without effect until it is activated."""
        return await self._run(self._new_authenticator, access_token)

    async def activate_authenticator(self, access_token: str, code: str) -> None:
        """Use the new key from now on; WrongCode unless `code` was made with it."""
        await self._run(self._activate_authenticator, access_token, code)

    async def remove_authenticator(self, access_token: str) -> None:
        """Ask for no code any more."""
        await self._run(self._prefer, access_token, False)

    def _has_authenticator(self, access_token: str) -> bool:
        with translated():
            return TOTP in self._client.get_user(AccessToken=access_token).get("UserMFASettingList", ())

    def _new_authenticator(self, access_token: str) -> str:
        with translated():
            return self._client.associate_software_token(AccessToken=access_token)["SecretCode"]

    def _activate_authenticator(self, access_token: str, code: str) -> None:
        with translated(InvalidParameterException=WrongCode):
            answer = self._client.verify_software_token(AccessToken=access_token, UserCode=code)
        if answer.get("Status") != "SUCCESS":
            raise WrongCode(answer.get("Status", ""))
        self._prefer(access_token, True)

    def _prefer(self, access_token: str, enabled: bool) -> None:
        with translated():
            self._client.set_user_mfa_preference(
                AccessToken=access_token,
                SoftwareTokenMfaSettings={"Enabled": enabled, "PreferredMfa": enabled},
            )
