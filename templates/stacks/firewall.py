"""The firewall stack: the web ACL of AWS WAF that the load balancer stands behind, and what it logs.

A web ACL for CloudFront would have to live in us-east-1; one on the load balancer works in every region, and
behind CloudFront the load balancer has no other way in. There it knows people's addresses from the header
that the distribution sets, whatever a client sends: WAF reads the first address of a header, and the
first one in X-Forwarded-For is the client's own invention. AWS's list of addresses with a bad reputation
reads no header at all, so it stands only where people connect to the load balancer themselves.
"""

from __future__ import annotations

from typing import Any

from troposphere import (
    Equals,
    If,
    NoValue,
    Select,
    Split,
    StackId,
    Sub,
    Template,
    logs,
    wafv2,
)

from templates.parameters import handed_on
from templates.parts import viewer_address
from templates.parts.own_key import own_key
from templates.parts.permissions import arn
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

WINDOW_SECONDS = 300
LOG_GROUP_PREFIX = "aws-waf-logs-"
"""AWS WAF delivers only to log groups whose names begin so."""
AWS = "AWS"

NO_OVERRIDE: dict[str, Any] = {"None": {}}

# A chat carries code, addresses and long texts: in a body none of that is an attack. These are all the rules
# on bodies that the groups have. Those on paths, queries and headers stay: there the app puts nothing but
# identifiers. Of cookies only what may look like a script counts no more: the load balancer's own are random.
COUNTED = {
    "AWSManagedRulesCommonRuleSet": [
        "SizeRestrictions_BODY",  # over 8 KiB: each event carries the conversation that the page shows
        "CrossSiteScripting_COOKIE",  # +on…= in an AWSALB cookie, which changes with every answer
        "CrossSiteScripting_BODY",  # HTML and JavaScript to ask about
        "EC2MetaDataSSRF_BODY",  # 169.254.169.254, as in any guide to AWS
        "GenericLFI_BODY",  # ../ in an import or a shell command
        "GenericRFI_BODY",  # a link to an address in numbers
    ],
    "AWSManagedRulesKnownBadInputsRuleSet": [
        "JavaDeserializationRCE_BODY",  # Runtime.getRuntime() in Java to ask about
        "Log4JRCE_BODY",  # ${jndi: in a question on security
        "ReactJSRCE_BODY",  # an object of JavaScript like those of CVE-2025-55182
    ],
}
"""The groups, and in each the rules that only count:
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html"""
BAD_REPUTATION = "AWSManagedRulesAmazonIpReputationList"
"""By the address of the connection alone, which behind CloudFront is one of CloudFront's:
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-ip-rep.html"""


@seam
class Inputs:
    front_door: Value = handed_on()
    rate_limit: Value = handed_on("Number")
    allowed_addresses: Value = handed_on("CommaDelimitedList")
    is_limited_to_addresses: Value = parameter(
        "String", "Whether there are such addresses.", AllowedValues=["yes", "no"]
    )
    allowed_countries: Value = handed_on("CommaDelimitedList")
    is_limited_to_countries: Value = parameter(
        "String", "Whether there are such countries.", AllowedValues=["yes", "no"]
    )
    key_arn: Value = parameter("String", "Key for the log; empty for AWS's own.")
    log_retention_days: Value = handed_on("Number")


@seam
class Outputs:
    web_acl_arn: Value = output("The web ACL of the load balancer.")


def template() -> Template:
    """The rules, in the order in which a request meets them."""
    t = new_template("Asistente - firewall: AWS WAF on the load balancer.")
    inputs = declare(t, Inputs)
    behind_cloudfront = t.add_condition("HasCloudFront", Equals(inputs.front_door, "cloudfront"))
    acl = wafv2.WebACL(
        "WebAcl",
        t,
        Scope="REGIONAL",
        DefaultAction=wafv2.DefaultAction(Allow=wafv2.AllowAction()),
        VisibilityConfig=_visibility("WebAcl"),
        DataProtectionConfig=wafv2.DataProtectionConfig(
            DataProtections=[_unlogged("BODY"), _unlogged("SINGLE_HEADER", "cookie")]
        ),
        Rules=[
            _only_allowed_addresses(t, inputs, behind_cloudfront),
            _only_allowed_countries(t, inputs, behind_cloudfront),
            _rate_limit(inputs, behind_cloudfront),
            *(_managed(group, 3 + at, counted) for at, (group, counted) in enumerate(COUNTED.items())),
            If(behind_cloudfront, NoValue, _managed(BAD_REPUTATION, 3 + len(COUNTED), [])),
        ],
        Metadata=describe("Turns away floods and known attacks before they reach a task."),
    )
    _log(t, inputs, acl)
    publish(t, Outputs(web_acl_arn=acl.get_att("Arn")))
    return t


def _only_allowed_addresses(t: Template, inputs: Inputs, behind_cloudfront: str) -> If:
    limited = t.add_condition("HasAllowedAddresses", Equals(inputs.is_limited_to_addresses, "yes"))
    addresses = wafv2.IPSet(
        "AllowList",
        t,
        Condition=limited,
        Scope="REGIONAL",
        IPAddressVersion="IPV4",
        Addresses=inputs.allowed_addresses,
        Metadata=describe("The only addresses from which one may come."),
    )
    forwarded = wafv2.IPSetForwardedIPConfiguration(
        HeaderName=viewer_address.HEADER, FallbackBehavior="NO_MATCH", Position="FIRST"
    )
    reference = wafv2.IPSetReferenceStatement(
        Arn=addresses.get_att("Arn"), IPSetForwardedIPConfig=If(behind_cloudfront, forwarded, NoValue)
    )
    return _block_unless(
        limited, "OnlyAllowedAddresses", 0, wafv2.Statement(IPSetReferenceStatement=reference)
    )


