"""What holds users' data: it stays, or goes without a trace, as KeepData says."""

from __future__ import annotations

import json

import pytest

from gradio_app.settings import MAX_HOURS
from gradio_app.store import schema
from templates.parts import task_roles
from templates.stacks import data
from tests.templates import stacks
from tests.templates.rendition import refusals, rendition
from tests.templates.stacks import Json

HOLDERS = pytest.mark.parametrize(
    ("name", "title", "protection"),
    [
        ("data", "Table", ("DeletionProtectionEnabled", True, False)),
        ("auth", "UserPool", ("DeletionProtection", "ACTIVE", "INACTIVE")),
    ],
)


@HOLDERS
@pytest.mark.parametrize(("keep", "policy"), [("yes", "Retain"), ("no", "Delete")])
def test_data_stays_or_goes_as_asked(
    name: str, title: str, protection: tuple[str, object, object], keep: str, policy: str
) -> None:
    template = stacks.stack(name, keep)
    given = {"KeepData": keep, "ExistingUserPoolId": ""}
    values = {key: value for key, value in given.items() if key in template["Parameters"]}
    resource = rendition(template, **values)["Resources"][title]
    attribute, protected, unprotected = protection
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == policy
    assert resource["Properties"][attribute] == (protected if keep == "yes" else unprotected)


@pytest.mark.parametrize(("keep", "policy"), [("yes", "Retain"), ("no", "Delete")])
def test_the_key_stays_as_long_as_what_it_protects(keep: str, policy: str) -> None:
    template = rendition(stacks.stack("encryption", keep), KeepData=keep)
    key = template["Resources"]["Key"]
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == policy
    assert key["Properties"]["EnableKeyRotation"] is True
    # Its name must be free for the next deployment of the same name.
    assert "DeletionPolicy" not in template["Resources"]["Alias"]


@pytest.mark.parametrize(
    ("key", "encryption"),
    [
        ("arn:key", {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "arn:key"}),
        # Without a word of it, a table that had a key would not go back to AWS's.
        ("", {"SSEEnabled": False}),
    ],
)
def test_the_table_is_encrypted_with_the_key_when_there_is_one(key: str, encryption: object) -> None:
    template = rendition(stacks.stack("data"), KeepData="yes", KeyArn=key)
    assert stacks.properties(template, "Table")["SSESpecification"] == encryption


def test_the_key_is_given_away_by_dynamodb_alone() -> None:
    """DynamoDB asks in the caller's name: the call then comes by the service and is for its resource."""
    statements = list(stacks.statements(stacks.stack("encryption")))
    grants = [statement for statement in statements if "kms:CreateGrant" in statement["Action"]]
    assert {statement["Effect"]: statement["Condition"] for statement in grants} == {
        "Allow": {"StringLike": {"kms:ViaService": "dynamodb.*.amazonaws.com"}},
        "Deny": {
            "BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
        },
    }
    assert len(grants) == 2


def test_keeping_is_the_default() -> None:
    assert stacks.stack("root")["Parameters"]["KeepData"]["Default"] == "yes"


@pytest.mark.parametrize("keep", ["yes", "no"])
def test_the_root_accepts_no_other_choice_than_the_policies_were_written_for(keep: str) -> None:
    root = stacks.stack("root", keep)
    declared = root["Parameters"]["KeepData"]
    assert (declared["AllowedValues"], declared["Default"]) == ([keep], keep)
    for title in ("Encryption", "Data", "Auth"):
        assert stacks.properties(root, title)["Parameters"]["KeepData"] == {"Ref": "KeepData"}


def test_another_choice_changes_what_holds_data_in_place() -> None:
    """The same resources in the same stacks: of each only the policies, and a property by a condition.

    Without that property CloudFormation would see no change in the resource, and leave its policy as it was.
    """
    changed = set()
    for name in stacks.names():
        kept, thrown_away = (stacks.stack(name, keep) for keep in ("yes", "no"))
        assert kept["Resources"].keys() == thrown_away["Resources"].keys()
        for title, before in kept["Resources"].items():
            after = thrown_away["Resources"][title]
            different = {key for key in before if before[key] != after[key]}
            if different:
                assert different == {"DeletionPolicy", "UpdateReplacePolicy"}, title
                assert '["KeepsData", ' in json.dumps(before["Properties"]), title
                changed.add(title)
    assert changed == {"Table", "Files", "UserPool", "Key"}


