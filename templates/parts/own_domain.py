"""The user's own domain: its certificate, and the record that points it at the load balancer."""

from __future__ import annotations

from troposphere import Template, certificatemanager, route53
from troposphere import elasticloadbalancingv2 as elb

from templates.wiring import Value, describe


def certificate_for(
    t: Template, domain_name: Value, hosted_zone_id: Value, condition: str
) -> certificatemanager.Certificate:
    """A certificate for the domain, proven by a record in its zone."""
    return certificatemanager.Certificate(
        "Certificate",
        t,
        Condition=condition,
        DomainName=domain_name,
        ValidationMethod="DNS",
        DomainValidationOptions=[
            certificatemanager.DomainValidationOption(DomainName=domain_name, HostedZoneId=hosted_zone_id)
        ],
        Metadata=describe("Proves to browsers that the domain is this service's; ACM renews it by itself."),
    )


def point_at(
    t: Template, load_balancer: elb.LoadBalancer, domain_name: Value, hosted_zone_id: Value, condition: str
) -> None:
    """Point the domain at the load balancer."""
    route53.RecordSetType(
        "DomainRecord",
        t,
        Condition=condition,
        HostedZoneId=hosted_zone_id,
        Name=domain_name,
        Type="A",
        AliasTarget=route53.AliasTarget(
            DNSName=load_balancer.get_att("DNSName"),
            HostedZoneId=load_balancer.get_att("CanonicalHostedZoneID"),
        ),
        Metadata=describe("Points the domain at the load balancer."),
    )
