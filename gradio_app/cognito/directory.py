"""Signing in by SRP and everything else that a user does with the pool.

pycognito does the arithmetic of SRP; its own sign-in drops the challenge's Session, so boto3 makes the calls.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from pycognito import AWSSRP

from gradio_app.cognito.authenticators import TOTP, Authenticators
from gradio_app.cognito.errors import (
    CognitoError,
    PasswordRefused,
    StepExpired,
    UnsupportedChallenge,
    WrongCode,
    WrongCredentials,
    translated,
)
from gradio_app.cognito.registrations import Registrations
from gradio_app.cognito.tokens import SignedIn, TokenCheck
from gradio_app.settings import Settings

NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # noqa: S105 (the name of a challenge)
CODE = TOTP
CODE_SETUP = "MFA_SETUP"
FIRST_PASSWORD = "FIRST_PASSWORD"  # noqa: S105 (a challenge of ours, after a sign-up)


@dataclass(frozen=True)
class Challenge:
    """A question before a user is let in: NEW_PASSWORD, CODE and CODE_SETUP are Cognito's."""

    name: str
    username: str
    session: str = field(repr=False)
    """Cognito's opaque state of this sign-in, good for some minutes; a refresh token with FIRST_PASSWORD."""
    secret_key: str = field(default="", repr=False)
    """With CODE_SETUP: what the user types into the authenticator, in base 32."""
    first: bool = False
    """Whether the user has just signed up and has to choose a password at the end."""

    @property
    def asks_password(self) -> bool:
        """Whether the answer is a new password, and not a code."""
        return self.name in (NEW_PASSWORD, FIRST_PASSWORD)


@dataclass(frozen=True)
class Greeting:
    """A sign-in before its password."""

    user_id: str
    """The pool's own name for the account; of one that does not exist, a made-up one that stays the same."""
    exchange: Any = field(repr=False)
    """The arithmetic under way."""


