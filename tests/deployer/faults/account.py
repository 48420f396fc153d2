"""Everything that there is in the emulator's account, by the services' own lists and not by tag or stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Client = Callable[[str], Any]
NESTED = re.compile(r":changeSet/deploy-[0-9a-f-]{36}-")
"""The name of a nested change set is its root's, and more."""
CARRIED_OUT = ("EXECUTE_COMPLETE", "EXECUTE_FAILED")
"""Of such a change set nothing comes any more, says DescribeChangeSet's page."""
OF_THE_ACCOUNT = ("AWSServiceRoleFor", "oidc-provider/token.actions.githubusercontent.com")
"""One for the whole account, which stays for whoever else uses it; the commands say when they make one."""


def everything(client: Client) -> set[str]:
    """Each thing as `kind name`."""
    return {
        f"{kind} {name}"
        for kind, names in _LISTS.items()
        for name in names(client)
        if not any(each in name for each in OF_THE_ACCOUNT)
    }


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def _stacks(client: Client) -> Iterator[str]:
    for each in _pages(client("cloudformation"), "list_stacks", "StackSummaries"):
        if each["StackStatus"] != "DELETE_COMPLETE":
            yield each["StackName"]


def _change_sets(client: Client) -> Iterator[str]:
    """Those of root stacks that could be carried out: a nested one goes with its root's."""
    cloudformation = client("cloudformation")
    for name in _stacks(client):
        for each in _pages(cloudformation, "list_change_sets", "Summaries", StackName=name):
            if each.get("ExecutionStatus") not in CARRIED_OUT and not NESTED.search(each["ChangeSetId"]):
                yield each["ChangeSetId"]


def _keys(client: Client) -> Iterator[str]:
    kms = client("kms")
    for each in _pages(kms, "list_keys", "Keys"):
        key = kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]
        if key["KeyState"] != "PendingDeletion" and key["KeyManager"] == "CUSTOMER":
            yield each["KeyId"]


def _clusters(client: Client) -> Iterator[str]:
    ecs = client("ecs")
    arns = ecs.list_clusters()["clusterArns"]
    found = ecs.describe_clusters(clusters=arns)["clusters"] if arns else []
    yield from (each["clusterName"] for each in found if each["status"] != "INACTIVE")


_LISTS: dict[str, Callable[[Client], Iterator[str]]] = {
    "stack": _stacks,
    "change set": _change_sets,
    "bucket": lambda client: (each["Name"] for each in client("s3").list_buckets()["Buckets"]),
    "table": lambda client: _pages(client("dynamodb"), "list_tables", "TableNames"),
    "pool": lambda client: (
        each["Id"] for each in _pages(client("cognito-idp"), "list_user_pools", "UserPools", MaxResults=60)
    ),
    "key": _keys,
    "cluster": _clusters,
    "queue": lambda client: (
        each.rpartition("/")[2] for each in client("sqs").list_queues().get("QueueUrls", [])
    ),
    "repository": lambda client: (
        each["repositoryName"] for each in client("ecr").describe_repositories()["repositories"]
    ),
    "balancer": lambda client: (
        each["LoadBalancerArn"] for each in client("elbv2").describe_load_balancers()["LoadBalancers"]
    ),
    "network": lambda client: (each["VpcId"] for each in client("ec2").describe_vpcs()["Vpcs"]),
    "parameter": lambda client: (
        each["Name"] for each in _pages(client("ssm"), "describe_parameters", "Parameters")
    ),
    "log group": lambda client: (
        each["logGroupName"] for each in _pages(client("logs"), "describe_log_groups", "logGroups")
    ),
    "role": lambda client: (each["RoleName"] for each in _pages(client("iam"), "list_roles", "Roles")),
    "policy": lambda client: (
        each["PolicyName"] for each in _pages(client("iam"), "list_policies", "Policies", Scope="Local")
    ),
    "provider": lambda client: (
        each["Arn"] for each in client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    ),
}
