"""The GitHub stack's template for one deployment: the roles, with what the deployer's policies allow."""

from __future__ import annotations

import json
from typing import Any

from deployer.offline import policy

HERE = "{region}:{account}"


def planning(stack: str) -> dict[str, Any]:
    """What `plan --from-templates` asks, and nothing that changes, uploads or reads data.

    Whoever can push a branch runs code with it. No change set either: one that is left stands in a
    deployment's way, and its templates would have to go into the bucket that deployments read theirs from.
    """
    stacks = [f"arn:aws:cloudformation:{HERE}:stack/{name}/*" for name in (stack, f"{stack}-*")]
    looking = [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeManagedPrefixLists",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcEndpointServices",
    ]
    reading = [
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "cloudformation:ListChangeSets",
        "cloudformation:ListStackResources",
    ]
    here = {"StringEquals": {"aws:RequestedRegion": "{region}"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Stacks", "Effect": "Allow", "Action": reading, "Resource": stacks, "Condition": here},
            # These take no resource.
            {"Sid": "Network", "Effect": "Allow", "Action": looking, "Resource": ["*"], "Condition": here},
        ],
    }


def template(stack: str, existing_pool: str = "") -> dict[str, Any]:
    """The template of the GitHub stack for the deployment of that name."""
    # Imported late: it takes troposphere along.
    from templates.stacks import github

    return json.loads(github.template(policy.policies(stack, existing_pool), planning(stack)).to_json())
