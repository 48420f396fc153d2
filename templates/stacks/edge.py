"""The edge stack: the load balancer at the front door, its listeners, target groups and security group.

FrontDoor decides which of two load balancers exists: an internal one that only CloudFront reaches (the
distribution is a stack of its own, because nothing but the address has to wait for it), or an internet-facing
one, with the user's own domain or, for a trial, with plain HTTP. They are two resources rather than one
with changing properties: a load balancer's scheme cannot change in place, and a target group cannot serve an
old and a new one at once.

Where two versions run side by side, the load balancer has a second target group, and the listener that serves
people a rule that shifts them from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from troposphere import And, Condition, Equals, If, Not, Sub, Template, ec2, s3, wafv2
from troposphere import elasticloadbalancingv2 as elb

from templates.parameters import handed_on
from templates.parts.access_logs import access_logs
from templates.parts.own_domain import certificate_for, point_at
from templates.parts.rollout import SHIFTS, shifts_traffic
from templates.parts.target_groups import shifting_rule, target_group
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

HTTP = 80
HTTPS = 443
EVERYWHERE = "0.0.0.0/0"
IS_PROTECTED = "IsProtected"
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
IDLE_SECONDS = 125
"""Between the time that CloudFront waits for a byte (120 s) and the app's own keep-alive (130 s)."""


@seam
class Inputs:
    front_door: Value = handed_on()
    domain_name: Value = handed_on()
    hosted_zone_id: Value = handed_on()
    vpc_id: Value = parameter("AWS::EC2::VPC::Id", "Where the load balancer runs.")
    vpc_cidr: Value = parameter("String", "Address range of the VPC.")
    origin_facing_prefix_list_id: Value = handed_on()
    public_subnet_ids: Value = parameter(
        "List<AWS::EC2::Subnet::Id>", "Subnets of an internet-facing load balancer."
    )
    private_subnet_ids: Value = parameter(
        "List<AWS::EC2::Subnet::Id>", "Subnets of an internal load balancer."
    )
    app_port: Value = parameter("Number", "TCP port on which the tasks listen.")
    deployment_strategy: Value = handed_on()
    log_retention_days: Value = handed_on("Number")
    artifact_bucket_name: Value = handed_on()
    web_acl_arn: Value = parameter("String", "The firewall's web ACL; empty without a firewall.")
    protect_front_door: Value = handed_on()


@seam
class Outputs:
    target_group_arn: Value = output("Where the tasks register.")
    second_target_group_arn: Value = output("Where the next version's tasks register; empty when rolling.")
    listener_arn: Value = output("The listener that serves people.")
    shifting_rule_arn: Value = output("The rule that moves people between the two; empty when rolling.")
    load_balancer_arn: Value = output("The load balancer, as CloudFront's origin.")
    load_balancer_dns_name: Value = output("The load balancer's own name in DNS.")
    load_balancer_full_name: Value = output("The load balancer, as its metrics name it.")
    target_group_full_name: Value = output("The target group, as its metrics name it.")
    second_target_group_full_name: Value = output(
        "The second target group, as its metrics name it; or empty."
    )
    load_balancer_security_group_id: Value = output("The only source from which tasks accept connections.")
    access_log_bucket_name: Value = output("The bucket of the load balancer's access logs.")
    public_scheme: Value = output("What people's browsers speak: https, or http in a trial.")
    service_url: Value = output("The service's address, unless CloudFront stands in front.")


_LogBucket = tuple[s3.Bucket, s3.BucketPolicy]


@dataclass(frozen=True)
class _Door:
    """One load balancer with what belongs to it; all of it exists under one condition."""

    load_balancer: elb.LoadBalancer
    security_group: ec2.SecurityGroup
    target_group: elb.TargetGroup
    second_target_group: elb.TargetGroup
    listener: Value = ""
    """The one that serves people."""
    rule: Value = ""
    """Its rule, where two versions run side by side."""


