"""The company's own identity provider as a way in."""

from __future__ import annotations

from templates.parameters.patterns import DOMAIN
from templates.wiring import Value, parameter, seam

HTTPS_ADDRESS = rf"https://{DOMAIN}(:[0-9]{{1,5}})?"
PROVIDER_PATTERN = r"^$|^(?!COGNITO$)[A-Za-zÀ-ÖØ-öø-ÿ0-9][A-Za-zÀ-ÖØ-öø-ÿ0-9.-]{2,31}$"
"""Cognito takes 3 to 32 characters, no spaces or underscores; COGNITO is its name for the pool itself."""
DOMAIN_PREFIX_PATTERN = r"^$|^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html"""


@seam
class SingleSignOn:
    """Single sign-on"""

    single_sign_on: Value = parameter(
        "String",
        "Whether people may also come by an identity provider of your own. saml: by SAML 2.0. oidc: by "
        "OpenID Connect. 0.4 USD a month, and 0.015 for each who comes, beyond 50. It needs HTTPS, and a way "
        "to the internet.",
        AllowedValues=["off", "saml", "oidc"],
        Default="off",
        label="Identity provider of your own",
        see="docs/single-sign-on.md",
    )
    single_sign_on_provider: Value = parameter(
        "String",
        "With SingleSignOn: the provider's name, as the button shows it. Keep it: who comes by another name "
        "is another person to the chat.",
        AllowedPattern=PROVIDER_PATTERN,
        ConstraintDescription="3 to 32 letters, digits, dots and hyphens, such as Example, or nothing.",
        Default="",
        label="Its name",
        example="Example",
    )
    single_sign_on_domain_prefix: Value = parameter(
        "String",
        "With SingleSignOn: a name that nobody else in the Region has, for the address by which browsers go "
        "to the provider and back, such as example-chat.",
        AllowedPattern=DOMAIN_PREFIX_PATTERN,
        ConstraintDescription="Up to 63 lower-case letters, digits and hyphens, without aws, amazon or "
        "cognito, or nothing.",
        Default="",
        label="Prefix of the pool's domain",
        example="example-chat",
    )
    saml_metadata_url: Value = parameter(
        "String",
        "Only with SingleSignOn saml: where the provider publishes its metadata, such as "
        "https://login.example.com/metadata.xml.",
        AllowedPattern=rf"^$|^{HTTPS_ADDRESS}(/[!#-~]*)?$",
        ConstraintDescription="An address that begins with https://, or nothing.",
        MaxLength=1024,
        Default="",
        label="SAML: address of its metadata",
        example="https://login.example.com/metadata.xml",
    )
    oidc_issuer: Value = parameter(
        "String",
        "Only with SingleSignOn oidc: the provider's issuer, such as https://login.example.com.",
        AllowedPattern=rf"^$|^{HTTPS_ADDRESS}(/[!$->@-~]*[!$-.0->@-~])?$",
        ConstraintDescription="An address that begins with https:// and does not end with /, or nothing.",
        MaxLength=1024,
        Default="",
        label="OpenID Connect: its issuer",
        example="https://login.example.com",
    )
    oidc_client_id: Value = parameter(
        "String",
        "Only with SingleSignOn oidc: the client id that the provider gave you.",
        AllowedPattern=r"^$|^[!-~]{1,255}$",
        ConstraintDescription="A client id without spaces, or nothing.",
        Default="",
        label="OpenID Connect: client id",
        example="asistente",
    )
    oidc_client_secret_arn: Value = parameter(
        "String",
        "Only with SingleSignOn oidc: the ARN of a Secrets Manager secret of yours whose whole text is the "
        "client secret that the provider gave you.",
        AllowedPattern=r"^$|^arn:aws:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$",
        ConstraintDescription="The ARN of a secret in Secrets Manager, or nothing.",
        Default="",
        label="OpenID Connect: secret that holds the client secret",
        example="arn:aws:secretsmanager:eu-west-1:123456789012:secret:asistente-oidc-AbCdEf",
    )
