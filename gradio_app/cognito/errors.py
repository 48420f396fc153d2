"""What can go wrong when Cognito is asked, in the login's own terms."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError


class CognitoError(Exception):
    """Cognito refused or could not be asked."""


class WrongCredentials(CognitoError):
    """User name and password do not let anyone in: unknown, wrong, disabled and unconfirmed are all one."""


class PasswordRefused(CognitoError):
    """The pool's policy does not take the new password; the message is Cognito's reason, in English."""


class WrongCode(CognitoError):
    """The code is not the right one, or not any more."""


class StepExpired(CognitoError):
    """Too long since the step before; sign-in begins anew."""


class TooManyAttempts(CognitoError):
    """Cognito asks to wait."""


class UnsupportedChallenge(CognitoError):
    """The pool asks for something that this application cannot do; the message is the challenge's name."""


class TokenInvalid(CognitoError):
    """A token is not the pool's, not for this client, or out of date."""


class CognitoUnreachable(CognitoError):
    """Cognito did not answer, or not sensibly; nothing is known about the user."""


ERRORS: dict[str, type[CognitoError]] = {
    "NotAuthorizedException": WrongCredentials,
    "UserNotFoundException": WrongCredentials,
    "UserNotConfirmedException": WrongCredentials,
    "PasswordResetRequiredException": WrongCredentials,
    "InvalidPasswordException": PasswordRefused,
    "PasswordHistoryPolicyViolationException": PasswordRefused,
    "CodeMismatchException": WrongCode,
    "ExpiredCodeException": WrongCode,
    "EnableSoftwareTokenMFAException": WrongCode,
    "TooManyRequestsException": TooManyAttempts,
    "TooManyFailedAttemptsException": TooManyAttempts,
    "LimitExceededException": TooManyAttempts,
}
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html"""


@contextmanager
def translated(**instead: type[CognitoError]) -> Iterator[None]:
    """Turn botocore's errors into ours; `instead` overrides by exception name where a step knows better."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        kind = instead.get(code) or ERRORS.get(code, CognitoUnreachable)
        raise kind(error.response["Error"].get("Message", code)) from error
    except BotoCoreError as error:
        raise CognitoUnreachable(type(error).__name__) from error
