"""The front door: edge and distribution, for each of the three ways in."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import gradio_app
from gradio_app import health
from gradio_app.gate.access import is_static
from templates.parts.viewer_address import HEADER
from templates.stacks.distribution import STATIC_PATHS
from tests.templates import stacks
from tests.templates.rendition import rendition
from tests.templates.stacks import Json

DOORS = ("cloudfront", "domain", "http")
SHIFTING = ("blue-green", "canary")
PREFIX_LIST = "pl-3b927c52"
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
KEPT_BY_CLOUDFRONT = (400, 403, 404, 405, 414, 500, 501, 502, 503, 504)
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html"""


def edge(front_door: str, strategy: str = "rolling", protected: str = "no") -> Json:
    return rendition(
        stacks.stack("edge"),
        FrontDoor=front_door,
        DeploymentStrategy=strategy,
        ProtectFrontDoor=protected,
        DomainName="chat.example.com",
        HostedZoneId="Z1",
        AppPort="8080",
        OriginFacingPrefixListId=PREFIX_LIST,
    )


@pytest.mark.parametrize("front_door", DOORS)
def test_there_is_one_load_balancer_and_one_target_group(front_door: str) -> None:
    template = edge(front_door)
    (balancer,) = stacks.of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    (group,) = stacks.of_type(template, TARGET_GROUP)
    given = {name: output["Value"] for name, output in template["Outputs"].items()}
    assert given["LoadBalancerArn"] == {"Ref": balancer}
    assert given["TargetGroupArn"] == {"Ref": group}
    assert not stacks.of_type(template, RULE)
    assert {name for name, value in given.items() if value == ""} == {
        "SecondTargetGroupArn", "SecondTargetGroupFullName", "ShiftingRuleArn",
    }  # fmt: skip


@pytest.mark.parametrize("strategy", SHIFTING)
@pytest.mark.parametrize(
    ("front_door", "serving"),
    [("cloudfront", "InternalListener"), ("domain", "PublicTlsListener"), ("http", "PublicListener")],
)
def test_two_versions_have_a_group_each_and_a_rule_before_them(
    front_door: str, serving: str, strategy: str
) -> None:
    template = edge(front_door, strategy)
    second, first = sorted(stacks.of_type(template, TARGET_GROUP))
    assert second.endswith("SecondTargetGroup")
    assert stacks.properties(template, first) == stacks.properties(template, second)
    ((title, rule),) = stacks.of_type(template, RULE).items()
    properties = rule["Properties"]
    assert properties["ListenerArn"] == {"Ref": serving}
    assert properties["Conditions"][0]["PathPatternConfig"] == {"Values": ["/*"]}
    (action,) = properties["Actions"]
    # Nobody goes to the second group before ECS says so.
    assert action["ForwardConfig"]["TargetGroups"] == [
        {"TargetGroupArn": {"Ref": first}, "Weight": 1},
        {"TargetGroupArn": {"Ref": second}, "Weight": 0},
    ]
    given = {name: output["Value"] for name, output in template["Outputs"].items()}
    assert given["TargetGroupArn"] == {"Ref": first}
    assert given["SecondTargetGroupArn"] == {"Ref": second}
    assert given["SecondTargetGroupFullName"] == {"Fn::GetAtt": [second, "TargetGroupFullName"]}
    assert (given["ListenerArn"], given["ShiftingRuleArn"]) == ({"Ref": serving}, {"Ref": title})


@pytest.mark.parametrize("front_door", DOORS)
def test_nobody_is_held_in_a_version_that_is_about_to_go(front_door: str) -> None:
    (rule,) = stacks.of_type(edge(front_door, "canary"), RULE).values()
    sticky = rule["Properties"]["Actions"][0]["ForwardConfig"]["TargetGroupStickinessConfig"]
    # The load balancer takes no rule without it before groups that are sticky themselves.
    assert sticky["Enabled"] is True
    assert _drain_seconds() <= sticky["DurationSeconds"] < _bake_minutes() * 60


def test_behind_cloudfront_the_load_balancer_is_private() -> None:
    template = edge("cloudfront")
    (balancer,) = stacks.of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    assert balancer["Properties"]["Scheme"] == "internal"
    assert balancer["Properties"]["Subnets"] == {"Ref": "PrivateSubnetIds"}
    assert _open_to(template) == {80: PREFIX_LIST}


def test_nobody_but_cloudfront_reaches_the_private_load_balancer() -> None:
    """What comes by a VPC origin bears addresses of CloudFront's, and none of the VPC's."""
    rule = stacks.properties(edge("cloudfront"), "InternalHttpIn")
    assert rule["SourcePrefixListId"] == PREFIX_LIST
    assert not {"CidrIp", "SourceSecurityGroupId"} & rule.keys()
    child = rendition(stacks.stack("root"), OriginFacingPrefixListId=PREFIX_LIST)["Resources"]["Edge"]
    assert child["Properties"]["Parameters"]["OriginFacingPrefixListId"] == PREFIX_LIST


