"""The single sign-on stack: the company's own identity provider as a way in, beside the pool's passwords.

It owns the pool's domain, where browsers only pass through on their way to the provider and back, the
provider, and an app client that signs in by it alone. The pool itself is not its own; it comes in by its id.
"""

from __future__ import annotations

from typing import Any

from troposphere import Equals, If, Sub, Template, cognito

from templates.parameters import handed_on
from templates.parts.app_client import client_secret, token_lifetimes
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

CLASSIC_LOGIN = 1
"""The version of Cognito's pages. Nobody sees them, and the newer ones would want a style of their own."""
SCOPES = ["openid", "email", "profile"]
"""Not aws.cognito.signin.user.admin: such a token could change what the provider said of a person."""
SAML_EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
CALLBACK_PATH = "/login/callback"
SIGNED_OUT_PATH = "/login/signed-out"


@seam
class Inputs:
    key_arn: Value = parameter("String", "The deployment's own key; empty for AWS's.")
    user_pool_id: Value = parameter("String", "The pool of the people who may sign in.")
    service_url: Value = parameter("String", "Where people come from and go back to.")
    kind: Value = parameter("String", "What the provider speaks.", AllowedValues=["saml", "oidc"])
    provider_name: Value = parameter("String", "The provider's name in the pool and on the button.")
    domain_prefix: Value = parameter("String", "The first label of the pool's domain.")
    saml_metadata_url: Value = handed_on()
    oidc_issuer: Value = handed_on()
    oidc_client_id: Value = handed_on()
    oidc_client_secret_arn: Value = handed_on()


@seam
class Outputs:
    url: Value = output("The pool's domain: where sign-ins by the provider begin.")
    client_id: Value = output("Id of the app client of single sign-on.")
    client_secret_arn: Value = output("The Secrets Manager secret that holds this app client's secret.")
    provider_name: Value = output("The provider's name, complete when it can be used.")
    saml_reply_url: Value = output("Where a SAML provider sends its answers.")
    saml_entity_id: Value = output("What a SAML provider calls the pool.")
    oidc_redirect_uri: Value = output("Where an OpenID Connect provider sends its answers.")


def template() -> Template:
    """The pool's domain, the provider and the app client that knows no other."""
    t = new_template("Asistente - single sign-on: the identity provider, the pool's domain, an app client.")
    inputs = declare(t, Inputs)
    cognito.UserPoolDomain(
        "Domain",
        t,
        UserPoolId=inputs.user_pool_id,
        Domain=inputs.domain_prefix,
        ManagedLoginVersion=CLASSIC_LOGIN,
        Metadata=describe("Where browsers pass through on their way to the identity provider and back."),
    )
    provider = _provider(t, inputs)
    client = _client(t, inputs, provider)
    secret = client_secret(t, client, inputs.key_arn)
    publish(
        t,
        Outputs(
            url=_domain(inputs),
            client_id=client.ref(),
            client_secret_arn=secret.ref(),
            provider_name=inputs.provider_name,
            saml_reply_url=_domain(inputs, "/saml2/idpresponse"),
            saml_entity_id=Sub("urn:amazon:cognito:sp:${pool}", pool=inputs.user_pool_id),
            oidc_redirect_uri=_domain(inputs, "/oauth2/idpresponse"),
        ),
    )
    return t


def _provider(t: Template, inputs: Inputs) -> cognito.UserPoolIdentityProvider:
    saml = t.add_condition("IsSaml", Equals(inputs.kind, "saml"))
    return cognito.UserPoolIdentityProvider(
        "IdentityProvider",
        t,
        UserPoolId=inputs.user_pool_id,
        ProviderName=inputs.provider_name,
        ProviderType=If(saml, "SAML", "OIDC"),
        ProviderDetails=If(saml, _saml(inputs), _oidc(inputs)),
        # What a SAML provider says of an address is not marked as verified: it says nothing about that.
        AttributeMapping=If(
            saml, {"email": SAML_EMAIL}, {"email": "email", "email_verified": "email_verified"}
        ),
        Metadata=describe("Vouches for the people who come by single sign-on."),
    )


def _saml(inputs: Inputs) -> dict[str, Any]:
    return {
        "MetadataURL": inputs.saml_metadata_url,
        "RequestSigningAlgorithm": "rsa-sha256",
        # Answers pass over TLS, through their owner's browser alone. To encrypt them too, the provider would
        # need a certificate that Cognito only makes with this resource.
        "EncryptedResponses": "false",
        # An answer to a question that nobody asked may be somebody else's, slipped into the browser.
        "IDPInit": "false",
        # Who leaves the chat does not leave the company's other applications.
        "IDPSignout": "false",
    }


def _oidc(inputs: Inputs) -> dict[str, Any]:
    return {
        "oidc_issuer": inputs.oidc_issuer,
        "client_id": inputs.oidc_client_id,
        # Read by CloudFormation when it makes the provider: in no template, parameter or event.
        "client_secret": Sub(
            "{{resolve:secretsmanager:${secret}:SecretString}}", secret=inputs.oidc_client_secret_arn
        ),
        "authorize_scopes": " ".join(SCOPES),
        "attributes_request_method": "GET",
    }


def _client(
    t: Template, inputs: Inputs, provider: cognito.UserPoolIdentityProvider
) -> cognito.UserPoolClient:
    return cognito.UserPoolClient(
        "UserPoolClient",
        t,
        UserPoolId=inputs.user_pool_id,
        GenerateSecret=True,
        # A code, and no password: who is in the pool with one has the other client.
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=SCOPES,
        ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
        SupportedIdentityProviders=[inputs.provider_name],
        CallbackURLs=[_service(inputs, CALLBACK_PATH)],
        LogoutURLs=[_service(inputs, SIGNED_OUT_PATH)],
        PreventUserExistenceErrors="ENABLED",
        EnableTokenRevocation=True,
        DependsOn=provider,
        Metadata=describe("The service's identity towards the pool where people come by the provider."),
        **token_lifetimes(),
    )


def _service(inputs: Inputs, path: str) -> Sub:
    return Sub(f"${{service}}{path}", service=inputs.service_url)


def _domain(inputs: Inputs, path: str = "") -> Sub:
    return Sub(
        f"https://${{prefix}}.auth.${{AWS::Region}}.amazoncognito.com{path}", prefix=inputs.domain_prefix
    )
