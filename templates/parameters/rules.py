"""What the root refuses before anything is created: choices that make no sense together, each with advice."""

from __future__ import annotations

from typing import Any

from troposphere import And, Equals, Not, Or, Template

from templates.parameters import Parameters
from templates.parameters.capacity import FARGATE_MEMORY_MIB, MOST_TASKS
from templates.wiring import Value


def add_rules(t: Template, p: Parameters) -> None:
    """Add every rule to `t`."""
    _refuse_half_a_domain(t, p)
    _refuse_cloudfront_without_its_addresses(t, p)
    _refuse_what_fargate_refuses(t, p)
    _refuse_less_at_most_than_at_rest(t, p)
    _refuse_a_day_without_hours(t, p)
    _refuse_guests_without_a_guard(t, p)
    _refuse_half_a_network(t, p)
    _refuse_to_open_somebody_elses_pool(t, p)
    _refuse_half_an_identity_provider(t, p)
    _refuse_single_sign_on_where_it_cannot_work(t, p)


def _refuse_half_a_domain(t: Template, p: Parameters) -> None:
    _refuse(
        t,
        "OwnDomainIsComplete",
        when=Equals(p.front_door, "domain"),
        unless=And(_given(p.domain_name), _given(p.hosted_zone_id)),
        saying="FrontDoor domain needs DomainName and HostedZoneId: give both, or choose another FrontDoor.",
    )
    _refuse(
        t,
        "DomainIsUsed",
        when=Not(Equals(p.front_door, "domain")),
        unless=And(Equals(p.domain_name, ""), Equals(p.hosted_zone_id, "")),
        saying="DomainName and HostedZoneId need FrontDoor domain: choose that, or leave them empty.",
    )


def _refuse_cloudfront_without_its_addresses(t: Template, p: Parameters) -> None:
    _refuse(
        t,
        "CloudfrontIsLetIn",
        when=Equals(p.front_door, "cloudfront"),
        unless=_given(p.origin_facing_prefix_list_id),
        saying="FrontDoor cloudfront needs OriginFacingPrefixListId, the id of the Region's prefix list "
        "com.amazonaws.global.cloudfront.origin-facing, which deploy.sh fills in: give it, or, where the "
        "Region has no such list, choose FrontDoor domain.",
    )


def _refuse_what_fargate_refuses(t: Template, p: Parameters) -> None:
    for cpu, choices in FARGATE_MEMORY_MIB.items():
        memory = [str(mib) for mib in choices]
        _refuse(
            t,
            f"MemoryFits{cpu}CpuUnits",
            when=Equals(p.task_cpu, str(cpu)),
            unless=_one_of(memory, p.task_memory),
            saying=f"With TaskCpu {cpu}, Fargate takes a TaskMemory from {memory[0]} to {memory[-1]} MiB.",
        )


def _refuse_less_at_most_than_at_rest(t: Template, p: Parameters) -> None:
    # Rules know no "less than": one assertion for each number of tasks at rest.
    counts = [str(number) for number in range(1, MOST_TASKS + 1)]
    t.add_rule(
        "TasksAtMostAreNotFewer",
        {
            "Assertions": [
                {
                    "Assert": Or(Not(Equals(p.task_count, least)), _one_of(counts[at:], p.max_task_count)),
                    "AssertDescription": f"MaxTaskCount must not be below TaskCount: give at least {least}.",
                }
                for at, least in enumerate(counts)
            ]
        },
    )


def _refuse_a_day_without_hours(t: Template, p: Parameters) -> None:
    _refuse(
        t,
        "SleepHasAnEnd",
        when=Not(Equals(p.sleep, "never")),
        unless=Not(Equals(p.sleep_from, p.sleep_until)),
        saying="SleepFrom and SleepUntil are the same hour: choose another, or Sleep never.",
    )


def _refuse_guests_without_a_guard(t: Template, p: Parameters) -> None:
    _refuse(
        t,
        "ListsNeedTheFirewall",
        when=Equals(p.use_firewall, "no"),
        unless=And(Equals(p.allowed_addresses, ""), Equals(p.allowed_countries, "")),
        saying="AllowedAddresses and AllowedCountries need UseFirewall yes: choose that, or leave them "
        "empty.",
    )


def _refuse_half_a_network(t: Template, p: Parameters) -> None:
    existing = (p.existing_vpc_id, p.existing_vpc_cidr, p.existing_private_subnet_ids)
    _refuse(
        t,
        "ExistingNetworkIsComplete",
        when=Equals(p.egress, "existing"),
        unless=And(*map(_given, existing)),
        saying="Egress existing needs ExistingVpcId, ExistingVpcCidr and ExistingPrivateSubnetIds: give all "
        "three, or choose another Egress.",
    )
    _refuse(
        t,
        "ExistingNetworkHasPublicSubnets",
        when=And(Equals(p.egress, "existing"), Not(Equals(p.front_door, "cloudfront"))),
        unless=_given(p.existing_public_subnet_ids),
        saying="With FrontDoor domain or http, Egress existing needs ExistingPublicSubnetIds for the load "
        "balancer: give them, or choose FrontDoor cloudfront.",
    )
    _refuse(
        t,
        "ExistingNetworkIsUsed",
        when=Not(Equals(p.egress, "existing")),
        unless=And(*(Equals(each, "") for each in (*existing, p.existing_public_subnet_ids))),
        saying="ExistingVpcId, ExistingVpcCidr, ExistingPublicSubnetIds and ExistingPrivateSubnetIds need "
        "Egress existing: choose that, or leave them empty.",
    )


