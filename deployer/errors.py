"""What can go wrong, as one sentence that says what to do, and the exit code that goes with it.

EXIT_USAGE (2): something to set right first; nothing was created or changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from command_line import EXIT_USAGE, printable

EXIT_FAILED = 1  # the operation was begun and did not succeed
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report Ctrl-C


class DeployError(Exception):
    """An end that is explained by its message alone: no stack trace is shown."""

    def __init__(self, message: str, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class UsageError(DeployError):
    """A mistake in what the user gave, found before anything was created."""

    def __init__(self, message: str) -> None:
        super().__init__(message, EXIT_USAGE)


@contextmanager
def explained(exit_code: int) -> Iterator[None]:
    """Turn what boto3 and the operating system raise within into a DeployError with this exit code."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise DeployError(explain(error), exit_code) from error
    except OSError as error:
        raise DeployError(explain_os(error), exit_code) from error


def explain_os(error: OSError) -> str:
    """Return one sentence about a file, a folder or a disk that does not do what it is asked."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return f"This machine refuses: {reason}."
    return f"{printable(os.fsdecode(error.filename))} cannot be used: {reason}."


def error_code(error: ClientError) -> str:
    """Return the service's code of an error, for example `ValidationError`."""
    return error.response.get("Error", {}).get("Code", "")


def is_missing_stack(error: ClientError) -> bool:
    """Whether CloudFormation says that there is no such stack."""
    return error_code(error) == "ValidationError" and "does not exist" in str(error)


def is_refusal(error: BotoCoreError | ClientError, code: str = "") -> bool:
    """Whether AWS has answered, with that code, that it does not do it; else nobody knows what it did."""
    return isinstance(error, ClientError) and not _is_aws_s_fault(error) and code in ("", error_code(error))


