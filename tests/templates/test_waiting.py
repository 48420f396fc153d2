"""Waiting is short: what must not wait for what, by the templates' own dependencies."""

from __future__ import annotations

from itertools import product

import pytest

from deployer.cloudformation.durations import durations
from tests.templates import stacks
from tests.templates.test_combinations import CHOICES
from tests.templates.waiting import Step, kind, path_to, report, steps

WAYS_OUT = CHOICES["way out"]
PROVIDERS = CHOICES["single sign-on"]
SLOW_WAYS_OUT = ["nat", "nat-per-zone", "endpoints"]
ORIGIN = "Distribution/VpcOrigin"

STAYS = {
    "encryption": {"Key"},
    "data": {"Table"},
    "auth": {"UserPool", "UserPoolClient"},
    "network": {
        "Vpc", "InternetGateway", "PublicSubnetA", "PublicSubnetB", "PrivateSubnetA", "PrivateSubnetB",
        "NatAddressA", "NatAddressB", "NatGatewayA", "NatGatewayB", "PrivateDefaultRouteA",
        "PrivateDefaultRouteB", "S3Endpoint", "DynamodbEndpoint", "BedrockRuntimeEndpoint",
    },
    "edge": {"InternalLoadBalancer", "PublicLoadBalancer", "AccessLogs", "WebAclAssociation"},
    "firewall": {"WebAcl", "Logging"},
    "distribution": {"VpcOrigin", "Distribution"},
    "build": {"Repository"},
    "service": {"Cluster", "Service", "LogGroup"},
}  # fmt: skip
"""What an upgrade must find where it was: moved to another stack, or renamed, it is made again.

Some of that loses data or people's address. A web ACL's association and its logging would be made first where
they are new, and then be taken off the same load balancer and the same ACL where they were.
"""


def stacks_on_the_way(step: Step) -> list[str]:
    """The stacks of the chain to a step, each once, in order."""
    return list(dict.fromkeys(each.stack for each in path_to(step)))


def waits_for(made: dict[str, Step], title: str) -> set[str]:
    """The stacks that a stack takes something from, by the root's rendition."""
    assert any(step.stack == title for step in made.values())
    return stacks.siblings(stacks.stack("root")["Resources"][title])


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_the_chain_can_be_read(way_out: str, capsys: pytest.CaptureFixture[str]) -> None:
    print(report(WAYS_OUT[way_out]))
    lines = capsys.readouterr().out.splitlines()
    assert ORIGIN in "".join(lines)
    assert lines[1].split()[0] == "0:10"


def test_the_network_waits_for_nothing() -> None:
    assert waits_for(steps({}), "Network") == set()


@pytest.mark.parametrize(
    ("way_out", "provider"),
    [pair for pair in product(SLOW_WAYS_OUT, PROVIDERS) if pair[0] != "endpoints" or pair[1] == "off"],
)
def test_cloudfronts_way_in_begins_as_soon_as_there_is_a_load_balancer(way_out: str, provider: str) -> None:
    """It takes longest by far: before it stand the network and the load balancer, and nothing else."""
    origin = steps({**WAYS_OUT[way_out], **PROVIDERS[provider]})[ORIGIN]
    assert stacks_on_the_way(origin) == ["Network", "Edge", "Distribution"]
    assert origin.after
    assert origin.after.stack == "Edge"


@pytest.mark.parametrize("way_out", ["none", "existing"])
def test_where_the_network_is_there_at_once_the_firewall_is_last(way_out: str) -> None:
    """It waits for the key because of its log, which cannot move: see STAYS. Without a key it does not."""
    chosen = WAYS_OUT[way_out]
    assert stacks_on_the_way(steps(chosen)[ORIGIN]) == ["Encryption", "Firewall", "Edge", "Distribution"]
    without = steps({**chosen, "EncryptionKey": "aws", "UseFirewall": "no"})[ORIGIN]
    assert set(stacks_on_the_way(without)) <= {"Network", "Edge", "Distribution"}


def test_nothing_waits_for_the_record_of_connections() -> None:
    root = stacks.stack("root")["Resources"]
    assert not [title for title, child in root.items() if "FlowLogs" in stacks.siblings(child)]


def test_only_single_sign_on_waits_for_the_address_of_cloudfront() -> None:
    for chosen in (PROVIDERS["off"], PROVIDERS["saml"]):
        made = steps(chosen)
        service_begins_with = stacks_on_the_way(made["Service/Cluster"])
        assert ("Distribution" in service_begins_with) == bool(chosen)


def test_a_step_begins_when_the_last_that_it_waits_for_ends() -> None:
    made = steps({})
    listener, balancer = made["Edge/InternalListener"], made["Edge/InternalLoadBalancer"]
    assert listener.after == balancer
    assert listener.begins == balancer.ends
    seconds = durations()["AWS::ElasticLoadBalancingV2::LoadBalancer"]["seconds"]
    assert balancer.ends - balancer.begins == seconds
    first = made["Edge/AccessLogs"]
    network_ends = max(step.ends for step in made.values() if step.stack == "Network")
    assert first.begins == network_ends + durations()["stack"]


def test_every_duration_has_its_source_and_something_that_takes_it() -> None:
    table = {name: entry for name, entry in durations().items() if isinstance(entry, dict)}
    made = {
        kind(resource) for name in stacks.names() for resource in stacks.stack(name)["Resources"].values()
    }
    assert table.keys() <= made
    assert all(entry["source"] and entry["seconds"] > 0 for entry in table.values())


@pytest.mark.parametrize("name", STAYS)
def test_what_an_upgrade_must_not_make_again_is_where_it_was(name: str) -> None:
    assert STAYS[name] <= stacks.stack(name)["Resources"].keys()