def template() -> Template:
    """The load balancer for each kind of front door."""
    t = new_template("Asistente - edge: load balancer, listeners and target group of the front door.")
    inputs = declare(t, Inputs)
    internal = t.add_condition("HasCloudFront", Equals(inputs.front_door, "cloudfront"))
    public = t.add_condition("HasPublicLoadBalancer", Not(Equals(inputs.front_door, "cloudfront")))
    own_domain = t.add_condition("HasDomain", Equals(inputs.front_door, "domain"))
    shifts_traffic(t, inputs.deployment_strategy)

    log_bucket = access_logs(
        t,
        days=inputs.log_retention_days,
        artifact_bucket_name=inputs.artifact_bucket_name,
        protected=t.add_condition(IS_PROTECTED, Equals(inputs.protect_front_door, "yes")),
    )
    inside = _internal_door(t, inputs, log_bucket, internal)
    outside = _public_door(t, inputs, log_bucket, public, own_domain)

    def either(pick: Callable[[_Door], Value]) -> If:
        return If(internal, pick(inside), pick(outside))

    # Here and not beside the web ACL, for one that is a few seconds old is often refused as unavailable:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webaclassociation.html
    # By the time there is a load balancer it has been there for minutes.
    wafv2.WebACLAssociation(
        "WebAclAssociation",
        t,
        Condition=t.add_condition("HasWebAcl", Not(Equals(inputs.web_acl_arn, ""))),
        ResourceArn=either(lambda door: door.load_balancer.ref()),
        WebACLArn=inputs.web_acl_arn,
        Metadata=describe("Puts the firewall's web ACL before the load balancer."),
    )
    http_url = either(lambda door: Sub("http://${name}", name=door.load_balancer.get_att("DNSName")))
    publish(
        t,
        Outputs(
            target_group_arn=either(lambda door: door.target_group.ref()),
            second_target_group_arn=_when_shifting(either(lambda door: door.second_target_group.ref())),
            listener_arn=either(lambda door: door.listener),
            shifting_rule_arn=_when_shifting(either(lambda door: door.rule)),
            load_balancer_arn=either(lambda door: door.load_balancer.ref()),
            load_balancer_dns_name=either(lambda door: door.load_balancer.get_att("DNSName")),
            load_balancer_full_name=either(lambda door: door.load_balancer.get_att("LoadBalancerFullName")),
            target_group_full_name=either(lambda door: _full_name(door.target_group)),
            second_target_group_full_name=_when_shifting(
                either(lambda door: _full_name(door.second_target_group))
            ),
            load_balancer_security_group_id=either(lambda door: door.security_group.get_att("GroupId")),
            access_log_bucket_name=log_bucket[0].ref(),
            # From CloudFront to the load balancer it is http inside the VPC; browsers always speak https.
            public_scheme=If(internal, "https", If(own_domain, "https", "http")),
            service_url=If(own_domain, Sub("https://${name}", name=inputs.domain_name), http_url),
        ),
    )
    return t


def _full_name(group: elb.TargetGroup) -> Value:
    return group.get_att("TargetGroupFullName")


def _when_shifting(value: Value) -> If:
    return If(SHIFTS, value, "")


def _and_shifting(t: Template, title: str, *conditions: Value) -> str:
    """Add the condition that all of these hold and two versions run side by side; return its name."""
    return t.add_condition(title, And(*conditions, Condition(SHIFTS)))


def _internal_door(t: Template, inputs: Inputs, log_bucket: _LogBucket, condition: str) -> _Door:
    door = _door(
        t, "Internal", condition, inputs, log_bucket, scheme="internal", subnets=inputs.private_subnet_ids
    )
    # CloudFront's VPC origin has its network interfaces inside the VPC, but what comes through them bears
    # CloudFront's own addresses: a rule with the VPC's range lets nothing in. Of the two sources that AWS
    # names, CloudFront's own security group is there only after the first VPC origin. So it is the
    # list, which counts as 55 of the 60 rules that a group may have:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
    _let_in(
        t,
        "InternalHttpIn",
        condition,
        door,
        HTTP,
        "CloudFront, by its VPC origin",
        SourcePrefixListId=inputs.origin_facing_prefix_list_id,
    )
    listener = _listener(t, "InternalListener", condition, door, HTTP, DefaultActions=[_forward(door)])
    rule = _rule(t, "InternalShiftingRule", "InternalShiftsTraffic", listener, door)
    return replace(door, listener=listener.ref(), rule=rule.ref())


