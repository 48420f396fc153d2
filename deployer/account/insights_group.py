"""The log group that Container Insights makes for a cluster: no stack has it, so no stack deletes it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference-performance-logs-ECS.html
"""

from __future__ import annotations

from collections.abc import Iterable

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deployer.cloudformation.inventory import Resource
from deployer.console import say
from deployer.errors import error_code, explain
from deployer.session import Aws

CLUSTER = "AWS::ECS::Cluster"


def remove(aws: Aws, gone: Iterable[Resource], console: Console) -> None:
    """Delete those of clusters that are gone; what cannot be deleted is said."""
    for cluster in (each.physical_id for each in gone if each.kind == CLUSTER):
        name = f"/aws/ecs/containerinsights/{cluster}/performance"
        try:
            aws.client("logs").delete_log_group(logGroupName=name)
        except (BotoCoreError, ClientError) as error:
            if not (isinstance(error, ClientError) and error_code(error) == "ResourceNotFoundException"):
                say(console, f"The log group {name} stays: {explain(error)}", "yellow")
        else:
            say(console, f"Deleted the log group {name}, which ECS had made.")
