"""Resource import, as AWS documents it, where MiniStack has it not or not as AWS has.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-nested-stacks.html says what is
checked of a stack that is to be nested. That one which has only been imported is refused, and that
IncludeNestedStacks is, was seen in AWS: https://github.com/go-to-k/cdkd/pull/588.
"""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator_fixture import RunningEmulator
from tests.local.emulator_kit import Stack, deploy, resource, resources, upload

HANDLE = resource("CloudFormation::WaitConditionHandle")
TAGS = [{"Key": "Project", "Value": "back"}]
TABLE = resource(
    "DynamoDB::Table",
    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    BillingMode="PAY_PER_REQUEST",
) | {"DeletionPolicy": "Retain"}


def _kept_table(aws: RunningEmulator) -> str:
    stack = deploy(aws, resources(Table=TABLE))
    table = stack.physical_id("Table")
    stack.delete()
    return table


def _import(aws: RunningEmulator, name: str, found: dict[str, Any], **request: Any) -> tuple[Stack, str]:
    """Import by logical ID; return the stack and why not, empty when it was done."""
    client = aws.client("cloudformation")
    kinds = {
        "TableName": "AWS::DynamoDB::Table",
        "StackId": "AWS::CloudFormation::Stack",
    }
    made = client.create_change_set(
        StackName=name,
        ChangeSetName=f"import-{uuid.uuid4().hex[:8]}",
        ChangeSetType="IMPORT",
        ResourcesToImport=[
            {
                "ResourceType": kinds[next(iter(identifier))],
                "LogicalResourceId": title,
                "ResourceIdentifier": identifier,
            }
            for title, identifier in found.items()
        ],
        **request,
    )
    stack = Stack(aws, made["StackId"])
    described = client.describe_change_set(ChangeSetName=made["Id"])
    if described["Status"] == "FAILED":
        return stack, described["StatusReason"]
    actions = {change["ResourceChange"]["Action"] for change in described["Changes"]}
    assert actions == {"Import"}
    client.execute_change_set(ChangeSetName=made["Id"])
    stack.wait_for("IMPORT_COMPLETE")
    return stack, ""


def _standalone(aws: RunningEmulator, table: str, url: str, *, tagged: bool = True) -> Stack:
    name = f"child-{uuid.uuid4().hex[:8]}"
    stack, _ = _import(aws, name, {"Table": {"TableName": table}}, TemplateURL=url)
    if tagged:
        aws.client("cloudformation").update_stack(
            StackName=stack.stack_id, UsePreviousTemplate=True, Tags=TAGS
        )
        stack.wait_for("UPDATE_COMPLETE")
    return stack


def _nested(url: str, tags: Any = TAGS) -> dict[str, Any]:
    child = resource("CloudFormation::Stack", TemplateURL=url, Tags=tags) | {"DeletionPolicy": "Delete"}
    return resources(Handle=HANDLE, Child=child)


def _nest(aws: RunningEmulator, root: Stack, child: Stack, template: dict[str, Any]) -> str:
    return _import(
        aws, root.stack_id, {"Child": {"StackId": child.stack_id}}, TemplateBody=json.dumps(template)
    )[1]


def stack_is_imported_into_a_root(aws: RunningEmulator) -> None:
    table = _kept_table(aws)
    url = upload(aws, resources(Table=TABLE))
    child, root = _standalone(aws, table, url), deploy(aws, resources(Handle=HANDLE))
    assert _nest(aws, root, child, _nested(url)) == ""
    assert root.physical_id("Child") == child.stack_id
    # An update of the root changes what is in it, and what that keeps outlives both.
    more = resources(Table=TABLE, Handle=HANDLE) | {"Outputs": {"Name": {"Value": {"Ref": "Table"}}}}
    whole = resources(Child=resource("CloudFormation::Stack", TemplateURL=upload(aws, more)))
    root.update(whole | {"Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Name"]}}}})
    assert root.outputs() == {"Name": table}
    root.delete()
    assert child.describe()["StackStatus"] == "DELETE_COMPLETE"
    assert aws.client("dynamodb").describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"


def stack_that_was_only_imported_is_not_nested(aws: RunningEmulator) -> None:
    url = upload(aws, resources(Table=TABLE))
    child = _standalone(aws, _kept_table(aws), url, tagged=False)
    why = _nest(aws, deploy(aws, resources(Handle=HANDLE)), child, _nested(url, []))
    assert why.endswith("is not in an importable status, current stack status is IMPORT_COMPLETE.")