def _refuse_to_open_somebody_elses_pool(t: Template, p: Parameters) -> None:
    _refuse(
        t,
        "ExistingUserPoolHasItsOwnSignUp",
        when=_given(p.existing_user_pool_id),
        unless=Equals(p.sign_up_domains, ""),
        saying="Who signs up in an existing user pool is its owner's to decide: leave SignUpDomains empty, "
        "or ExistingUserPoolId.",
    )
    _refuse(
        t,
        "ExistingUserPoolHasItsOwnDomain",
        when=_given(p.existing_user_pool_id),
        unless=Equals(p.single_sign_on, "off"),
        saying="SingleSignOn gives the pool a domain and a provider, and takes them away with the stack: "
        "choose SingleSignOn off, or leave ExistingUserPoolId empty.",
    )


def _refuse_half_an_identity_provider(t: Template, p: Parameters) -> None:
    common = (p.single_sign_on_provider, p.single_sign_on_domain_prefix)
    oidc = (p.oidc_issuer, p.oidc_client_id, p.oidc_client_secret_arn)
    _refuse(
        t,
        "SingleSignOnIsComplete",
        when=_other_than(p.single_sign_on, "off"),
        unless=And(*map(_given, common)),
        saying="SingleSignOn needs SingleSignOnProvider and SingleSignOnDomainPrefix: give both, or choose "
        "SingleSignOn off.",
    )
    _refuse(
        t,
        "SamlIsComplete",
        when=Equals(p.single_sign_on, "saml"),
        unless=_given(p.saml_metadata_url),
        saying="SingleSignOn saml needs SamlMetadataUrl: give it, or choose another SingleSignOn.",
    )
    _refuse(
        t,
        "OidcIsComplete",
        when=Equals(p.single_sign_on, "oidc"),
        unless=And(*map(_given, oidc)),
        saying="SingleSignOn oidc needs OidcIssuer, OidcClientId and OidcClientSecretArn: give all three, or "
        "choose another SingleSignOn.",
    )
    _refuse(
        t,
        "SingleSignOnIsUsed",
        when=Equals(p.single_sign_on, "off"),
        unless=And(*(Equals(each, "") for each in common)),
        saying="SingleSignOnProvider and SingleSignOnDomainPrefix need SingleSignOn saml or oidc: choose "
        "one, or leave them empty.",
    )
    _refuse(
        t,
        "SamlIsUsed",
        when=_other_than(p.single_sign_on, "saml"),
        unless=Equals(p.saml_metadata_url, ""),
        saying="SamlMetadataUrl needs SingleSignOn saml: choose that, or leave it empty.",
    )
    _refuse(
        t,
        "OidcIsUsed",
        when=_other_than(p.single_sign_on, "oidc"),
        unless=And(*(Equals(each, "") for each in oidc)),
        saying="OidcIssuer, OidcClientId and OidcClientSecretArn need SingleSignOn oidc: choose that, or "
        "leave them empty.",
    )


def _refuse_single_sign_on_where_it_cannot_work(t: Template, p: Parameters) -> None:
    _refuse(
        t,
        "SingleSignOnHasHttps",
        when=_other_than(p.single_sign_on, "off"),
        unless=Not(Equals(p.front_door, "http")),
        saying="Cognito sends people back from SingleSignOn over HTTPS only: choose FrontDoor cloudfront or "
        "domain, or SingleSignOn off.",
    )
    # A pool that has a domain answers nobody who comes by PrivateLink, not even for passwords:
    # https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html
    _refuse(
        t,
        "SingleSignOnHasAWayOut",
        when=_other_than(p.single_sign_on, "off"),
        unless=Not(Equals(p.egress, "endpoints")),
        saying="With SingleSignOn, Cognito answers only by way of the internet: choose another Egress than "
        "endpoints, or SingleSignOn off.",
    )


def _refuse(t: Template, title: str, *, when: Any, unless: Any, saying: str) -> None:
    assertion = {"Assert": unless, "AssertDescription": saying}
    t.add_rule(title, {"RuleCondition": when, "Assertions": [assertion]})


def _other_than(value: Value, choice: str) -> Not:
    return Not(Equals(value, choice))


def _given(value: Value) -> Not:
    return Not(Equals(value, ""))


def _one_of(values: list[str], value: Value) -> dict[str, Any]:
    return {"Fn::Contains": [values, value]}
