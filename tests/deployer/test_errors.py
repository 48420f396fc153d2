"""What boto3 raises becomes one sentence that says what to do."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from deployer.errors import DeployError, explain, explained


def answer(code: str, message: str = "", status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "CreateChangeSet")  # type: ignore[arg-type]


def waited(last_response: dict[str, dict[str, str]]) -> boto.WaiterError:
    return boto.WaiterError(name="Gone", reason="Max attempts exceeded", last_response=last_response)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (boto.NoCredentialsError(), "No AWS credentials were found"),
        (
            boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "AWS_SECRET_ACCESS_KEY",
        ),
        (boto.ProfileNotFound(profile="work"), "no profile named work"),
        (boto.NoRegionError(), "No AWS region is chosen"),
        (boto.InvalidRegionError(region_name="eu west"), "eu west is not the name of an AWS region"),
        (boto.UnauthorizedSSOTokenError(), "aws sso login"),
        (boto.SSOTokenLoadError(error_msg="x"), "aws sso login"),
        (boto.TokenRetrievalError(provider="sso", error_msg="x"), "aws sso login"),
        (boto.CredentialRetrievalError(provider="process", error_msg="exit 1"), "exit 1"),
        (boto.EndpointConnectionError(endpoint_url="https://sts.x"), "Nothing answers at https://sts.x"),
        (boto.ConnectTimeoutError(endpoint_url="https://sts.x"), "Nothing answers at https://sts.x"),
        (boto.ReadTimeoutError(endpoint_url="https://sts.x"), "took too long"),
        (
            boto.SSLError(endpoint_url="https://sts.x", error="bad"),
            "secure connection to https://sts.x failed",
        ),
        (boto.ProxyConnectionError(proxy_url="http://p:1"), "proxy http://p:1 cannot be reached"),
        (boto.ConnectionClosedError(endpoint_url="https://sts.x"), "was cut"),
        (boto.ParamValidationError(report="Bucket: too short"), "Bucket: too short"),
        (boto.HTTPClientError(error="strange"), "strange"),
        (boto.UnknownServiceError(service_name="x", known_service_names="y"), "AWS could not be asked"),
        (answer("ExpiredToken"), "credentials have expired"),
        (answer("ExpiredTokenException"), "credentials have expired"),
        (answer("InvalidClientTokenId"), "does not accept these credentials"),
        (answer("SignatureDoesNotMatch"), "clock"),
        (answer("RequestExpired"), "credentials have expired, or this machine's clock is wrong"),
        (answer("Throttling"), "slow down"),
        (answer("SlowDown", status=503), "slow down"),
        (answer("TooManyRequestsException"), "slow down"),
        (answer("ProvisionedThroughputExceededException"), "slow down"),
        (answer("400"), "does not say why. The AWS credentials have expired, or"),
        (answer("InternalFailure", status=500), "(InternalFailure): try again in a minute"),
        (waited({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}), "slow down"),
        (waited({"Error": {"Code": "AccessDenied", "Message": "x may not"}}), "that permission (x may not)"),
        (waited({}), "waited for in vain"),
        (
            answer("AccessDenied", "User: x is not authorized\n to do it"),
            "User: x is not authorized to do it",
        ),
        (answer("403"), "Access denied to CreateChangeSet"),
        (
            answer("ValidationError", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated."),
            "wait until",
        ),
        (answer("ValidationError", "Template error: x"), "AWS refused CreateChangeSet: Template error: x"),
        (answer("Odd"), "Odd"),
    ],
)
def test_one_sentence(error: BotoCoreError | ClientError, words: str):
    sentence = explain(error)
    assert words in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("code", [1, 2])
def test_the_exit_code_says_when_it_happened(code: int):
    with pytest.raises(DeployError) as error, explained(code):
        raise answer("ExpiredToken")
    assert error.value.exit_code == code


def test_other_exceptions_are_not_touched():
    with pytest.raises(KeyError), explained(1):
        raise KeyError("a mistake of ours")