def nested_stack_must_be_what_its_parent_says(aws: RunningEmulator) -> None:
    url = upload(aws, resources(Table=TABLE))
    child, root = _standalone(aws, _kept_table(aws), url), deploy(aws, resources(Handle=HANDLE))
    assert "Tags of resource [Child]" in _nest(aws, root, child, _nested(url, []))
    other = upload(aws, resources(Table=TABLE, Handle=HANDLE))
    assert "template of resource [Child]" in _nest(aws, root, child, _nested(other))


def stack_with_children_is_not_nested(aws: RunningEmulator) -> None:
    grandchild = resource("CloudFormation::Stack", TemplateURL=upload(aws, resources(Handle=HANDLE)))
    template = resources(Child=grandchild)
    child, root = deploy(aws, template), deploy(aws, resources(Handle=HANDLE))
    assert "cannot have any child stacks" in _nest(aws, root, child, _nested(upload(aws, template), []))


def stack_is_not_nested_in_a_stack_that_an_import_makes(aws: RunningEmulator) -> None:
    url = upload(aws, resources(Table=TABLE))
    child = _standalone(aws, _kept_table(aws), url)
    template = resources(Child=_nested(url)["Resources"]["Child"])
    name = f"root-{uuid.uuid4().hex[:8]}"
    _, why = _import(aws, name, {"Child": {"StackId": child.stack_id}}, TemplateBody=json.dumps(template))
    assert "does not exist yet" in why


def import_takes_no_nested_stacks_along(aws: RunningEmulator) -> None:
    name, body = f"new-{uuid.uuid4().hex[:8]}", json.dumps(resources(Table=TABLE))
    with pytest.raises(ClientError, match="IncludeNestedStacks is not supported for changeSet type: IMPORT"):
        _import(
            aws,
            name,
            {"Table": {"TableName": _kept_table(aws)}},
            TemplateBody=body,
            IncludeNestedStacks=True,
        )


def existing_resources_are_told_in_their_schema(aws: RunningEmulator) -> None:
    template = resources(
        Key=resource("KMS::Key", Description="a", KeyPolicy={"Version": "2012-10-17", "Statement": []}),
        Pool=resource("Cognito::UserPool", UsernameAttributes=["email"], DeletionProtection="INACTIVE"),
        Files=resource("S3::Bucket", VersioningConfiguration={"Status": "Enabled"}),
        Table=TABLE,
    )
    template["Resources"]["Table"]["Properties"] |= {
        "TimeToLiveSpecification": {"AttributeName": "end", "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        },
    }
    stack = deploy(aws, template)
    wanted = json.loads(
        json.dumps(template).replace(
            json.dumps({"Fn::GetAtt": ["Key", "Arn"]}),
            json.dumps(aws.client("kms").describe_key(KeyId=stack.physical_id("Key"))["KeyMetadata"]["Arn"]),
        )
    )
    client = aws.client("cloudcontrol")
    for title, each in wanted["Resources"].items():
        told = client.get_resource(TypeName=each["Type"], Identifier=stack.physical_id(title))
        properties = json.loads(told["ResourceDescription"]["Properties"])
        assert {name: properties[name] for name in each["Properties"]} == each["Properties"], title
    with pytest.raises(ClientError, match="was not found"):
        client.get_resource(TypeName="AWS::DynamoDB::Table", Identifier="never-was")


def buckets_have_the_tags_of_their_stack(aws: RunningEmulator) -> None:
    client, name = aws.client("cloudformation"), f"tagged-{uuid.uuid4().hex[:8]}"
    body = json.dumps(resources(Files=resource("S3::Bucket")))
    made = client.create_stack(StackName=name, TemplateBody=body, Tags=TAGS)
    stack = Stack(aws, made["StackId"])
    stack.wait_for("CREATE_COMPLETE")
    bucket = stack.physical_id("Files")
    assert TAGS[0] in aws.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]


CASES = [
    buckets_have_the_tags_of_their_stack,
    stack_is_imported_into_a_root,
    stack_that_was_only_imported_is_not_nested,
    nested_stack_must_be_what_its_parent_says,
    stack_with_children_is_not_nested,
    stack_is_not_nested_in_a_stack_that_an_import_makes,
    import_takes_no_nested_stacks_along,
    existing_resources_are_told_in_their_schema,
]
