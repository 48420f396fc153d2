"""Single sign-on in the local mode: what AWS's network would do for it, done for this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local.errors import SetRightFirst

SECRET = "asistente-local-oidc"  # noqa: S105 (its name)
URL, CLIENT = "SINGLE_SIGN_ON_URL", "SINGLE_SIGN_ON_CLIENT_ID"
ANY_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:made-when-deployed"  # noqa: S105
"""Stands for the secret's ARN while parameters are checked."""
MOST_BYTES = 4096
HERE = "http://127.0.0.1:"


def keep_client_secret(secrets: Any, file: Path) -> str:
    """Put what the provider gave us into Secrets Manager, as a user does in AWS, and return the secret's ARN.

    `secrets` is a boto3 client of Secrets Manager. Raises SetRightFirst when the file holds none.
    """
    text = read_client_secret(file)
    try:
        return secrets.create_secret(Name=SECRET, SecretString=text)["ARN"]
    except secrets.exceptions.ResourceExistsException:
        return secrets.put_secret_value(SecretId=SECRET, SecretString=text)["ARN"]


def read_client_secret(file: Path) -> str:
    """Return what the provider gave us; raises SetRightFirst when the file holds none."""
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1).decode("utf-8-sig").strip()
    except (OSError, ValueError) as error:
        raise SetRightFirst(
            f"The client secret of single sign-on cannot be read from {file}: {error}"
        ) from error
    if not text:
        raise SetRightFirst(f"{file} is empty: put the client secret of single sign-on into it.")
    if len(text) > MOST_BYTES:
        raise SetRightFirst(f"{file} is no client secret: it has more than {MOST_BYTES} bytes.")
    return text


def environment(task: dict[str, str], endpoint_url: str) -> dict[str, str]:
    """What differs here for an application with single sign-on; `task` is the task's own environment.

    The pool's domain is not on the internet: the emulator answers for it. And people are sent back to plain
    HTTP, so the application must say that this is how they reach it.
    """
    return {URL: endpoint_url, "PUBLIC_SCHEME": "http"} if task.get(URL) else {}


def register_address(cognito: Any, task: dict[str, str], url: str) -> None:
    """Have the app client of single sign-on send people to `url` too.

    `cognito` is a boto3 client of Cognito user pools. Addresses of earlier starts are taken out.
    """
    if not task.get(CLIENT):
        return
    pool = {"UserPoolId": task["POOL_ID"], "ClientId": task[CLIENT]}
    client = cognito.describe_user_pool_client(**pool)["UserPoolClient"]
    # What an update does not name goes back to its default; the emulator says "" of what was never set.
    settable = cognito.meta.service_model.operation_model("UpdateUserPoolClient").input_shape.members
    kept = {name: value for name, value in client.items() if name in settable and value != ""}
    for name, path in (("CallbackURLs", "login/callback"), ("LogoutURLs", "login/signed-out")):
        kept[name] = [each for each in client[name] if not each.startswith(HERE)] + [url + path]
    cognito.update_user_pool_client(**kept)
