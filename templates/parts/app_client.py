"""What the user pool's app clients have in common: how long their tokens live, and where their secrets go."""

from __future__ import annotations

from typing import Any

from troposphere import Sub, Template, cognito, secretsmanager

from templates.parts.own_key import own_key
from templates.wiring import Value, describe

ACCESS_TOKEN_MINUTES = 60
REFRESH_TOKEN_HOURS = 24
"""As long as the longest session that the root lets one choose."""
AWS_KEY = "alias/aws/secretsmanager"
"""Left out, Secrets Manager would take it for a new secret, and leave an old one under the key it has."""


def token_lifetimes() -> dict[str, Any]:
    """Properties of an app client: sessions end alike, by whichever door people came in."""
    return {
        "AccessTokenValidity": ACCESS_TOKEN_MINUTES,
        "IdTokenValidity": ACCESS_TOKEN_MINUTES,
        "RefreshTokenValidity": REFRESH_TOKEN_HOURS,
        "TokenValidityUnits": cognito.TokenValidityUnits(
            AccessToken="minutes", IdToken="minutes", RefreshToken="hours"
        ),
    }


def client_secret(t: Template, client: cognito.UserPoolClient, key: Value) -> secretsmanager.Secret:
    """Add the secret that carries the client's own, encrypted with `key` or, when that is empty, AWS's."""
    return secretsmanager.Secret(
        "ClientSecret",
        t,
        Description=Sub("App client secret of the user pool of ${AWS::StackName}."),
        KmsKeyId=own_key(t, key, otherwise=AWS_KEY),
        SecretString=client.get_att("ClientSecret"),
        # A copy of what Cognito holds: nothing is lost with it.
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=describe("Carries the app client's secret to the tasks without showing it anywhere."),
    )
