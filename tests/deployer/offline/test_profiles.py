"""What profiles promise: docs/security.md of an account with rules, and each one's own comment."""

from __future__ import annotations

import pytest

from deployer.offline.profiles import checked, flat, load
from templates.parameters import Parameters
from templates.wiring import groups

DATA, ALARMS = "Data, logs and protection", "Alarms, budget and measurements"
SAYS_NOTHING = {"AlarmEmail", "MonthlyBudget"}
"""Of these groups: whom to tell and of how much money, no rule asks."""
STRICTEST = {
    "FrontDoor": "domain",
    "UseFirewall": "yes",
    "KeepData": "yes",
    "ProtectFrontDoor": "yes",
    "EncryptionKey": "own",
    "LogRetentionDays": "365",
    "ContainerInsights": "enabled",
}


def types(profile: str) -> set[str]:
    """The types of all resources that a profile makes."""
    template, _ = flat(load()[profile])
    return {resource["Type"] for resource in template["Resources"].values()}


def test_own_domain_has_all_the_protection_that_parameters_can_give() -> None:
    """A new parameter of these groups has to be thought of here, and in the profile."""
    arranged = groups(Parameters)
    protection = {each.name for title in (DATA, ALARMS) for each in arranged[title]} - SAYS_NOTHING
    assert protection <= STRICTEST.keys()
    chosen = checked(load()["own-domain"])
    assert {name: chosen[name] for name in STRICTEST} == STRICTEST


@pytest.mark.parametrize("profile", ["own-domain", "everything"])
def test_what_protects_is_in_the_resources_too(profile: str) -> None:
    template, _ = flat(load()[profile])
    by_type = {resource["Type"]: resource for resource in template["Resources"].values()}
    load_balancer = by_type["AWS::ElasticLoadBalancingV2::LoadBalancer"]["Properties"]
    protected = {"Key": "deletion_protection.enabled", "Value": "true"}
    assert protected in load_balancer["LoadBalancerAttributes"]
    assert by_type["AWS::DynamoDB::Table"]["DeletionPolicy"] == "Retain"
    assert {"Name": "containerInsights", "Value": "enabled"} in by_type["AWS::ECS::Cluster"]["Properties"][
        "ClusterSettings"
    ]
    kept = {
        str(resource["Properties"]["RetentionInDays"])
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Logs::LogGroup"
    }
    assert kept == {"365"}


def test_private_has_no_way_to_the_internet() -> None:
    template, values = flat(load()["private"])
    assert "AWS::EC2::NatGateway" not in types("private")
    routes = {title for title, each in template["Resources"].items() if each["Type"] == "AWS::EC2::Route"}
    assert routes == {"NetworkPublicDefaultRoute"}
    assert values["Egress"] == "endpoints"


def test_cheapest_has_one_task_no_gateway_and_no_firewall() -> None:
    assert not {"AWS::EC2::NatGateway", "AWS::WAFv2::WebACL"} & types("cheapest")
    assert checked(load()["cheapest"])["TaskCount"] == "1"


def test_everything_has_every_type_that_another_profile_has() -> None:
    """But for what belongs to another front door or another way out."""
    elsewhere = types("own-domain") | types("private") | types("default")
    instead = {"AWS::CertificateManager::Certificate", "AWS::Route53::RecordSet"}
    assert elsewhere - types("everything") <= instead
