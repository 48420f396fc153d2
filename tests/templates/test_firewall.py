"""The firewall: who is turned away, by an address that a client cannot make up."""

from __future__ import annotations

import pytest

from templates.distribution import VIEWER_ADDRESS_CODE
from templates.viewer_address import HEADER
from tests.templates import stacks
from tests.templates.rendition import rendition
from tests.templates.stacks import Json


def rules(front_door: str = "cloudfront", **lists: str) -> dict[str, Json]:
    given = {"IsLimitedToAddresses": "no", "IsLimitedToCountries": "no", "KeyArn": ""} | lists
    template = rendition(stacks.stack("firewall"), FrontDoor=front_door, **given)
    return {rule["Name"]: rule for rule in stacks.properties(template, "WebAcl")["Rules"]}


def test_lists_exist_when_asked_for() -> None:
    assert not {"OnlyAllowedAddresses", "OnlyAllowedCountries"} & rules().keys()
    limited = rules(IsLimitedToAddresses="yes", IsLimitedToCountries="yes")
    for name in ("OnlyAllowedAddresses", "OnlyAllowedCountries"):
        assert limited[name]["Action"] == {"Block": {}}
        assert "NotStatement" in limited[name]["Statement"]


def test_every_rule_has_its_own_priority() -> None:
    found = rules(IsLimitedToAddresses="yes", IsLimitedToCountries="yes").values()
    assert len({rule["Priority"] for rule in found}) == len(found)


@pytest.mark.asvs("4.1.3", "6.3.1", "15.3.4")
def test_behind_cloudfront_addresses_come_from_the_distributions_header_alone() -> None:
    found = rules("cloudfront", IsLimitedToAddresses="yes", IsLimitedToCountries="yes")
    headers = {
        value["HeaderName"]
        for value in stacks.walk(found)
        if isinstance(value, dict) and "HeaderName" in value
    }
    assert headers == {HEADER}
    assert f"headers['{HEADER}'] = {{value: event.viewer.ip}}" in VIEWER_ADDRESS_CODE
    assert found["RateLimit"]["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "FORWARDED_IP"


def test_every_request_passes_the_function_that_sets_the_header() -> None:
    config = stacks.properties(stacks.stack("distribution"), "Distribution")["DistributionConfig"]
    for behavior in [config["DefaultCacheBehavior"], *config["CacheBehaviors"]]:
        (association,) = behavior["FunctionAssociations"]
        assert association["EventType"] == "viewer-request"
        assert association["FunctionARN"] == {"Fn::GetAtt": ["ViewerAddress", "FunctionARN"]}


@pytest.mark.asvs("6.3.1")
def test_who_asks_too_often_is_turned_away() -> None:
    rule = rules()["RateLimit"]
    assert rule["Action"] == {"Block": {}}
    assert rule["Statement"]["RateBasedStatement"]["Limit"]


@pytest.mark.parametrize("front_door", ["domain", "http"])
def test_a_public_load_balancer_believes_no_header(front_door: str) -> None:
    found = rules(front_door, IsLimitedToAddresses="yes", IsLimitedToCountries="yes")
    assert not [value for value in stacks.walk(found) if isinstance(value, dict) and "HeaderName" in value]
    assert found["RateLimit"]["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"


def test_of_awss_rules_only_those_on_bodies_are_softened() -> None:
    groups = [rule for rule in rules().values() if "OverrideAction" in rule]
    assert len(groups) == 3
    for group in groups:
        assert group["OverrideAction"] == {"None": {}}
        overrides = group["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides", [])
        assert all(override["Name"].endswith("_BODY") for override in overrides)


def test_cookies_are_not_logged() -> None:
    logging = stacks.properties(stacks.stack("firewall"), "Logging")
    assert logging["RedactedFields"] == [{"SingleHeader": {"Name": "cookie"}}]


def test_the_firewall_exists_when_asked_for() -> None:
    for choice in ("yes", "no"):
        found = rendition(stacks.stack("root"), UseFirewall=choice)["Resources"]
        assert ("Firewall" in found) == (choice == "yes")
