"""The firewall: who is turned away, by an address that a client cannot make up."""

from __future__ import annotations

import pytest

from templates.parts.viewer_address import HEADER
from templates.stacks.distribution import VIEWER_ADDRESS_CODE
from tests.templates import stacks
from tests.templates.rendition import rendition
from tests.templates.stacks import Json

RULES_ON_BODIES = {
    "SizeRestrictions_BODY", "CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY",
    "GenericRFI_BODY", "JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY",
}  # fmt: skip
"""All that AWS's two baseline groups are documented to have:
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html"""


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


@pytest.mark.parametrize(("front_door", "groups"), [("cloudfront", 2), ("domain", 3), ("http", 3)])
def test_of_awss_rules_those_on_what_people_write_are_softened(front_door: str, groups: int) -> None:
    managed = [rule for rule in rules(front_door).values() if "OverrideAction" in rule]
    assert len(managed) == groups
    softened = set()
    for group in managed:
        assert group["OverrideAction"] == {"None": {}}
        overrides = group["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides", [])
        softened |= {override["Name"] for override in overrides}
        assert all(override["ActionToUse"] == {"Count": {}} for override in overrides)
    # The load balancer's own cookies are random, and some of them look like a script.
    assert softened == RULES_ON_BODIES | {"CrossSiteScripting_COOKIE"}


@pytest.mark.parametrize(("front_door", "stands"), [("cloudfront", False), ("domain", True), ("http", True)])
def test_bad_addresses_are_turned_away_where_the_firewall_sees_them(front_door: str, stands: bool) -> None:
    """AWS's list knows the address of the connection alone: behind CloudFront that is CloudFront's."""
    assert ("AWSManagedRulesAmazonIpReputationList" in rules(front_door)) == stands


def test_cookies_are_not_logged() -> None:
    logging = stacks.properties(stacks.stack("firewall"), "Logging")
    assert logging["RedactedFields"] == [{"SingleHeader": {"Name": "cookie"}}]


def test_what_people_wrote_is_not_logged_as_what_a_rule_found() -> None:
    acl = stacks.properties(stacks.stack("firewall"), "WebAcl")
    protected = {
        (data["Field"]["FieldType"], *data["Field"].get("FieldKeys", [])): data
        for data in acl["DataProtectionConfig"]["DataProtections"]
    }
    assert set(protected) == {("BODY",), ("SINGLE_HEADER", "cookie")}
    for data in protected.values():
        assert data["Action"] == "SUBSTITUTION"
        assert "ExcludeRuleMatchDetails" not in data


def test_the_firewall_exists_when_asked_for() -> None:
    for choice in ("yes", "no"):
        found = rendition(stacks.stack("root"), UseFirewall=choice)["Resources"]
        assert ("Firewall" in found) == (choice == "yes")


@pytest.mark.parametrize(
    ("front_door", "balancer"), [("cloudfront", "InternalLoadBalancer"), ("domain", "PublicLoadBalancer")]
)
def test_the_web_acl_is_there_for_minutes_before_the_load_balancer_gets_it(
    front_door: str, balancer: str
) -> None:
    """AWS WAF often says of a web ACL that was just created that it is unavailable."""
    arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/chat/1"
    edge = rendition(stacks.stack("edge"), FrontDoor=front_door, WebAclArn=arn)
    (association,) = stacks.of_type(edge, "AWS::WAFv2::WebACLAssociation").values()
    assert association["Properties"]["ResourceArn"] == {"Ref": balancer}
    without = rendition(stacks.stack("edge"), FrontDoor=front_door, WebAclArn="")
    assert not stacks.of_type(without, "AWS::WAFv2::WebACLAssociation")
    # It begins with nothing of the load balancer's, so that it is not created after it.
    assert "Edge" not in stacks.siblings(stacks.stack("root")["Resources"]["Firewall"])
