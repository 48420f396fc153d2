"""A user pool with an app client as the product has them, its users, and signing in with pycognito."""

import base64
import hmac
import struct
import time
import uuid
from dataclasses import dataclass
from typing import Any
from unittest import mock

import httpx
from pycognito import AWSSRP, Cognito

from tests.emulator_fixture import RunningEmulator

TEMPORARY, PASSWORD, ANOTHER = "Temp-Passw0rd!1", "Real-Passw0rd!2", "Other-Passw0rd!3"
MINIMUM_LENGTH = 12


@dataclass(frozen=True)
class Pool:
    """A user pool: sign-in by e-mail address, one app client with a secret."""

    aws: RunningEmulator
    pool_id: str
    client_id: str
    client_secret: str

    @property
    def idp(self) -> Any:
        return self.aws.client("cognito-idp")

    def add_user(self, *, temporary: bool = False) -> str:
        """Create a user and return the e-mail address; with a password to be changed if `temporary`."""
        email = f"user-{uuid.uuid4().hex[:8]}@example.com"
        self.idp.admin_create_user(
            UserPoolId=self.pool_id,
            Username=email,
            TemporaryPassword=TEMPORARY,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
        )
        if not temporary:
            self.idp.admin_set_user_password(
                UserPoolId=self.pool_id, Username=email, Password=PASSWORD, Permanent=True
            )
        return email

    def person(self, email: str) -> Any:
        """pycognito's Cognito for one user; it finds the emulator by the environment, as the product does.

        Not typed: pycognito declares its tokens and claims as None.
        """
        with mock.patch.dict("os.environ", self.aws.environment):
            user = Cognito(self.pool_id, self.client_id, username=email, client_secret=self.client_secret)
        jwks = httpx.get(f"{self.aws.endpoint_url}/{self.pool_id}/.well-known/jwks.json", trust_env=False)
        user.pool_jwk = jwks.raise_for_status().json()
        return user

    def signed_in(self, email: str, password: str = PASSWORD) -> Any:
        """`person` after signing in with the password, by SRP."""
        user = self.person(email)
        user.authenticate(password)
        return user

    def secret_hash(self, email: str) -> str:
        return AWSSRP.get_secret_hash(email, self.client_id, self.client_secret)


def make_pool(aws: RunningEmulator) -> Pool:
    """A new pool; other tests' users are not in it."""
    idp = aws.client("cognito-idp")
    pool = idp.create_user_pool(
        PoolName="people",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        Policies={"PasswordPolicy": {"MinimumLength": MINIMUM_LENGTH, "RequireSymbols": True}},
    )["UserPool"]["Id"]
    client = idp.create_user_pool_client(
        UserPoolId=pool,
        ClientName="app",
        GenerateSecret=True,
        PreventUserExistenceErrors="ENABLED",
        EnableTokenRevocation=True,
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
    )["UserPoolClient"]
    return Pool(aws, pool, client["ClientId"], client["ClientSecret"])


def require_authenticators(pool: Pool, mode: str) -> None:
    """Have the pool's MFA be ON or OPTIONAL, by authenticator app."""
    pool.idp.set_user_pool_mfa_config(
        UserPoolId=pool.pool_id, MfaConfiguration=mode, SoftwareTokenMfaConfiguration={"Enabled": True}
    )


def totp(key: str) -> str:
    """The six digits that an authenticator shows now (RFC 6238)."""
    padded = base64.b32decode(key + "=" * (-len(key) % 8))
    digest = hmac.digest(padded, struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
