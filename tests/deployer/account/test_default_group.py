"""The default security group of our VPC has no rules after a deployment; another VPC's keeps its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from deployer.commands import deploy
from deployer.options import Options
from tests.emulator_fixture import RunningEmulator


def _default_group(aws: RunningEmulator, vpc: str) -> dict[str, object]:
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = aws.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return group


@pytest.mark.slow
def test_the_default_group_of_our_vpc_is_closed(
    aws: RunningEmulator, stack_name: str, tmp_path: Path
) -> None:
    ec2 = aws.client("ec2")
    another = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    before = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}
    options = Options(stack=stack_name, parameters={"KeepData": "no"}, out=tmp_path)
    deploy.run(options, Console(quiet=True))
    (ours,) = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]} - before
    group = _default_group(aws, ours)
    assert group["IpPermissions"] == group["IpPermissionsEgress"] == []
    assert _default_group(aws, another)["IpPermissionsEgress"]
