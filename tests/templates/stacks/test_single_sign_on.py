"""Single sign-on: the way in by the company's identity provider, which is there only when it is chosen."""

from __future__ import annotations

import re

import pytest

from tests.templates import stacks
from tests.templates.rendition import refusals, rendition
from tests.templates.stacks import Json

COMMON = {"SingleSignOnProvider": "Example", "SingleSignOnDomainPrefix": "example-chat"}
SAML = COMMON | {
    "SingleSignOn": "saml",
    "SamlMetadataUrl": "https://login.example.com/metadata.xml?appid=1",
}
OIDC = COMMON | {
    "SingleSignOn": "oidc",
    "OidcIssuer": "https://login.example.com/tenant",
    "OidcClientId": "asistente",
    "OidcClientSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:asistente-oidc-AbCdEf",
}
EACH_KIND = pytest.mark.parametrize("chosen", [SAML, OIDC], ids=["saml", "oidc"])
SERVICE_URL = "https://d111111abcdef8.cloudfront.net"


def single_sign_on(kind: str = "saml") -> Json:
    return rendition(
        stacks.stack("single_sign_on"), Kind=kind, ServiceUrl=SERVICE_URL, ProviderName="Example"
    )


def test_it_is_off_by_default_and_then_nothing_of_it_exists() -> None:
    root = rendition(stacks.stack("root"))
    assert "SignOn" not in root["Resources"]
    given = root["Resources"]["Service"]["Properties"]["Parameters"]
    assert {value for name, value in given.items() if name.startswith("SingleSignOn")} == {""}


@EACH_KIND
def test_the_service_waits_for_its_address_only_with_single_sign_on(chosen: dict[str, str]) -> None:
    """The provider sends people back to the address that CloudFront has."""
    children = rendition(stacks.stack("root"), **chosen)["Resources"]
    assert "SignOn" in stacks.siblings(children["Service"])
    assert "Distribution" not in stacks.siblings(children["Service"])
    assert {"Auth", "Distribution"} <= stacks.siblings(children["SignOn"])


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [({}, set()), (SAML, {"SamlReplyUrl", "SamlEntityId"}), (OIDC, {"OidcRedirectUri"})],
)
def test_the_outputs_say_what_to_register_at_this_kind_of_provider(
    chosen: dict[str, str], shown: set[str]
) -> None:
    root = stacks.stack("root")
    conditional = {
        title for title, each in root["Outputs"].items() if each.get("Condition") in ("HasSaml", "HasOidc")
    }
    assert {
        title for title in conditional if stacks.holds(root, root["Outputs"][title]["Condition"], chosen)
    } == shown


@pytest.mark.parametrize(
    ("choices", "advice"),
    [
        ({**SAML, "SingleSignOnProvider": ""}, "give both"),
        ({**OIDC, "SingleSignOnDomainPrefix": ""}, "give both"),
        ({**SAML, "SamlMetadataUrl": ""}, "needs SamlMetadataUrl"),
        ({**OIDC, "OidcIssuer": ""}, "give all three"),
        ({**OIDC, "OidcClientId": ""}, "give all three"),
        ({**OIDC, "OidcClientSecretArn": ""}, "give all three"),
        (COMMON, "leave them empty"),
        ({"SingleSignOnProvider": "Example"}, "leave them empty"),
        ({"SamlMetadataUrl": SAML["SamlMetadataUrl"]}, "leave it empty"),
        ({**OIDC, "SamlMetadataUrl": SAML["SamlMetadataUrl"]}, "leave it empty"),
        ({**SAML, "OidcClientId": "asistente"}, "leave them empty"),
        ({**SAML, "FrontDoor": "http"}, "over HTTPS only"),
        ({**OIDC, "Egress": "endpoints"}, "by way of the internet"),
    ],
)
def test_half_a_provider_is_refused_with_advice(choices: dict[str, str], advice: str) -> None:
    (sentence,) = refusals(stacks.stack("root"), **choices)
    assert advice in sentence


