"""What the template's own constraints cannot say of a parameter: that its value means something.

A pattern knows the form of a time zone or of a range of addresses, not whether there is such a one. What is
not noticed here CloudFormation finds out half-way, with a table and a pool already made.
"""

from __future__ import annotations

import ipaddress
import unicodedata
import zoneinfo
from collections.abc import Callable
from functools import cache

import botocore.session
from botocore.exceptions import UnknownRegionError

from command_line import HIGHEST_PORT

PARTITION = "aws"
LONGEST_DOMAIN = 253
"""RFC 1035, 2.3.4: 255 octets on the wire, without the lengths at both ends."""
LONGEST_MAILBOX = 64
"""RFC 5321, 4.5.3.1.1."""
NOT_A_PLACE = "Factory"
"""In every copy of the database, and the name of no time zone."""


def doubt(name: str, value: str) -> str:
    """Return why a value that has the right form cannot be meant; empty where nothing speaks against it."""
    check = MEANINGS.get(name)
    return check(value) if check else ""


def _time_zone(value: str) -> str:
    # Where a machine has no time zone database at all, there is nothing to ask.
    known = _time_zones()
    if not known or (value in known and value != NOT_A_PLACE):
        return ""
    return "there is no such time zone; one is called for example Europe/Madrid"


@cache
def _time_zones() -> frozenset[str]:
    """Every name that this machine knows; zoneinfo reads hundreds of files for them."""
    return frozenset(zoneinfo.available_timezones())


def _range(value: str) -> str:
    try:
        ipaddress.IPv4Network(value)
    except ValueError:
        begun = ipaddress.IPv4Network(value, strict=False)
        return f"that range begins at {begun.network_address}: write {begun}, or {value.split('/')[0]}/32"
    return ""


def _network(value: str) -> str:
    if why := _range(value):
        return why.partition(", or ")[0]
    return ""


def _ranges(value: str) -> str:
    each = value.split(",")
    return _twice(each) or next((f"{one}: {why}" for one in each if (why := _range(one))), "")


def _countries(value: str) -> str:
    each = value.split(",")
    unknown = [one for one in each if one not in _firewalls_countries()]
    return _twice(each) or (f"AWS WAF knows no country {unknown[0]}" if unknown else "")


@cache
def _firewalls_countries() -> frozenset[str]:
    """Those that AWS WAF knows, from botocore's model of it."""
    model = botocore.session.Session().get_service_model("wafv2")
    return frozenset(model.shape_for("CountryCode").enum)  # type: ignore[attr-defined]


def _subnets(value: str) -> str:
    return _twice(value.split(","))


def _domains(value: str) -> str:
    each = [one.strip() for one in value.split(",")]
    return _twice(each) or next(filter(None, map(_domain, each)), "")


def _domain(value: str) -> str:
    return f"a domain has at most {LONGEST_DOMAIN} characters" if len(value) > LONGEST_DOMAIN else ""


def _address(value: str) -> str:
    host, _, port = value.removeprefix("https://").partition("/")[0].partition(":")
    if port and not 0 < int(port) <= HIGHEST_PORT:
        return f"there is no port {port}"
    return _domain(host)


def _secret(value: str) -> str:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html"""
    return of_region(secrets_region(value))


def _pool(value: str) -> str:
    return of_region(value.partition("_")[0])


def of_region(region: str) -> str:
    """What is wrong with the name of a Region, as the rest of a sentence; empty where it may be one."""
    try:
        partition = botocore.session.Session().get_partition_for_region(region)
    except UnknownRegionError:
        return f"there is no AWS region {region}"
    return "" if partition == PARTITION else f"the region {region} is not one of AWS's commercial Regions"


def secrets_region(arn: str) -> str:
    """The region in a secret's ARN."""
    return arn.split(":")[3]


def _email(value: str) -> str:
    name, _, domain = value.rpartition("@")
    if len(name) > LONGEST_MAILBOX or name.startswith(".") or name.endswith(".") or ".." in name:
        return "no mail arrives there"
    return _domain(domain)


def _instructions(value: str) -> str:
    strange = next(
        (each for each in value if unicodedata.category(each) == "Cc" and each not in "\n\r\t"), ""
    )
    return f"{strange!a} is nothing that anybody can read" if strange else ""


def _twice(each: list[str]) -> str:
    again = next((one for at, one in enumerate(each) if one in each[:at]), "")
    return f"{again} stands there twice" if again else ""


MEANINGS: dict[str, Callable[[str], str]] = {
    "AlarmEmail": _email,
    "AllowedAddresses": _ranges,
    "AllowedCountries": _countries,
    "DomainName": _domain,
    "ExistingPrivateSubnetIds": _subnets,
    "ExistingPublicSubnetIds": _subnets,
    "ExistingUserPoolId": _pool,
    "ExistingVpcCidr": _network,
    "OidcClientSecretArn": _secret,
    "OidcIssuer": _address,
    "SamlMetadataUrl": _address,
    "SignUpDomains": _domains,
    "SystemPrompt": _instructions,
    "TimeZone": _time_zone,
    "VpcCidr": _network,
}