def explain(error: BotoCoreError | ClientError) -> str:
    """Return one sentence about an error from boto3, with what to do about it."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    if isinstance(error, WaiterError):
        return _explain_wait(error)
    for kind, sentence in _NO_ANSWER:
        if isinstance(error, kind):
            return sentence.format(**{"error": error, **error.kwargs})
    return f"AWS could not be asked: {one_line(str(error))}"


# What boto3 raises without an answer from AWS. First match wins, so the particular stand before the general.
_NO_ANSWER: tuple[tuple[type[BotoCoreError], str], ...] = (
    (
        boto.PartialCredentialsError,
        "The AWS credentials are incomplete ({cred_var} is missing): set it, or give --profile.",
    ),
    (
        boto.NoCredentialsError,
        "No AWS credentials were found: run `aws configure` or `aws sso login`, set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or choose a profile with --profile.",
    ),
    (
        boto.ProfileNotFound,
        "There is no profile named {profile} in ~/.aws/config, or in what AWS_CONFIG_FILE names: "
        "`aws configure list-profiles` lists them.",
    ),
    (
        boto.ConfigParseError,
        "{path} does not have the form of AWS's settings files, UTF-8 text without a byte order mark, with "
        "[profile NAME] and NAME = VALUE: mend it.",
    ),
    (boto.UnauthorizedSSOTokenError, "The AWS sign-in has expired: run `aws sso login` and try again."),
    (boto.SSOTokenLoadError, "There is no AWS sign-in for this profile: run `aws sso login` and try again."),
    (boto.TokenRetrievalError, "The AWS sign-in has expired: run `aws sso login` and try again."),
    (boto.CredentialRetrievalError, "The AWS credentials could not be fetched: {error}"),
    (
        boto.NoRegionError,
        "No AWS region is chosen: give --region, set `region` in parameters.toml, or set AWS_REGION.",
    ),
    (boto.InvalidRegionError, "{region_name} is not the name of an AWS region: it looks like eu-west-1."),
    (
        boto.SSLError,
        "The secure connection to {endpoint_url} failed: {error}. Where a proxy answers in AWS's place, "
        "AWS_CA_BUNDLE must name a file with its certificate.",
    ),
    (boto.ProxyConnectionError, "The proxy {proxy_url} cannot be reached: check HTTPS_PROXY."),
    (
        boto.EndpointConnectionError,
        "Nothing answers at {endpoint_url}: check the network, the region's name and AWS_ENDPOINT_URL.",
    ),
    (
        boto.ConnectTimeoutError,
        "Nothing answers at {endpoint_url}: check the network, the region's name and AWS_ENDPOINT_URL.",
    ),
    (boto.ReadTimeoutError, "{endpoint_url} took too long to answer: try again."),
    (boto.ConnectionClosedError, "The connection to {endpoint_url} was cut: try again."),
    (boto.HTTPClientError, "The connection to AWS failed: {error}"),
    (boto.ParamValidationError, "A value has the wrong form: {report}"),
)

_EXPIRED = "The AWS credentials have expired: sign in again (for example `aws sso login`) and try again."
# EC2 says so of requests that came late and of temporary credentials that have ended:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_TOO_LATE = (
    "The AWS credentials have expired, or this machine's clock is wrong: sign in again (for example `aws sso "
    "login`) and try again."
)
_REFUSED = (
    "AWS does not accept these credentials: check that the access key exists and is active, "
    "and that the region is enabled for the account."
)
_CLOCK = "AWS refuses the request's signature: check the secret access key and this machine's clock."
_SLOWER = "AWS asks to slow down: wait a minute and try again."

_ANSWERS = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _TOO_LATE,
    "RequestTimeTooSkewed": _CLOCK,
    "SignatureDoesNotMatch": _CLOCK,
    "InvalidSignatureException": _CLOCK,
    "InvalidClientTokenId": _REFUSED,
    "UnrecognizedClientException": _REFUSED,
    "InvalidAccessKeyId": _REFUSED,
    "AuthFailure": _REFUSED,
    "OptInRequired": _REFUSED,
    "Throttling": _SLOWER,
    "ThrottlingException": _SLOWER,
    "ThrottledException": _SLOWER,
    "RequestLimitExceeded": _SLOWER,
    "TooManyRequestsException": _SLOWER,
    "ProvisionedThroughputExceededException": _SLOWER,
    "SlowDown": _SLOWER,
}
SERVER_ERROR = 500
"""From here on a status says that the fault is AWS's."""
# What AWS says in a stack's events and only people can settle.
_ADVICE = {
    "account must be verified before you can add": "AWS has to verify a new account once before it may use "
    "CloudFront: open a case with AWS Support and quote this, or choose FrontDoor domain.",
    "builds in queue for the account": "AWS runs no builds for many a new account: ask for CodeBuild's "
    '"Concurrently running builds for ARM/Small environment" in Service Quotas, or ask AWS Support.',
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden"}


def _explain_answer(error: ClientError) -> str:
    code = error_code(error)
    message = one_line(error.response.get("Error", {}).get("Message", ""))
    if code in _ANSWERS:
        return _ANSWERS[code]
    if code in DENIED:
        return f"Access denied to {error.operation_name}: ask for that permission ({message or code})."
    if code == "400":  # HeadBucket and HeadObject are answered without a body
        return f"AWS refused {error.operation_name} and does not say why. {_TOO_LATE}"
    if _is_aws_s_fault(error):
        return f"AWS could not do {error.operation_name} ({message or code}): try again in a minute."
    if re.search(r"is in [A-Z_]*_IN_PROGRESS state", message):
        return "Another operation on this stack is in progress: wait until it is over, then try again."
    return f"AWS refused {error.operation_name}: {message or code}"


def _is_aws_s_fault(error: ClientError) -> bool:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= SERVER_ERROR


def _explain_wait(error: WaiterError) -> str:
    """Of waiting for AWS: what it answered at last, where that was an error."""
    answer = error.last_response
    if isinstance(answer, dict) and answer.get("Error"):
        return _explain_answer(ClientError(answer, "what was being waited for"))
    return f"AWS was waited for in vain ({one_line(str(error))}): try again."


def advice(reason: str) -> str:
    """Return what to do about a failure whose reason a stack's events give; empty where that says enough."""
    return next((sentence for words, sentence in _ADVICE.items() if words in reason), "")


def one_line(text: str) -> str:
    """Return the words of a text with single spaces between them."""
    return " ".join(text.split())
