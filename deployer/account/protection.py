"""Whether a stack may be deleted at all; found out before anything of it is emptied or deleted."""

from __future__ import annotations

from deployer.cloudformation import stack
from deployer.cloudformation.inventory import inventory
from deployer.errors import UsageError
from deployer.session import Aws

LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
ATTRIBUTE = "deletion_protection.enabled"


def require_none(aws: Aws, found: stack.Description) -> None:
    """Raise UsageError, which says how to end it, when the stack or a load balancer in it is protected."""
    if found.get("EnableTerminationProtection"):
        name = found["StackName"]
        raise UsageError(
            f"{name} is protected from deletion. To end that: `aws cloudformation "
            f"update-termination-protection --no-enable-termination-protection --stack-name {name}`."
        )
    for resource in inventory(aws.cloudformation, found["StackId"]):
        if resource.kind == LOAD_BALANCER and _is_protected(aws, resource.physical_id):
            raise UsageError(
                f"{resource.path} is protected from deletion: deploy once more with ProtectFrontDoor=no. "
                "If that cannot be deployed: `aws elbv2 modify-load-balancer-attributes --attributes "
                f"Key={ATTRIBUTE},Value=false --load-balancer-arn {resource.physical_id}`."
            )


def _is_protected(aws: Aws, load_balancer: str) -> bool:
    try:
        answer = aws.elb.describe_load_balancer_attributes(LoadBalancerArn=load_balancer)
    except aws.elb.exceptions.LoadBalancerNotFoundException:
        return False
    return {"Key": ATTRIBUTE, "Value": "true"} in answer["Attributes"]
