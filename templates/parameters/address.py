"""Where people reach the service, and who may."""

from __future__ import annotations

from templates.parameters.patterns import DOMAIN, OCTET
from templates.parts.numbers import whole_number
from templates.wiring import Value, parameter, seam

CIDR = rf"{OCTET}(\.{OCTET}){{3}}/([1-9]|[12][0-9]|3[0-2])"
LONGEST_COMMON_NAME = 64
"""https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html"""


@seam
class Address:
    """Address"""

    front_door: Value = parameter(
        "String",
        "cloudfront: HTTPS under an address of CloudFront, no domain needed. domain: HTTPS under your own "
        "domain (give the next two). http: WITHOUT ENCRYPTION, passwords can be read on the way; for a short "
        "trial only.",
        AllowedValues=["cloudfront", "domain", "http"],
        Default="cloudfront",
        label="Front door",
    )
    domain_name: Value = parameter(
        "String",
        "Only with FrontDoor domain: the name that people type, such as chat.example.com.",
        AllowedPattern=rf"^$|^{DOMAIN}$",
        ConstraintDescription="A name in lower case such as chat.example.com, of 64 characters at most, or "
        "nothing.",
        MaxLength=LONGEST_COMMON_NAME,
        Default="",
        label="Domain name",
        example="chat.example.com",
    )
    hosted_zone_id: Value = parameter(
        "String",
        "Only with FrontDoor domain: the id of the public Route 53 zone that holds the domain.",
        AllowedPattern=r"^$|^Z[A-Z0-9]{1,31}$",
        ConstraintDescription="An id such as Z0123456789ABCDEFGHIJ, or nothing.",
        Default="",
        label="Hosted zone",
        example="Z0123456789ABCDEFGHIJ",
    )


@seam
class Firewall:
    """Firewall"""

    use_firewall: Value = parameter(
        "String",
        "yes: AWS WAF turns away floods and known attacks, about 8 USD a month; without CloudFront also "
        "addresses of bad reputation, about 9. no: nothing stands before the load balancer.",
        AllowedValues=["yes", "no"],
        Default="yes",
        label="Use a firewall",
    )
    rate_limit: Value = whole_number(
        "With UseFirewall yes: requests in five minutes from one address before it is turned away for a "
        "while. A page is about 40; people behind one office share an address.",
        low=100,
        high=2000000,
        default=3000,
        label="Requests in five minutes from one address",
    )
    allowed_addresses: Value = parameter(
        "String",
        "With UseFirewall yes: the only IPv4 ranges from which one may come, such as "
        "192.0.2.0/24,198.51.100.7/32; empty for everywhere.",
        AllowedPattern=rf"^$|^{CIDR}(,{CIDR})*$",
        ConstraintDescription="IPv4 ranges such as 192.0.2.0/24, separated by commas, or nothing.",
        Default="",
        label="Allowed addresses",
        example="192.0.2.0/24,198.51.100.7/32",
    )
    allowed_countries: Value = parameter(
        "String",
        "With UseFirewall yes: the only countries from which one may come, such as ES,MX; empty for "
        "everywhere.",
        AllowedPattern=r"^$|^[A-Z]{2}(,[A-Z]{2}){0,49}$",
        ConstraintDescription="Two-letter country codes such as ES,MX, or nothing.",
        Default="",
        label="Allowed countries",
        example="ES,MX",
    )