def _only_allowed_countries(t: Template, inputs: Inputs, behind_cloudfront: str) -> If:
    limited = t.add_condition("HasAllowedCountries", Equals(inputs.is_limited_to_countries, "yes"))
    geography = wafv2.GeoMatchStatement(
        CountryCodes=inputs.allowed_countries,
        ForwardedIPConfig=If(behind_cloudfront, _forwarded("NO_MATCH"), NoValue),
    )
    return _block_unless(limited, "OnlyAllowedCountries", 1, wafv2.Statement(GeoMatchStatement=geography))


def _block_unless(condition: str, name: str, priority: int, statement: wafv2.Statement) -> If:
    rule = wafv2.WebACLRule(
        Name=name,
        Priority=priority,
        Action=wafv2.RuleAction(Block=wafv2.BlockAction()),
        Statement=wafv2.Statement(NotStatement=wafv2.NotStatement(Statement=statement)),
        VisibilityConfig=_visibility(name),
    )
    return If(condition, rule, NoValue)


def _rate_limit(inputs: Inputs, behind_cloudfront: str) -> wafv2.WebACLRule:
    return wafv2.WebACLRule(
        Name="RateLimit",
        Priority=2,
        Action=wafv2.RuleAction(Block=wafv2.BlockAction()),
        Statement=wafv2.Statement(
            RateBasedStatement=wafv2.RateBasedStatement(
                Limit=inputs.rate_limit,
                EvaluationWindowSec=WINDOW_SECONDS,
                AggregateKeyType=If(behind_cloudfront, "FORWARDED_IP", "IP"),
                ForwardedIPConfig=If(behind_cloudfront, _forwarded("MATCH"), NoValue),
            )
        ),
        VisibilityConfig=_visibility("RateLimit"),
    )


def _managed(group: str, priority: int, counted: list[str]) -> wafv2.WebACLRule:
    count = wafv2.RuleAction(Count=wafv2.CountAction())
    overrides: dict[str, Any] = {}
    if counted:
        overrides["RuleActionOverrides"] = [
            wafv2.RuleActionOverride(Name=name, ActionToUse=count) for name in counted
        ]
    return wafv2.WebACLRule(
        Name=group,
        Priority=priority,
        OverrideAction=wafv2.OverrideAction(**NO_OVERRIDE),
        Statement=wafv2.Statement(
            ManagedRuleGroupStatement=wafv2.ManagedRuleGroupStatement(VendorName=AWS, Name=group, **overrides)
        ),
        VisibilityConfig=_visibility(group),
    )


def _forwarded(fallback: str) -> wafv2.ForwardedIPConfiguration:
    return wafv2.ForwardedIPConfiguration(HeaderName=viewer_address.HEADER, FallbackBehavior=fallback)


def _unlogged(field_type: str, *keys: str) -> wafv2.DataProtect:
    """What a rule found to its liking there is logged as REDACTED: it is what people wrote, or a session.

    https://docs.aws.amazon.com/waf/latest/developerguide/waf-data-protection-and-logging.html
    """
    named: dict[str, Any] = {"FieldKeys": list(keys)} if keys else {}
    field = wafv2.FieldToProtect(FieldType=field_type, **named)
    return wafv2.DataProtect(Action="SUBSTITUTION", Field=field)


def _visibility(name: str) -> wafv2.VisibilityConfig:
    return wafv2.VisibilityConfig(
        # Samples show whole requests in the console, cookies too.
        SampledRequestsEnabled=False,
        CloudWatchMetricsEnabled=True,
        MetricName=name,
    )


def _log(t: Template, inputs: Inputs, acl: wafv2.WebACL) -> None:
    name = Sub(f"{LOG_GROUP_PREFIX}${{id}}", id=Select(2, Split("/", StackId)))
    group = logs.LogGroup(
        "FirewallLogGroup",
        t,
        LogGroupName=name,
        KmsKeyId=own_key(t, inputs.key_arn),
        RetentionInDays=inputs.log_retention_days,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=describe("Keeps what the firewall refused or counted, for a limited time."),
    )
    refused = wafv2.LoggingFilter(
        DefaultBehavior="DROP",
        Filters=[
            wafv2.Filter(
                Behavior="KEEP",
                Requirement="MEETS_ANY",
                Conditions=[
                    wafv2.Condition(ActionCondition=wafv2.ActionCondition(Action=action))
                    for action in ("BLOCK", "COUNT")
                ],
            )
        ],
    )
    wafv2.LoggingConfiguration(
        "Logging",
        t,
        DependsOn=group,
        ResourceArn=acl.get_att("Arn"),
        LogDestinationConfigs=[arn("logs:${AWS::Region}:${AWS::AccountId}:log-group:${name}", name=name)],
        LoggingFilter=refused,
        RedactedFields=[
            wafv2.LoggingConfigurationFieldToMatch(SingleHeader=wafv2.SingleHeader(Name="cookie"))
        ],
        Metadata=describe("Logs refused and suspicious requests, without their cookies."),
    )