@EACH_KIND
def test_a_whole_provider_is_accepted(chosen: dict[str, str]) -> None:
    root = stacks.stack("root")
    assert refusals(root, **chosen) == []
    for name, value in chosen.items():
        assert re.fullmatch(root["Parameters"][name].get("AllowedPattern", ".*"), value), name


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("SingleSignOnProvider", "ab"),
        ("SingleSignOnProvider", "My Company"),
        ("SingleSignOnProvider", "_company"),
        ("SingleSignOnProvider", "COGNITO"),
        ("SingleSignOnProvider", "a" * 33),
        ("SingleSignOnDomainPrefix", "my-aws-chat"),
        ("SingleSignOnDomainPrefix", "Chat"),
        ("SingleSignOnDomainPrefix", "-chat"),
        ("SingleSignOnDomainPrefix", "a" * 64),
        ("SamlMetadataUrl", "http://login.example.com/metadata.xml"),
        ("OidcIssuer", "http://login.example.com"),
        ("OidcIssuer", "https://login.example.com/"),
        ("OidcIssuer", "https://login.example.com?tenant=1"),
        ("OidcClientSecretArn", "my-secret"),
    ],
)
def test_what_cognito_would_refuse_is_refused_before(parameter: str, value: str) -> None:
    assert not re.fullmatch(stacks.stack("root")["Parameters"][parameter]["AllowedPattern"], value)


@pytest.mark.asvs("10.4.1")
def test_browsers_are_sent_back_to_exactly_two_addresses() -> None:
    client = stacks.properties(single_sign_on(), "UserPoolClient")
    for name, path in (("CallbackURLs", "/login/callback"), ("LogoutURLs", "/login/signed-out")):
        (address,) = client[name]
        assert address == {"Fn::Sub": [f"${{service}}{path}", {"service": SERVICE_URL}]}


def test_the_app_client_takes_codes_of_this_provider_alone() -> None:
    client = stacks.properties(single_sign_on(), "UserPoolClient")
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["SupportedIdentityProviders"] == ["Example"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["GenerateSecret"] is True
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True


def test_its_tokens_do_not_let_people_change_what_the_provider_said_of_them() -> None:
    client = stacks.properties(single_sign_on(), "UserPoolClient")
    assert set(client["AllowedOAuthScopes"]) == {"openid", "email", "profile"}


@pytest.mark.asvs("7.3.2")
def test_sessions_end_alike_by_whichever_door_people_came_in() -> None:
    passwords = stacks.properties(stacks.stack("auth"), "UserPoolClient")
    provider = stacks.properties(single_sign_on(), "UserPoolClient")
    for name in ("AccessTokenValidity", "IdTokenValidity", "RefreshTokenValidity", "TokenValidityUnits"):
        assert provider[name] == passwords[name], name


def test_passwords_do_not_become_a_matter_of_cognitos_own_pages() -> None:
    """The pool's domain serves pages for each client that allows OAuth: the client of passwords must not."""
    client = stacks.properties(stacks.stack("auth"), "UserPoolClient")
    assert not [name for name in client if "OAuth" in name or name in ("CallbackURLs", "LogoutURLs")]


def test_a_saml_answer_that_nobody_asked_for_is_refused_and_requests_are_signed() -> None:
    provider = stacks.properties(single_sign_on("saml"), "IdentityProvider")
    assert provider["ProviderType"] == "SAML"
    assert provider["ProviderDetails"]["IDPInit"] == "false"
    assert provider["ProviderDetails"]["RequestSigningAlgorithm"] == "rsa-sha256"
    assert set(provider["AttributeMapping"]) == {"email"}


@pytest.mark.asvs("13.3.1")
def test_the_providers_secret_stands_in_no_template_or_parameter() -> None:
    provider = stacks.properties(single_sign_on("oidc"), "IdentityProvider")
    assert provider["ProviderType"] == "OIDC"
    reference, values = provider["ProviderDetails"]["client_secret"]["Fn::Sub"]
    assert reference == "{{resolve:secretsmanager:${secret}:SecretString}}"
    assert values == {"secret": {"Ref": "OidcClientSecretArn"}}


def test_the_client_follows_its_provider() -> None:
    assert single_sign_on()["Resources"]["UserPoolClient"]["DependsOn"] == "IdentityProvider"