class Directory(Authenticators, Registrations):
    """The user pool through this application's client. Every method raises CognitoError kinds."""

    def __init__(self, client: Any, settings: Settings, tokens: TokenCheck) -> None:
        super().__init__(client, settings.pool_id, settings.app_client_id, settings.app_client_secret)
        self._tokens = tokens

    @classmethod
    def of(cls, client: Any, settings: Settings) -> "Directory":
        """The pool of the settings, reached where the boto3 client reaches it."""
        return cls(client, settings, TokenCheck.of(client, settings.pool_id, settings.app_client_id))

    async def load_keys(self) -> None:
        """Fetch the pool's keys unless they are held."""
        await self._run(self._tokens.load_keys)

    async def greet(self, username: str) -> Greeting:
        """Say who wants in, and learn whose account the pool takes that for."""
        return await self._run(self._greet, username)

    async def prove(self, greeting: Greeting, password: str) -> SignedIn | Challenge:
        """Try a password, which stays here: only its proof is sent."""
        return await self._run(self._prove, greeting, password)

    async def sign_in(self, username: str, password: str) -> SignedIn | Challenge:
        """Both at once, for an account that is known already."""
        return await self.prove(await self.greet(username), password)

    async def first_sign_in(self, email: str) -> SignedIn | Challenge:
        """Go on after `confirm_sign_up`, to the choice of a password; WrongCredentials if that is made."""
        return await self._run(self._first_sign_in, email)

    async def respond(self, challenge: Challenge, response: str) -> SignedIn | Challenge:
        """Respond to a challenge with the new password or the code that it asks for."""
        return await self._run(self._respond, challenge, response)

    async def refresh(self, username: str, refresh_token: str) -> SignedIn:
        """New tokens and current claims; WrongCredentials when the user may not stay signed in."""
        return await self._run(self._refresh, username, refresh_token)

    async def sign_out_everywhere(self, access_token: str) -> None:
        """End all of the user's sign-ins."""
        await self._run(self._global_sign_out, access_token)

    async def change_password(self, access_token: str, old: str, new: str) -> None:
        """WrongCredentials when the old one is wrong."""
        await self._run(self._change_password, access_token, old, new)

    async def forgot_password(self, username: str) -> None:
        """Have a code mailed if there is such a user; says nothing about whether there is."""
        await self._run(self._forgot_password, username)

    async def reset_password(self, username: str, code: str, new: str) -> None:
        """Set a password by the mailed code; WrongCode also when there is no such user."""
        await self._run(self._reset_password, username, code, new)

    def _greet(self, username: str) -> Greeting:
        srp = AWSSRP(
            username=username,
            password="",  # comes with the proof
            pool_id=self._pool_id,
            client_id=self._client_id,
            client=self._client,
            client_secret=self._secret,
        )
        parameters = srp.get_auth_params()
        with translated(InvalidParameterException=WrongCredentials):
            asked = self._client.initiate_auth(
                AuthFlow="USER_SRP_AUTH", AuthParameters=parameters, ClientId=self._client_id
            )
        if asked.get("ChallengeName") != "PASSWORD_VERIFIER":
            raise UnsupportedChallenge(asked.get("ChallengeName", ""))
        question = asked["ChallengeParameters"]
        return Greeting(question["USER_ID_FOR_SRP"], (srp, question, parameters))

    def _prove(self, greeting: Greeting, password: str) -> SignedIn | Challenge:
        srp, question, parameters = greeting.exchange
        srp.password = password
        proof = srp.process_challenge(question, parameters)
        with translated():
            answer = self._client.respond_to_auth_challenge(
                ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=proof, ClientId=self._client_id
            )
        return self._outcome(answer, proof["USERNAME"])

    def _first_sign_in(self, email: str) -> SignedIn | Challenge:
        return self._choosing(self._prove(self._greet(email), self._first_password(email)))

    def _choosing(self, outcome: SignedIn | Challenge) -> Challenge:
        """The outcome of a sign-in by the first password, which ends with the choice of another."""
        if isinstance(outcome, SignedIn):
            return Challenge(FIRST_PASSWORD, outcome.username, outcome.refresh_token)
        return replace(outcome, first=True)

    def _choose(self, challenge: Challenge, password: str) -> SignedIn:
        try:
            signed_in = self._refresh(challenge.username, challenge.session)
            first = self._first_password(signed_in.identity.email)
            self._change_password(signed_in.access_token, first, password)
        except WrongCredentials as error:
            raise StepExpired(str(error)) from error
        return signed_in

    def _respond(self, challenge: Challenge, response: str) -> SignedIn | Challenge:
        if challenge.name == FIRST_PASSWORD:
            return self._choose(challenge, response)
        outcome = self._respond_to_cognito(challenge, response)
        return self._choosing(outcome) if challenge.first else outcome

    def _respond_to_cognito(self, challenge: Challenge, response: str) -> SignedIn | Challenge:
        responses = {"USERNAME": challenge.username, "SECRET_HASH": self._secret_hash(challenge.username)}
        session = challenge.session
        if challenge.name == NEW_PASSWORD:
            responses["NEW_PASSWORD"] = response
        elif challenge.name == CODE:
            responses["SOFTWARE_TOKEN_MFA_CODE"] = response
        else:
            session = self._confirm_authenticator(session, response)
        refused: type[CognitoError] = PasswordRefused if challenge.name == NEW_PASSWORD else WrongCode
        with translated(NotAuthorizedException=StepExpired, InvalidParameterException=refused):
            result = self._client.respond_to_auth_challenge(
                ChallengeName=challenge.name,
                ChallengeResponses=responses,
                ClientId=self._client_id,
                Session=session,
            )
        return self._outcome(result, challenge.username)

    def _outcome(self, answer: dict[str, Any], username: str) -> SignedIn | Challenge:
        name = answer.get("ChallengeName")
        if not name:
            return self._tokens.signed_in(answer["AuthenticationResult"])
        username = answer.get("ChallengeParameters", {}).get("USER_ID_FOR_SRP", username)
        if name in (NEW_PASSWORD, CODE):
            return Challenge(name, username, answer["Session"])
        if name == CODE_SETUP:
            return self._begin_authenticator(username, answer["Session"])
        raise UnsupportedChallenge(name)

    def _begin_authenticator(self, username: str, session: str) -> Challenge:
        with translated(NotAuthorizedException=StepExpired):
            answer = self._client.associate_software_token(Session=session)
        return Challenge(CODE_SETUP, username, answer["Session"], answer["SecretCode"])

    def _confirm_authenticator(self, session: str, code: str) -> str:
        with translated(NotAuthorizedException=StepExpired, InvalidParameterException=WrongCode):
            answer = self._client.verify_software_token(Session=session, UserCode=code)
        if answer.get("Status") != "SUCCESS":
            raise WrongCode(answer.get("Status", ""))
        return answer["Session"]

    def _refresh(self, username: str, refresh_token: str) -> SignedIn:
        with translated():
            answer = self._client.initiate_auth(
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": refresh_token, "SECRET_HASH": self._secret_hash(username)},
                ClientId=self._client_id,
            )
        return self._tokens.signed_in(answer["AuthenticationResult"], refresh_token)

    def _global_sign_out(self, access_token: str) -> None:
        with translated():
            self._client.global_sign_out(AccessToken=access_token)

    def _change_password(self, access_token: str, old: str, new: str) -> None:
        with translated(InvalidParameterException=PasswordRefused):
            self._client.change_password(AccessToken=access_token, PreviousPassword=old, ProposedPassword=new)

    def _forgot_password(self, username: str) -> None:
        try:
            with translated(InvalidParameterException=WrongCredentials):
                self._client.forgot_password(
                    ClientId=self._client_id, Username=username, SecretHash=self._secret_hash(username)
                )
        except WrongCredentials:
            return  # no such user, or one that cannot have a mail: the page must not tell

    def _reset_password(self, username: str, code: str, new: str) -> None:
        with translated(
            NotAuthorizedException=WrongCode,
            UserNotFoundException=WrongCode,
            UserNotConfirmedException=WrongCode,
            InvalidParameterException=WrongCode,
        ):
            self._client.confirm_forgot_password(
                ClientId=self._client_id,
                Username=username,
                ConfirmationCode=code,
                Password=new,
                SecretHash=self._secret_hash(username),
            )
