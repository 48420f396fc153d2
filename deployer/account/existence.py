"""Whether what AWS still lists is still there: tags outlive by minutes or hours what they are on."""

from __future__ import annotations

import re
from collections.abc import Callable

from botocore.exceptions import ClientError

from deployer.account.empty import bucket_exists, repository_exists
from deployer.errors import error_code
from deployer.session import Aws


def exists(aws: Aws, arn: str) -> bool:
    """Whether it is there and stays; of a service that is not asked here, that is taken to be so.

    What costs nothing any more and goes by itself does not count: a key that waits for its deletion, a
    cluster, service or task definition that ECS remembers as inactive.
    """
    ask = _ASK.get(arn.split(":")[2])
    if ask is None:
        return True
    try:
        return ask(aws, arn)
    except ClientError as error:
        # Whoever may not ask does not know, and then it is named rather than passed over.
        return not _says_gone(error_code(error))


def last_name(identity: str) -> str:
    """What the ARN and the physical id of a resource both end in: a table's name, a pool's or a key's id."""
    return re.split("[:/]", identity)[-1]


def name_of(arn: str) -> str:
    """What follows the kind in an ARN, or the whole of it where there is no kind."""
    resource = arn.split(":", 5)[5]
    return resource.partition("/")[2] or resource


def _says_gone(code: str) -> bool:
    return code.startswith("NoSuch") or code.endswith(
        ("NotFound", "NotFoundException", "NotFoundFault", "404")
    )


def _key(aws: Aws, arn: str) -> bool:
    return aws.kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] != "PendingDeletion"


def _table(aws: Aws, arn: str) -> bool:
    return aws.dynamodb.describe_table(TableName=name_of(arn))["Table"]["TableStatus"] != "DELETING"


def _pool(aws: Aws, arn: str) -> bool:
    return bool(aws.cognito.describe_user_pool(UserPoolId=name_of(arn)))


def _in_ec2(aws: Aws, arn: str) -> bool:
    """EC2 forgets the tags of what is deleted; a NAT gateway it remembers for an hour."""
    name = name_of(arn)
    if name.startswith("nat-"):
        [gateway] = aws.ec2.describe_nat_gateways(NatGatewayIds=[name])["NatGateways"]
        return gateway["State"] != "deleted"
    return bool(aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [name]}])["Tags"])


def _in_ecs(aws: Aws, arn: str) -> bool:
    kind, _, name = arn.split(":", 5)[5].partition("/")
    if kind == "task-definition":
        return aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["status"] == "ACTIVE"
    if kind == "service":
        found = aws.ecs.describe_services(cluster=name.partition("/")[0], services=[arn])["services"]
    elif kind == "cluster":
        found = aws.ecs.describe_clusters(clusters=[arn])["clusters"]
    else:  # a task, which ends with its service
        return False
    return any(each["status"] != "INACTIVE" for each in found)


def _log_group(aws: Aws, arn: str) -> bool:
    name = arn.split(":", 6)[6].removesuffix(":*")
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(each["logGroupName"] == name for each in found)


def _in_cloudfront(aws: Aws, arn: str) -> bool:
    kind, _, name = arn.split(":", 5)[5].partition("/")
    cloudfront = aws.client("cloudfront")
    if kind == "distribution":
        return bool(cloudfront.get_distribution(Id=name))
    return bool(cloudfront.get_vpc_origin(Id=name)) if kind == "vpcorigin" else True


def _secret(aws: Aws, arn: str) -> bool:
    return "DeletedDate" not in aws.client("secretsmanager").describe_secret(SecretId=arn)


def _load_balancing(aws: Aws, arn: str) -> bool:
    return bool(aws.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"])


_ASK: dict[str, Callable[[Aws, str], bool]] = {
    "cloudformation": lambda _aws, _arn: False,  # a stack's record of itself; the stacks are looked at anyway
    "cloudfront": _in_cloudfront,
    "cognito-idp": _pool,
    "dynamodb": _table,
    "ec2": _in_ec2,
    "ecr": lambda aws, arn: repository_exists(aws.ecr, name_of(arn)),
    "ecs": _in_ecs,
    "elasticloadbalancing": _load_balancing,
    "kms": _key,
    "logs": _log_group,
    "s3": lambda aws, arn: bucket_exists(aws.s3, name_of(arn)),
    "secretsmanager": _secret,
}
