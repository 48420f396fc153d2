"""The policies in a flattened template, with made-up names where only AWS could know them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from deployer.cloudformation.intrinsics import Json
from tests.templates.stacks import of_type

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "asistente",
    "AWS::URLSuffix": "amazonaws.com",
}
HERE = "us-east-1:123456789012"
ELB = f"arn:aws:elasticloadbalancing:{HERE}"
ARNS = {
    "AWS::CodeBuild::Project": f"arn:aws:codebuild:{HERE}:project/{{name}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{HERE}:table/{{name}}",
    "AWS::ECR::Repository": f"arn:aws:ecr:{HERE}:repository/{{name}}",
    "AWS::ElasticLoadBalancingV2::Listener": f"{ELB}:listener/app/lb/1/{{name}}",
    "AWS::ElasticLoadBalancingV2::ListenerRule": f"{ELB}:listener-rule/app/lb/1/2/{{name}}",
    "AWS::ElasticLoadBalancingV2::TargetGroup": f"{ELB}:targetgroup/{{name}}/1",
    "AWS::KMS::Key": f"arn:aws:kms:{HERE}:key/{{name}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{HERE}:log-group:{{name}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{HERE}:secret:{{name}}-AbCdEf",
}
REFERENCE_IS_ARN = {
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::SecretsManager::Secret",
}
VARIABLE = re.compile(r"\$\{([^}]+)\}")


def policies(template: Json) -> Iterator[tuple[str, Json]]:
    """The logical ID of each role with what it says itself as one document, and of each managed policy."""
    for title, role in of_type(template, "AWS::IAM::Role").items():
        own = [policy["PolicyDocument"] for policy in role["Properties"].get("Policies", [])]
        if own:
            yield title, _document(template, own)
    for title, policy in of_type(template, "AWS::IAM::ManagedPolicy").items():
        yield title, _document(template, [policy["Properties"]["PolicyDocument"]])


def _document(template: Json, documents: Iterable[Json]) -> Json:
    statements = [statement for each in documents for statement in each["Statement"]]
    return {"Version": "2012-10-17", "Statement": _concrete(template, statements)}


def _concrete(template: Json, value: Any) -> Any:
    """`value` without functions. Raises KeyError for one that it does not know, or an unknown type."""
    match value:
        case list():
            return [_concrete(template, item) for item in value]
        case {"Ref": name}:
            return PSEUDO.get(name) or _reference(template, name)
        case {"Fn::GetAtt": [name, "Arn"]}:
            return ARNS[template["Resources"][name]["Type"]].format(name=name.lower())
        case {"Fn::Sub": [text, variables]}:
            return _substituted(text, _concrete(template, variables))
        case {"Fn::Sub": str(text)}:
            return _substituted(text, {})
        case dict():
            return {key: _concrete(template, item) for key, item in value.items()}
    return value


def _reference(template: Json, name: str) -> str:
    cfn_type = template["Resources"][name]["Type"]
    return ARNS[cfn_type].format(name=name.lower()) if cfn_type in REFERENCE_IS_ARN else name.lower()


def _substituted(text: str, variables: dict[str, str]) -> str:
    return VARIABLE.sub(lambda match: str((PSEUDO | variables)[match[1]]), text)
