"""Whether a user pool that was there before fits: what the application takes for granted of its own one.

The pool is looked at and never changed: what does not fit is its owner's to decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deployer.account import tagged
from deployer.account.checks.findings import Finding, ok, warning, wrong
from deployer.account.deployment import EXISTING_POOL as PARAMETER

NAME = "user pool"
MFA = {"OFF": "off", "OPTIONAL": "optional", "ON": "required"}
"""What a pool says, as the parameter says it."""
OTHER_FACTORS = {"SmsMfaConfiguration": "SMS", "EmailMfaConfiguration": "e-mail"}


def check(cognito: Any, region: str, stack: str, values: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what of an existing pool does not fit; nothing without one."""
    pool_id = values.get(PARAMETER, "")
    if not pool_id:
        return
    where = pool_id.partition("_")[0]
    if where != region:
        yield wrong(
            NAME, pool_id, f"It is in {where}, and this deployment in {region}.", f"Choose --region {where}."
        )
        return
    try:
        pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    except cognito.exceptions.ResourceNotFoundException:
        yield wrong(NAME, pool_id, "There is no such pool in this account.", f"Give another {PARAMETER}.")
        return
    factors = cognito.get_user_pool_mfa_config(UserPoolId=pool_id)
    found = [
        *_whose(pool, pool_id, stack),
        *_names(pool, pool_id),
        *_factors(factors, pool_id, values),
        *_way_in(pool, pool_id, values),
        *_worth_knowing(pool, pool_id),
    ]
    yield from found or [ok(NAME, pool_id, "It fits: people sign in by their e-mail addresses.")]


def _whose(pool: Mapping[str, Any], pool_id: str, stack: str) -> Iterator[Finding]:
    if pool.get("UserPoolTags", {}).get(tagged.TAG) == stack:
        yield wrong(
            NAME,
            pool_id,
            f"By its tag it is a pool of {stack} itself, and `destroy` would count it among that one's data.",
            f"Leave {PARAMETER} empty, and deploy with --take-over where that deployment is gone.",
        )


def _names(pool: Mapping[str, Any], pool_id: str) -> Iterator[Finding]:
    if "email" not in [*pool.get("UsernameAttributes", []), *pool.get("AliasAttributes", [])]:
        yield wrong(
            NAME,
            pool_id,
            "People do not sign in by their e-mail addresses there, and here they do.",
            "Nothing changes that of a pool: give another, or have the deployment make one.",
        )
    elif pool.get("UsernameConfiguration", {}).get("CaseSensitive", True):
        yield warning(
            NAME,
            pool_id,
            "Ana@example.com and ana@example.com are two to it, and the sign-in here writes small letters.",
            "Who is in it with capital letters cannot sign in.",
        )


def _factors(config: Mapping[str, Any], pool_id: str, values: Mapping[str, str]) -> Iterator[Finding]:
    mfa = MFA.get(config.get("MfaConfiguration", "OFF"), "")
    if mfa != values.get("Mfa"):
        yield wrong(
            NAME,
            pool_id,
            f"Its second factor is {mfa}, and Mfa is {values.get('Mfa')}.",
            f"Choose Mfa {mfa}, or change the pool.",
        )
    if mfa == "off":
        return
    others = [word for name, word in OTHER_FACTORS.items() if config.get(name)]
    if not config.get("SoftwareTokenMfaConfiguration", {}).get("Enabled"):
        yield wrong(
            NAME,
            pool_id,
            "It takes no codes of an authenticator app, which are the only second factor here.",
            "Allow them in the pool, or give another.",
        )
    elif others:
        yield warning(
            NAME,
            pool_id,
            f"It takes codes by {' and '.join(others)} too, and the sign-in here asks only for those of an "
            "authenticator app.",
            "Who has chosen another cannot sign in.",
        )


def _way_in(pool: Mapping[str, Any], pool_id: str, values: Mapping[str, str]) -> Iterator[Finding]:
    if not pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
        yield warning(
            NAME,
            pool_id,
            "People may sign up there by its other app clients.",
            "Whoever does may sign in here, and spend what DailyTokenBudget allows.",
        )
    # https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html
    if values.get("Egress") == "endpoints" and (pool.get("Domain") or pool.get("CustomDomain")):
        yield wrong(
            NAME,
            pool_id,
            "It has a domain, and Cognito then answers nobody who comes by PrivateLink.",
            "Choose another Egress than endpoints.",
        )


def _worth_knowing(pool: Mapping[str, Any], pool_id: str) -> Iterator[Finding]:
    required = [
        each["Name"]
        for each in pool.get("SchemaAttributes", [])
        if each.get("Required") and each["Name"] not in ("sub", "email")
    ]
    if required:
        yield warning(
            NAME,
            pool_id,
            f"It wants of everybody: {', '.join(required)}.",
            "`make user` and the proof at the end of a deployment give none of that: add people by your own "
            "way, and deploy with --unproved.",
        )
    if "email" not in pool.get("AutoVerifiedAttributes", []):
        yield warning(
            NAME,
            pool_id,
            "It does not verify e-mail addresses.",
            "Who has none that is verified cannot reset a password here.",
        )
    if triggers := [name for name, value in pool.get("LambdaConfig", {}).items() if value]:
        yield warning(
            NAME, pool_id, f"Its triggers run at the sign-in here too: {', '.join(sorted(triggers))}."
        )
    mode = pool.get("UserPoolAddOns", {}).get("AdvancedSecurityMode", "OFF")
    if mode != "OFF":
        yield warning(
            NAME,
            pool_id,
            f"Its threat protection is {mode}, and sees the tasks' addresses instead of people's.",
            "What it blocks for its risk cannot sign in here.",
        )
