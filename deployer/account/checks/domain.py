"""Whether a certificate for the chosen domain can be had: its zone, who answers for it, who may certify it.

ACM proves the domain by a record in the zone. Where the world asks other name servers than the zone's, nobody
sees that record, and the deployment waits for it for hours:
https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from deployer.account.checks.findings import Finding, ok, warning, wrong
from deployer.account.checks.resolver import Unanswered
from deployer.errors import error_code

NAME = "domain"
AMAZON = {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}
"""Who a CAA record must name: https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html"""
ADDRESS_TYPES = {"A", "AAAA", "CNAME"}

NameServers = Callable[[str], set[str]]
"""Who answers for a domain, as this machine's resolver says; raises Unanswered."""
Certification = Callable[[str], Sequence[tuple[str, str]]]
"""The CAA records of exactly one name, likewise, each as its tag and value."""


def check(
    route53: Any,
    values: Mapping[str, str],
    deployed: Mapping[str, str] | None,
    ask: NameServers,
    ask_certification: Certification,
) -> Iterator[Finding]:
    """Yield what is found of the domain; nothing where the front door needs none."""
    if values["FrontDoor"] != "domain":
        return
    domain, zone_id = values["DomainName"], values["HostedZoneId"]
    try:
        found = route53.get_hosted_zone(Id=zone_id)
    except ClientError as error:
        if error_code(error) != "NoSuchHostedZone":
            raise
        yield wrong(
            NAME,
            zone_id,
            "There is no such hosted zone in this account.",
            "`aws route53 list-hosted-zones` lists them: give the right one as HostedZoneId.",
        )
        return
    zone = found["HostedZone"]["Name"].rstrip(".").lower()
    if found["HostedZone"].get("Config", {}).get("PrivateZone"):
        message = f"The zone {zone} is private: nobody outside sees a certificate's record in it."
        yield wrong(NAME, zone_id, message, "Give the public zone of that name as HostedZoneId.")
        return
    if domain != zone and not domain.endswith(f".{zone}"):
        message = f"The zone {zone} does not hold {domain}."
        yield wrong(NAME, zone_id, message, "Give the zone that does as HostedZoneId.")
        return
    records = _records(route53, zone_id)
    yield from _certifiable(domain, zone, records, ask_certification)
    if not deployed or deployed.get("DomainName") != domain:
        yield from _free(domain, records)
    yield _delegation(domain, zone, {_plain(name) for name in found["DelegationSet"]["NameServers"]}, ask)


def _records(route53: Any, zone_id: str) -> list[Mapping[str, Any]]:
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    return [record for page in pages for record in page["ResourceRecordSets"]]


def _certifiable(
    domain: str, zone: str, records: list[Mapping[str, Any]], ask: Certification
) -> Iterator[Finding]:
    """Who may certify is said by the nearest CAA records at or above the name, in any zone (RFC 8659)."""
    name = domain
    while "." in name:
        try:
            caa = _in_zone(records, name) if f".{name}".endswith(f".{zone}") else ask(name)
        except Unanswered as error:
            yield warning(NAME, domain, f"Whom CAA records of {name}, above the zone, let certify: {error}.")
            return
        if caa:
            issuers = [value.split(";")[0].strip() for tag, value in caa if tag.lower() == "issue"]
            if issuers and not AMAZON & set(issuers):
                yield wrong(
                    NAME,
                    domain,
                    f"The CAA records of {name} let {' and '.join(filter(None, issuers)) or 'nobody'} "
                    "certify it, and not Amazon.",
                    f'Add the value 0 issue "amazon.com" to the CAA record of {name}.',
                )
            return
        name = name.partition(".")[2]


def _in_zone(records: list[Mapping[str, Any]], name: str) -> list[tuple[str, str]]:
    """The CAA records of that name in the zone itself, each as its tag and value."""
    values = [
        entry["Value"].split(maxsplit=2)
        for record in records
        if record["Type"] == "CAA" and _plain(record["Name"]) == name
        for entry in record.get("ResourceRecords", [])
    ]
    return [(words[1], words[2].strip('"')) for words in values if len(words) == 3]


def _free(domain: str, records: list[Mapping[str, Any]]) -> Iterator[Finding]:
    taken = sorted({r["Type"] for r in records if _plain(r["Name"]) == domain} & ADDRESS_TYPES)
    if taken:
        yield wrong(
            NAME,
            domain,
            f"The zone has a record of this name already ({', '.join(taken)}), and the stack makes its own.",
            "Delete it in Route 53, or choose another DomainName.",
        )


def _delegation(domain: str, zone: str, own: set[str], ask: NameServers) -> Finding:
    try:
        seen = {_plain(name) for name in ask(zone)}
    except Unanswered as error:
        message = f"The zone {zone} is public and holds it; who answers for it: {error}."
        return warning(
            NAME, domain, message, f"Ask another machine: `dig NS {zone}` must name the zone's own."
        )
    if seen & own:
        return ok(NAME, domain, f"The zone {zone} is public, holds it, and the world asks its name servers.")
    return warning(
        NAME,
        domain,
        f"Others than the zone's name servers answer for {zone}: {', '.join(sorted(seen)) or 'nobody'}. "
        "The certificate would wait for ever.",
        f"Where {zone} is registered, enter as its name servers: {', '.join(sorted(own))}.",
    )


def _plain(name: str) -> str:
    return name.rstrip(".").lower()
