"""The strategy of deployments changes in place, and what ECS has done at the load balancer stays.

The emulator knows no weights: of a rule it keeps the one target group that gets the requests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.emulator_fixture import RunningEmulator
from tests.templates.command_line import deployer

STACK = "strategy"


@pytest.mark.slow
def test_the_strategy_changes_in_place(emulator: RunningEmulator, tmp_path: Path) -> None:
    def deploy(**chosen: str) -> dict[str, Any]:
        lines = "".join(f'{key} = "{value}"\n' for key, value in ({"KeepData": "no"} | chosen).items())
        file = tmp_path / "parameters.toml"
        file.write_text(f'stack = "{STACK}"\n[parameters]\n{lines}')
        deployer(emulator, "deploy", file)
        return _service(emulator)

    rolling = deploy()
    assert rolling["deploymentConfiguration"]["strategy"] == "ROLLING"
    assert _served(emulator) == []

    canary = deploy(DeploymentStrategy="canary")
    assert canary["deploymentConfiguration"]["strategy"] == "CANARY"
    assert canary["serviceArn"] == rolling["serviceArn"]
    (balancer,) = canary["loadBalancers"]
    first, second = balancer["targetGroupArn"], balancer["advancedConfiguration"]["alternateTargetGroupArn"]
    assert first == rolling["loadBalancers"][0]["targetGroupArn"]
    assert _served(emulator) == [first]

    # As ECS does at a deployment; nobody may be sent back by the next one's other changes.
    _shift(emulator, second)
    again = deploy(DeploymentStrategy="blue-green", TaskCount="1", LogRetentionDays="7")
    assert again["deploymentConfiguration"]["strategy"] == "BLUE_GREEN"
    assert _served(emulator) == [second]

    back = deploy()
    assert back["serviceArn"] == rolling["serviceArn"]
    assert "advancedConfiguration" not in back["loadBalancers"][0]
    assert _served(emulator) == []
    deployer(emulator, "destroy", tmp_path / "parameters.toml")


def _service(emulator: RunningEmulator) -> dict[str, Any]:
    outputs = emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    value = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    (found,) = emulator.client("ecs").describe_services(
        cluster=value["ClusterName"], services=[value["ServiceName"]]
    )["services"]
    return found


def _rules(emulator: RunningEmulator) -> list[dict[str, Any]]:
    """The rules of every listener that are not its default."""
    elb = emulator.client("elbv2")
    return [
        rule
        for balancer in elb.describe_load_balancers()["LoadBalancers"]
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        if not rule["IsDefault"]
    ]


def _served(emulator: RunningEmulator) -> list[str]:
    """The target group of each such rule."""
    return [rule["Actions"][0]["TargetGroupArn"] for rule in _rules(emulator)]


def _shift(emulator: RunningEmulator, target_group: str) -> None:
    (rule,) = _rules(emulator)
    action = {"Type": "forward", "TargetGroupArn": target_group}
    emulator.client("elbv2").modify_rule(RuleArn=rule["RuleArn"], Actions=[action])
