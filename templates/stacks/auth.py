"""The auth stack: who may sign in. User pool, app client, the admins group, and the client's secret.

It owns no hosted login page and no domain: the app serves its own form and speaks SRP to the pool. People who
come by an identity provider of their own have a domain and an app client in a stack of their own. In place of
the pool of its own there can be one of the owner's, in which the client is all that it owns.
"""

from __future__ import annotations

from troposphere import Equals, If, NoValue, Region, Sub, Template, cognito

from templates.parameters import handed_on
from templates.parts.app_client import client_secret, token_lifetimes
from templates.parts.deletion_policies import deletion_policies, keeps_data
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

PASSWORD_MIN_LENGTH = 12
TEMPORARY_PASSWORD_DAYS = 7
CHALLENGE_MINUTES = 5
"""How long a person may take between the steps of signing in. Cognito takes 3 to 15."""


@seam
class Inputs:
    key_arn: Value = parameter("String", "The deployment's own key; empty for AWS's.")
    keep_data: Value = handed_on()
    existing_user_pool_id: Value = handed_on()
    sign_up_domains: Value = handed_on()
    mfa: Value = handed_on()


@seam
class Outputs:
    user_pool_id: Value = output("The pool of the people who may sign in.")
    user_pool_client_id: Value = output("Id of the app client with which the service signs people in.")
    user_pool_console_url: Value = output(
        "Where an administrator adds and disables users, in the AWS console."
    )
    client_secret_arn: Value = output("The Secrets Manager secret that holds the app client's secret.")


def template(keep_data: str) -> Template:
    """The user pool, kept or not, and what the service needs to sign people in."""
    t = new_template("Asistente - auth: the user pool, its app client, and the client's secret.")
    inputs = declare(t, Inputs)
    own = t.add_condition("HasOwnPool", Equals(inputs.existing_user_pool_id, ""))
    pool = _pool(t, inputs, keep_data, own)
    # Of an existing pool nothing is ours but the client: it is neither made, changed nor deleted here.
    pool_id = If(own, pool.ref(), inputs.existing_user_pool_id)
    client = _client(t, pool_id)
    cognito.UserPoolGroup(
        "Admins",
        t,
        Condition=own,
        UserPoolId=pool.ref(),
        GroupName="admins",
        Description="People who administer the assistant.",
        Metadata=describe("Marks the administrators; the app reads it from the token."),
    )
    secret = client_secret(t, client, inputs.key_arn)
    publish(
        t,
        Outputs(
            user_pool_id=pool_id,
            user_pool_client_id=client.ref(),
            user_pool_console_url=Sub(
                "https://${region}.console.aws.amazon.com/cognito/v2/idp/user-pools/${pool}"
                "/user-management/users?region=${region}",
                region=Region,
                pool=pool_id,
            ),
            client_secret_arn=secret.ref(),
        ),
    )
    return t


def _pool(t: Template, inputs: Inputs, keep_data: str, own: str) -> cognito.UserPool:
    kept = keeps_data(t, inputs.keep_data)
    closed = If(t.add_condition("NobodySignsUp", Equals(inputs.sign_up_domains, "")), True, False)
    mfa_off = t.add_condition("MfaIsOff", Equals(inputs.mfa, "off"))
    mfa_required = t.add_condition("MfaIsRequired", Equals(inputs.mfa, "required"))
    return cognito.UserPool(
        "UserPool",
        t,
        Condition=own,
        UsernameAttributes=["email"],
        UsernameConfiguration=cognito.UsernameConfiguration(CaseSensitive=False),
        AutoVerifiedAttributes=["email"],
        AdminCreateUserConfig=cognito.AdminCreateUserConfig(AllowAdminCreateUserOnly=closed),
        AccountRecoverySetting=cognito.AccountRecoverySetting(
            RecoveryMechanisms=[cognito.RecoveryOption(Name="verified_email", Priority=1)]
        ),
        Policies=cognito.Policies(
            PasswordPolicy=cognito.PasswordPolicy(
                MinimumLength=PASSWORD_MIN_LENGTH,
                # Length protects better than a capital at the beginning and a digit at the end.
                RequireLowercase=False,
                RequireUppercase=False,
                RequireNumbers=False,
                RequireSymbols=False,
                TemporaryPasswordValidityDays=TEMPORARY_PASSWORD_DAYS,
            )
        ),
        MfaConfiguration=If(mfa_off, "OFF", If(mfa_required, "ON", "OPTIONAL")),
        # No codes by SMS or e-mail: telephone numbers get taken over, and a mailbox resets passwords already.
        EnabledMfas=If(mfa_off, NoValue, ["SOFTWARE_TOKEN_MFA"]),
        DeletionProtection=If(kept, "ACTIVE", "INACTIVE"),
        Metadata=describe(
            "Holds the people who may sign in; administrators add them, or the app after checking the domain."
        ),
        **deletion_policies(keep_data),
    )


def _client(t: Template, pool_id: Value) -> cognito.UserPoolClient:
    return cognito.UserPoolClient(
        "UserPoolClient",
        t,
        UserPoolId=pool_id,
        GenerateSecret=True,
        # SRP only: a password never travels to Cognito itself. No OAuth flow, no hosted page.
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        SupportedIdentityProviders=["COGNITO"],
        PreventUserExistenceErrors="ENABLED",
        EnableTokenRevocation=True,
        AuthSessionValidity=CHALLENGE_MINUTES,
        Metadata=describe("The service's identity towards the user pool."),
        **token_lifetimes(),
    )
