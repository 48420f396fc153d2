"""What a running deployment cannot be given any more: another network."""

from __future__ import annotations

from collections.abc import Mapping

from deployer.errors import UsageError

EXISTING = "existing"
_INSTEAD = "destroy it and deploy again, or deploy beside it under another name (--stack)."


def refuse_changes(deployed: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raise UsageError when `wanted` would move the running stack, which has `deployed`, to another VPC.

    A load balancer stays in the VPC that it was made in: CloudFormation would find that out half-way.
    """
    before, after = deployed.get("Egress"), wanted.get("Egress")
    if before is None or after is None:
        return
    if EXISTING in (before, after) and before != after:
        raise UsageError(
            f"Egress cannot be changed from {before} to {after}, which is another network: {_INSTEAD}"
        )
    name = "ExistingVpcId" if after == EXISTING else "VpcCidr"
    if deployed.get(name) != wanted.get(name):
        raise UsageError(f"{name} cannot be changed, {deployed.get(name)} is deployed: {_INSTEAD}")