def test_files_are_encrypted_like_the_table_and_deleted_ones_are_gone_soon() -> None:
    def files(**parameters: str) -> Json:
        given = {"KeyArn": "", "KeepData": "yes", "ArtifactBucketName": "artifacts"} | parameters
        return rendition(stacks.stack("data"), **given)["Resources"]["Files"]["Properties"]

    def encryption(bucket: Json) -> Json:
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        return rule["ServerSideEncryptionByDefault"]

    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    assert encryption(files()) == {"SSEAlgorithm": "AES256"}
    assert encryption(files(KeyArn=key)) == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    for keep, days in (("yes", 3), ("no", 1)):
        every, uploads = files(KeepData=keep)["LifecycleConfiguration"]["Rules"]
        assert every["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}
        assert "ExpirationInDays" not in every, "what was sent stays"
        assert (uploads["Prefix"], uploads["ExpirationInDays"]) == ("uploads/", 1)


def test_the_application_lays_files_where_the_lifecycle_and_the_role_know_them() -> None:
    assert schema.uploads("ana").startswith(data.UPLOADS)
    prefixes = (schema.uploads("ana"), schema.files("ana", "c"), schema.library_files("l"))
    assert {prefix.partition("/")[0] + "/" for prefix in prefixes} == set(task_roles.FILES)


def test_the_table_can_be_restored_and_forgets_what_expired() -> None:
    table = stacks.properties(stacks.stack("data"), "Table")
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize(("domains", "closed"), [("", True), ("example.com", False)])
def test_nobody_registers_alone_unless_a_domain_may(domains: str, closed: bool) -> None:
    auth = rendition(
        stacks.stack("auth"), KeepData="yes", Mfa="off", SignUpDomains=domains, ExistingUserPoolId=""
    )
    pool = auth["Resources"]["UserPool"]["Properties"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is closed
    assert stacks.stack("root")["Parameters"]["SignUpDomains"]["Default"] == ""
    assert stacks.properties(stacks.stack("auth"), "UserPoolClient")["GenerateSecret"] is True


@pytest.mark.asvs("6.2.1", "6.4.1", "6.4.3")
def test_passwords_are_long() -> None:
    pool = stacks.properties(stacks.stack("auth"), "UserPool")
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 12
    assert pool["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] <= 7


@pytest.mark.asvs("6.2.5")
def test_a_password_of_any_characters_will_do() -> None:
    """Left out, Cognito's console would call them required, so each is said."""
    pool = stacks.properties(stacks.stack("auth"), "UserPool")
    required = {
        name: asked for name, asked in pool["Policies"]["PasswordPolicy"].items() if "Require" in name
    }
    kinds = ("Lowercase", "Uppercase", "Numbers", "Symbols")
    assert required == {f"Require{kind}": False for kind in kinds}


@pytest.mark.asvs("6.3.3")
@pytest.mark.parametrize(("mfa", "pool_says"), [("off", "OFF"), ("optional", "OPTIONAL"), ("required", "ON")])
def test_authenticator_apps_are_the_only_second_factor(mfa: str, pool_says: str) -> None:
    """Mail and telephone are no second factor: the one resets passwords, the other can be taken over."""
    auth = rendition(stacks.stack("auth"), KeepData="yes", Mfa=mfa, ExistingUserPoolId="")
    pool = auth["Resources"]["UserPool"]["Properties"]
    assert pool["MfaConfiguration"] == pool_says
    assert pool.get("EnabledMfas") == (None if mfa == "off" else ["SOFTWARE_TOKEN_MFA"])


@pytest.mark.asvs("7.3.2")
def test_no_token_outlives_the_longest_session_that_can_be_chosen() -> None:
    client = stacks.properties(stacks.stack("auth"), "UserPoolClient")
    longest = MAX_HOURS[1]
    assert client["TokenValidityUnits"] == {
        "AccessToken": "minutes",
        "IdToken": "minutes",
        "RefreshToken": "hours",
    }
    assert client["RefreshTokenValidity"] <= longest
    assert max(client["AccessTokenValidity"], client["IdTokenValidity"]) <= 60


@pytest.mark.asvs("6.3.4", "10.4.1")
def test_the_client_signs_in_by_srp_alone_and_tells_nothing_of_users() -> None:
    client = stacks.properties(stacks.stack("auth"), "UserPoolClient")
    assert client["ExplicitAuthFlows"] == ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert "AllowedOAuthFlows" not in client
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True


def test_the_artifact_bucket_is_private_versioned_and_tls_only() -> None:
    bootstrap = stacks.stack("bootstrap")
    bucket = stacks.properties(bootstrap, "Artifacts")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (statement,) = (s for s in stacks.statements(bootstrap) if s["Effect"] == "Deny")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def table_of(**parameters: str) -> stacks.Json:
    given = {"KeepData": "yes", "KeyArn": "", "EmbeddingModelId": "a.model"}
    return stacks.properties(rendition(stacks.stack("data"), **given | parameters), "Table")


def test_a_search_by_meaning_is_one_librarys_and_brings_keys_alone() -> None:
    (index,) = table_of()["VectorIndexes"]
    schemas = {each["AttributeName"]: each["SearchSchemaElementType"] for each in index["SearchSchema"]}
    assert [name for name, kind in schemas.items() if kind == "HASH"] == [schema.LIBRARY]
    assert {name for name, kind in schemas.items() if kind == "INLINE_FILTER"} == set(schema.FILTERS)
    assert index["IndexName"] == schema.BY_MEANING
    assert index["VectorAttribute"] == {"AttributeName": schema.VECTOR}
    assert (index["Dimensions"], index["DistanceFunction"]) == (schema.DIMENSIONS, "COSINE")
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


@pytest.mark.parametrize("model", ["", "a.model"])
def test_the_table_defines_the_attributes_that_its_keys_and_indexes_use_and_no_others(model: str) -> None:
    """DynamoDB refuses a table that does otherwise."""
    table = table_of(EmbeddingModelId=model)
    indexes = [*table["GlobalSecondaryIndexes"], *table.get("VectorIndexes", [])]
    used = [*table["KeySchema"], *(key for each in indexes for key in each.get("KeySchema", []))]
    used += [element for each in indexes for element in each.get("SearchSchema", [])]
    assert {each["AttributeName"] for each in table["AttributeDefinitions"]} == {
        each["AttributeName"] for each in used
    }
    assert ("VectorIndexes" in table) == bool(model)


def test_the_index_of_changes_holds_keys_and_nothing_that_people_wrote() -> None:
    (index,) = stacks.properties(stacks.stack("data"), "Table")["GlobalSecondaryIndexes"]
    assert index["IndexName"] == schema.BY_CHANGE
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["pk", "updated_at"]


def test_of_an_existing_pool_nothing_is_made_but_a_client() -> None:
    given = {"KeepData": "yes", "Mfa": "off", "SignUpDomains": "", "KeyArn": ""}
    auth = rendition(stacks.stack("auth"), **given, ExistingUserPoolId="us-east-1_Ab12Cd34E")
    assert {each["Type"] for each in auth["Resources"].values()} == {
        "AWS::Cognito::UserPoolClient",
        "AWS::SecretsManager::Secret",
    }
    assert auth["Resources"]["UserPoolClient"]["Properties"]["UserPoolId"] == "us-east-1_Ab12Cd34E"
    assert auth["Outputs"]["UserPoolId"]["Value"] == "us-east-1_Ab12Cd34E"


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"SignUpDomains": "example.com"}, "Who signs up in an existing user pool"),
        (
            {
                "SingleSignOn": "saml",
                "SingleSignOnProvider": "Example",
                "SingleSignOnDomainPrefix": "example-chat",
                "SamlMetadataUrl": "https://login.example.com/metadata.xml",
            },
            "SingleSignOn gives the pool a domain",
        ),
    ],
)
def test_an_existing_pool_is_opened_to_nobody(choices: dict[str, str], words: str) -> None:
    root = stacks.stack("root")
    [sentence] = refusals(root, ExistingUserPoolId="us-east-1_Ab12Cd34E", **choices)
    assert words in sentence
    assert refusals(root, ExistingUserPoolId="us-east-1_Ab12Cd34E") == []
    assert refusals(root, **choices) == []
