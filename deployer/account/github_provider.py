"""The account's OpenID Connect provider for GitHub Actions: there is one, for whoever trusts it."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from deployer.cloudformation.meaning import PARTITION
from deployer.console import say
from deployer.errors import UsageError, error_code


def ensure(iam: Any, account: str, issuer: str, audience: str, console: Console) -> str:
    """Take the provider that is there, or make it; return its ARN.

    Raises UsageError when the one that is there is not for tokens of that audience: other roles may rely on
    what it accepts, so it is not changed here.
    """
    arn = f"arn:{PARTITION}:iam::{account}:oidc-provider/{issuer}"
    try:
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except ClientError as error:
        if error_code(error) != "NoSuchEntity":
            raise
        # No thumbprint: for GitHub, IAM goes by its own library of certificate authorities.
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
        _make(iam, issuer, audience)
        say(console, f"Made the account's OpenID Connect provider for {issuer}.")
        return arn
    if audience not in found.get("ClientIDList", []):
        raise UsageError(
            f"The account's OpenID Connect provider for {issuer} does not take the audience {audience}. "
            "Nothing was changed; this adds it: `aws iam add-client-id-to-open-id-connect-provider "
            f"--open-id-connect-provider-arn {arn} --client-id {audience}`."
        )
    return arn


def _make(iam: Any, issuer: str, audience: str) -> None:
    try:
        iam.create_open_id_connect_provider(Url=f"https://{issuer}", ClientIDList=[audience])
    except ClientError as error:
        # It was not there a moment ago: the request was made twice, because the first answer was lost.
        if error_code(error) != "EntityAlreadyExists":
            raise