def _public_door(
    t: Template, inputs: Inputs, log_bucket: _LogBucket, condition: str, own_domain: str
) -> _Door:
    door = _door(
        t, "Public", condition, inputs, log_bucket, scheme="internet-facing", subnets=inputs.public_subnet_ids
    )
    browsers = "Browsers: plain HTTP or the redirect to HTTPS"
    _let_in(t, "PublicHttpIn", condition, door, HTTP, browsers, CidrIp=EVERYWHERE)
    _let_in(t, "PublicHttpsIn", own_domain, door, HTTPS, "Browsers over HTTPS", CidrIp=EVERYWHERE)
    # One listener for both uses: two resources could not swap port 80 in one update.
    listener = _listener(
        t,
        "PublicListener",
        condition,
        door,
        HTTP,
        DefaultActions=[If(own_domain, _redirect(), _forward(door))],
    )
    certificate = certificate_for(t, inputs.domain_name, inputs.hosted_zone_id, own_domain)
    tls_listener = _listener(
        t,
        "PublicTlsListener",
        own_domain,
        door,
        HTTPS,
        protocol="HTTPS",
        SslPolicy=TLS_POLICY,
        Certificates=[elb.Certificate(CertificateArn=certificate.ref())],
        DefaultActions=[_forward(door)],
    )
    point_at(t, door.load_balancer, inputs.domain_name, inputs.hosted_zone_id, own_domain)
    plain = _and_shifting(t, "PlainShiftsTraffic", Condition(condition), Not(Condition(own_domain)))
    rule = _rule(t, "PublicShiftingRule", plain, listener, door)
    tls = _and_shifting(t, "TlsShiftsTraffic", Condition(own_domain))
    tls_rule = _rule(t, "PublicTlsShiftingRule", tls, tls_listener, door)
    return replace(
        door,
        listener=If(own_domain, tls_listener.ref(), listener.ref()),
        rule=If(own_domain, tls_rule.ref(), rule.ref()),
    )


def _door(
    t: Template,
    kind: str,
    condition: str,
    inputs: Inputs,
    log_bucket: _LogBucket,
    *,
    scheme: str,
    subnets: Value,
) -> _Door:
    bucket, bucket_policy = log_bucket
    group = ec2.SecurityGroup(
        f"{kind}SecurityGroup",
        t,
        Condition=condition,
        VpcId=inputs.vpc_id,
        GroupDescription="Load balancer: in from the front door, out to the tasks.",
        SecurityGroupEgress=[
            ec2.SecurityGroupRule(
                IpProtocol="tcp",
                FromPort=inputs.app_port,
                ToPort=inputs.app_port,
                CidrIp=inputs.vpc_cidr,
                Description="The tasks, and their health checks",
            )
        ],
        Metadata=describe("Says who may reach the load balancer and that it may reach only the tasks' port."),
    )
    attributes: dict[str, Value] = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": bucket.ref(),
        "deletion_protection.enabled": If(IS_PROTECTED, "true", "false"),
        "idle_timeout.timeout_seconds": str(IDLE_SECONDS),
        "routing.http.desync_mitigation_mode": "strictest",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    load_balancer = elb.LoadBalancer(
        f"{kind}LoadBalancer",
        t,
        Condition=condition,
        # The load balancer tries whether it may write its logs.
        DependsOn=bucket_policy,
        Type="application",
        Scheme=scheme,
        Subnets=subnets,
        SecurityGroups=[group.get_att("GroupId")],
        LoadBalancerAttributes=[
            elb.LoadBalancerAttributes(Key=key, Value=value) for key, value in attributes.items()
        ],
        Metadata=describe("Spreads people over the tasks and keeps each on the task that served the page."),
    )
    port = {"vpc_id": inputs.vpc_id, "app_port": inputs.app_port}
    shifting = _and_shifting(t, f"{kind}ShiftsTraffic", Condition(condition))
    return _Door(
        load_balancer,
        group,
        target_group(t, f"{kind}TargetGroup", condition, **port),
        target_group(t, f"{kind}SecondTargetGroup", shifting, **port),
    )


def _let_in(
    t: Template, title: str, condition: str, door: _Door, port: int, description: str, **source: Any
) -> None:
    ec2.SecurityGroupIngress(
        title,
        t,
        Condition=condition,
        GroupId=door.security_group.get_att("GroupId"),
        IpProtocol="tcp",
        FromPort=port,
        ToPort=port,
        Description=description,
        **source,
        Metadata=describe(f"Lets in, on port {port}: {description}."),
    )


def _listener(
    t: Template,
    title: str,
    condition: str,
    door: _Door,
    port: int,
    *,
    protocol: str = "HTTP",
    **properties: Any,
) -> elb.Listener:
    return elb.Listener(
        title,
        t,
        Condition=condition,
        LoadBalancerArn=door.load_balancer.ref(),
        Port=port,
        Protocol=protocol,
        Metadata=describe(f"Takes the requests on port {port}."),
        **properties,
    )


def _rule(t: Template, title: str, condition: str, listener: elb.Listener, door: _Door) -> elb.ListenerRule:
    return shifting_rule(t, title, condition, listener, door.target_group, door.second_target_group)


def _forward(door: _Door) -> elb.Action:
    return elb.Action(Type="forward", TargetGroupArn=door.target_group.ref())


def _redirect() -> elb.Action:
    return elb.Action(
        Type="redirect",
        RedirectConfig=elb.RedirectConfig(Protocol="HTTPS", Port=str(HTTPS), StatusCode="HTTP_301"),
    )
