"""What of an existing user pool does not fit is said before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.account.checks import user_pool
from deployer.account.checks.findings import Finding, Level

POOL_ID = "us-east-1_Ab12Cd34E"
POOL: dict[str, Any] = {
    "UsernameAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "AutoVerifiedAttributes": ["email"],
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    "SchemaAttributes": [{"Name": "sub", "Required": True}, {"Name": "email", "Required": True}],
}
MFA = {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
VALUES = {"ExistingUserPoolId": POOL_ID, "Mfa": "optional", "Egress": "nat"}


class Cognito:
    """Answers for one pool, in the form of DescribeUserPool and GetUserPoolMfaConfig."""

    class exceptions:  # noqa: N801 (botocore's name)
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self, pool: dict[str, Any] | None, mfa: dict[str, Any]) -> None:
        self.pool = pool
        self.mfa = mfa

    def describe_user_pool(self, UserPoolId: str) -> dict[str, Any]:  # noqa: N803
        if self.pool is None or UserPoolId != POOL_ID:
            raise self.exceptions.ResourceNotFoundException
        return {"UserPool": self.pool}

    def get_user_pool_mfa_config(self, UserPoolId: str) -> dict[str, Any]:  # noqa: N803
        assert UserPoolId == POOL_ID
        return self.mfa


def found(
    pool: dict[str, Any] | None = None,
    mfa: dict[str, Any] | None = None,
    values: dict[str, str] | None = None,
    *,
    region: str = "us-east-1",
) -> list[Finding]:
    cognito = Cognito(POOL | (pool or {}), MFA | (mfa or {}))
    return list(user_pool.check(cognito, region, "chat", VALUES | (values or {})))


def test_a_pool_that_fits_is_one_line() -> None:
    [finding] = found()
    assert (finding.level, finding.subject) == (Level.OK, POOL_ID)
    assert list(user_pool.check(None, "us-east-1", "chat", {})) == []
    assert list(user_pool.check(None, "us-east-1", "chat", {"ExistingUserPoolId": ""})) == []


@pytest.mark.parametrize(
    ("pool", "mfa", "values", "level", "words"),
    [
        ({"UsernameAttributes": ["phone_number"]}, {}, {}, Level.WRONG, "do not sign in by their e-mail"),
        ({"UsernameAttributes": []}, {}, {}, Level.WRONG, "do not sign in by their e-mail"),
        ({"UsernameConfiguration": {}}, {}, {}, Level.WARNING, "are two to it"),
        ({"UserPoolTags": {"Project": "chat"}}, {}, {}, Level.WRONG, "a pool of chat itself"),
        ({}, {}, {"Mfa": "off"}, Level.WRONG, "Its second factor is optional, and Mfa is off."),
        ({}, {"MfaConfiguration": "ON"}, {}, Level.WRONG, "Its second factor is required"),
        ({}, {"MfaConfiguration": "OFF"}, {}, Level.WRONG, "Its second factor is off"),
        ({}, {"SoftwareTokenMfaConfiguration": {"Enabled": False}}, {}, Level.WRONG, "no codes of an auth"),
        ({}, {"SmsMfaConfiguration": {"SmsAuthenticationMessage": "x"}}, {}, Level.WARNING, "codes by SMS"),
        ({"AdminCreateUserConfig": {}}, {}, {}, Level.WARNING, "People may sign up there"),
        ({"Domain": "a"}, {}, {"Egress": "endpoints"}, Level.WRONG, "nobody who comes by PrivateLink"),
        ({"AutoVerifiedAttributes": []}, {}, {}, Level.WARNING, "does not verify e-mail"),
        ({"LambdaConfig": {"PreSignUp": "arn"}}, {}, {}, Level.WARNING, "Its triggers run"),
        ({"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}}, {}, {}, Level.WARNING, "is ENFORCED"),
        (
            {"SchemaAttributes": [{"Name": "given_name", "Required": True}]},
            {},
            {},
            Level.WARNING,
            "It wants of everybody: given_name.",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    pool: dict[str, Any], mfa: dict[str, Any], values: dict[str, str], level: Level, words: str
) -> None:
    [finding] = found(pool, mfa, values)
    assert finding.level is level
    assert words in finding.message


@pytest.mark.parametrize(
    ("pool", "mfa", "values"),
    [
        ({"UsernameAttributes": [], "AliasAttributes": ["email"]}, {}, {}),
        ({}, {"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": {}}, {"Mfa": "off"}),
        ({"Domain": "a"}, {}, {}),
        ({"UserPoolTags": {"Project": "another"}}, {}, {}),
    ],
)
def test_what_fits_in_another_way_is_no_matter(
    pool: dict[str, Any], mfa: dict[str, Any], values: dict[str, str]
) -> None:
    assert [finding.level for finding in found(pool, mfa, values)] == [Level.OK]


def test_a_pool_elsewhere_or_nowhere_is_wrong() -> None:
    [finding] = found(region="eu-west-1")
    assert (finding.level, finding.remedy) == (Level.WRONG, "Choose --region us-east-1.")
    [finding] = user_pool.check(Cognito(None, {}), "us-east-1", "chat", VALUES)
    assert (finding.level, finding.message) == (Level.WRONG, "There is no such pool in this account.")