@pytest.mark.parametrize(
    ("front_door", "ports"), [("domain", {80: "0.0.0.0/0", 443: "0.0.0.0/0"}), ("http", {80: "0.0.0.0/0"})]
)
def test_a_public_load_balancer_opens_only_the_ports_it_serves(
    front_door: str, ports: dict[int, str]
) -> None:
    template = edge(front_door)
    listeners = stacks.of_type(template, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert _open_to(template) == ports
    assert {listener["Properties"]["Port"] for listener in listeners} == set(ports)


@pytest.mark.asvs("12.2.1")
def test_with_a_domain_plain_http_only_redirects() -> None:
    listener = stacks.properties(edge("domain"), "PublicListener")
    assert [action["Type"] for action in listener["DefaultActions"]] == ["redirect"]
    assert listener["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"


@pytest.mark.asvs("12.1.1")
def test_with_a_domain_nothing_older_than_tls_1_2_is_spoken() -> None:
    listeners = stacks.of_type(edge("domain"), "AWS::ElasticLoadBalancingV2::Listener").values()
    policies = {
        each["Properties"].get("SslPolicy") for each in listeners if each["Properties"]["Port"] == 443
    }
    assert policies == {"ELBSecurityPolicy-TLS13-1-2-Res-2021-06"}


@pytest.mark.parametrize(
    ("front_door", "scheme"), [("cloudfront", "https"), ("domain", "https"), ("http", "http")]
)
def test_the_app_is_told_what_browsers_speak(front_door: str, scheme: str) -> None:
    assert edge(front_door)["Outputs"]["PublicScheme"]["Value"] == scheme


@pytest.mark.parametrize("front_door", DOORS)
def test_the_load_balancer_suits_a_streaming_chat(front_door: str) -> None:
    template = edge(front_door)
    (balancer,) = stacks.of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    (group,) = stacks.of_type(template, TARGET_GROUP).values()
    attributes = _attributes(balancer["Properties"]["LoadBalancerAttributes"])
    # Whoever closes first must be the one that sends: CloudFront before the load balancer before the app.
    assert _read_timeout() < int(attributes["idle_timeout.timeout_seconds"]) < _app_keep_alive()
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"

    kept = _attributes(group["Properties"]["TargetGroupAttributes"])
    assert kept["stickiness.enabled"] == "true"
    assert int(kept["deregistration_delay.timeout_seconds"]) >= _drain_seconds()
    path, _, question = group["Properties"]["HealthCheckPath"].partition("?")
    assert (path, question) == ("/readyz", health.ONCE)


@pytest.mark.asvs("12.2.1")
def test_cloudfront_is_https_only_and_caches_static_files_only() -> None:
    config = stacks.properties(stacks.stack("distribution"), "Distribution")["DistributionConfig"]
    behaviors = [config["DefaultCacheBehavior"], *config["CacheBehaviors"]]
    caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert {behavior["ViewerProtocolPolicy"] for behavior in behaviors} == {"redirect-to-https"}
    assert [b.get("PathPattern") for b in behaviors if b["CachePolicyId"] != caching_disabled] == [
        "/assets/*",
        "/static/*",
    ]


def test_an_error_is_nobody_elses() -> None:
    """By default CloudFront answers everybody for ten seconds with the error that one person met."""
    config = stacks.properties(stacks.stack("distribution"), "Distribution")["DistributionConfig"]
    kept = {error["ErrorCode"]: error["ErrorCachingMinTTL"] for error in config["CustomErrorResponses"]}
    assert kept == dict.fromkeys(KEPT_BY_CLOUDFRONT, 0)
    assert all(
        error.keys() == {"ErrorCode", "ErrorCachingMinTTL"} for error in config["CustomErrorResponses"]
    )


def test_a_cached_file_moves_nobody_to_another_task() -> None:
    """The load balancer's cookie comes with every answer; a cached one would be everybody's."""
    for behavior in static_behaviors():
        (removed,) = policy(behavior, "ResponseHeadersPolicyId")["RemoveHeadersConfig"]["Items"]
        assert removed == {"Header": "Set-Cookie"}


def test_a_file_comes_from_where_its_page_came_from() -> None:
    """Two versions at once have different files; the session is nobody's business there."""
    for behavior in static_behaviors():
        handed_on = policy(behavior, "OriginRequestPolicyId")
        assert handed_on["CookiesConfig"]["CookieBehavior"] == "whitelist"
        assert {"AWSALB", "AWSALBTG"} <= set(handed_on["CookiesConfig"]["Cookies"])
        assert all(name.startswith("AWSALB") for name in handed_on["CookiesConfig"]["Cookies"])
        assert handed_on["QueryStringsConfig"] == {"QueryStringBehavior": "none"}


def test_the_firewall_is_told_who_asks_for_a_file() -> None:
    for behavior in static_behaviors():
        handed_on = policy(behavior, "OriginRequestPolicyId")["HeadersConfig"]
        assert handed_on == {"HeaderBehavior": "whitelist", "Headers": [HEADER]}


def test_what_is_cached_for_everyone_is_public() -> None:
    """Nobody's cookie reaches the app there, so it must not look for one."""
    for path in STATIC_PATHS:
        assert is_static(path.replace("*", "index-BQPjLIsY.js"))


@pytest.mark.parametrize("front_door", DOORS)
def test_requests_are_logged_where_the_load_balancer_may_write(front_door: str) -> None:
    template = edge(front_door)
    (balancer,) = stacks.of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    attributes = _attributes(balancer["Properties"]["LoadBalancerAttributes"])
    assert attributes["access_logs.s3.enabled"] == "true"
    assert attributes["access_logs.s3.bucket"] == {"Ref": "AccessLogs"}
    assert balancer["DependsOn"] == "AccessLogsPolicy"
    bucket = stacks.properties(template, "AccessLogs")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == {"Ref": "LogRetentionDays"}
    # Load balancers write to no other kind of bucket than one with S3's own keys.
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (allowed,) = (s for s in stacks.statements(template) if s["Effect"] == "Allow")
    # A load balancer's request has been seen without the keys that a condition would ask for.
    assert "Condition" not in allowed
    assert allowed["Resource"][0]["Fn::Sub"][0] == "${bucket}/AWSLogs/${AWS::AccountId}/*"


def test_who_touches_a_log_is_logged_where_s3_may_write() -> None:
    logging = stacks.properties(edge("cloudfront"), "AccessLogs")["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == {"Ref": "ArtifactBucketName"}
    (allowed,) = (s for s in stacks.statements(stacks.stack("bootstrap")) if s["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    prefix = allowed["Resource"][0]["Fn::Sub"][0].removeprefix("${bucket}/").removesuffix("*")
    assert logging["LogFilePrefix"].startswith(prefix)


@pytest.mark.parametrize(("protected", "value"), [("yes", "true"), ("no", "false")])
@pytest.mark.parametrize("front_door", DOORS)
def test_the_load_balancer_is_protected_when_asked_for(front_door: str, protected: str, value: str) -> None:
    template = edge(front_door, protected=protected)
    (balancer,) = stacks.of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    attributes = _attributes(balancer["Properties"]["LoadBalancerAttributes"])
    assert attributes["deletion_protection.enabled"] == value
    assert ("NotificationConfiguration" in stacks.properties(template, "AccessLogs")) == (protected == "yes")


def test_cloudfront_exists_only_when_chosen() -> None:
    root = stacks.stack("root")
    for front_door in DOORS:
        chosen = rendition(root, FrontDoor=front_door)
        (child,) = chosen["Outputs"]["ServiceUrl"]["Value"].values()
        has_cloudfront = front_door == "cloudfront"
        assert ("Distribution" in chosen["Resources"]) == has_cloudfront
        assert child == ["Distribution" if has_cloudfront else "Edge", "Outputs.ServiceUrl"]


def static_behaviors() -> list[Json]:
    config = stacks.properties(stacks.stack("distribution"), "Distribution")["DistributionConfig"]
    assert config["CacheBehaviors"]
    return config["CacheBehaviors"]


def policy(behavior: Json, kind: str) -> Json:
    """The stack's own policy of this kind for some paths."""
    (config,) = stacks.properties(stacks.stack("distribution"), behavior[kind]["Ref"]).values()
    return config


def _open_to(template: Json) -> dict[int, object]:
    rules = stacks.of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    return {
        rule["Properties"]["FromPort"]: rule["Properties"].get(
            "CidrIp", rule["Properties"].get("SourcePrefixListId")
        )
        for rule in rules
    }


def _attributes(pairs: list[Json]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}


def _read_timeout() -> int:
    config = stacks.properties(stacks.stack("distribution"), "Distribution")["DistributionConfig"]
    return config["Origins"][0]["VpcOriginConfig"]["OriginReadTimeout"]


def _app_keep_alive() -> int:
    """The app's own constant, read from its source: importing it would load all of Gradio."""
    source = (Path(gradio_app.__file__).parent / "serving.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id="KEEP_ALIVE_SECONDS")], value=ast.Constant(value=int(seconds))
            ):
                return seconds
    raise AssertionError("gradio_app/serving.py names no KEEP_ALIVE_SECONDS")


def _bake_minutes() -> int:
    service = rendition(stacks.stack("service"), DeploymentStrategy="canary")
    return stacks.properties(service, "Service")["DeploymentConfiguration"]["BakeTimeInMinutes"]


def _drain_seconds() -> int:
    (container,) = stacks.properties(stacks.stack("service"), "TaskDefinition")["ContainerDefinitions"]
    return int(next(v["Value"] for v in container["Environment"] if v["Name"] == "DRAIN_SECONDS"))
