"""The zone of a domain: Route 53 is the emulator's, and the world's name servers are real DNS on loopback."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import pytest

from deployer.account.checks import domain
from deployer.account.checks import resolver as dns
from deployer.account.checks.findings import Finding, guarded
from deployer.account.checks.resolver import Unanswered
from tests.deployer.account.checks.stubbed import answering
from tests.emulator_fixture import RunningEmulator

Ask = Callable[[str], set[str]]
Certification = Callable[[str], list[tuple[str, str]]]


def nowhere(_: str) -> list[tuple[str, str]]:
    """No CAA records above the zone."""
    return []


class Zone:
    """A hosted zone of its own."""

    def __init__(self, aws: RunningEmulator, name: str = "example.com", **config: Any) -> None:
        self.route53 = aws.client("route53")
        made = self.route53.create_hosted_zone(Name=name, CallerReference=token_hex(8), **config)
        self.id = made["HostedZone"]["Id"].rsplit("/", 1)[-1]
        self.name_servers = set(self.route53.get_hosted_zone(Id=self.id)["DelegationSet"]["NameServers"])

    def add(self, name: str, kind: str, *values: str) -> None:
        records = [{"Value": value} for value in values]
        change = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": records}
        self.route53.change_resource_record_sets(
            HostedZoneId=self.id,
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": change}]},
        )

    def check(
        self, ask: Ask | None = None, deployed: Any = None, above: Certification = nowhere, **chosen: str
    ) -> list[Finding]:
        values = {"FrontDoor": "domain", "DomainName": "chat.example.com", "HostedZoneId": self.id} | chosen
        own = ask or (lambda _: self.name_servers)
        return list(domain.check(self.route53, values, deployed, own, above))


@pytest.fixture
def zone(emulator: RunningEmulator) -> Zone:
    return Zone(emulator)


def test_a_zone_that_the_world_asks_is_well(zone: Zone) -> None:
    [finding] = zone.check(lambda _: {each.upper() + "." for each in zone.name_servers})
    assert (finding.level, "the world asks its name servers" in finding.message) == ("ok", True)
    [itself] = zone.check(DomainName="example.com")
    assert itself.level == "ok"


def test_no_domain_is_no_question(zone: Zone) -> None:
    assert zone.check(FrontDoor="cloudfront", HostedZoneId="") == []


def test_a_zone_that_is_not_there_is_wrong(zone: Zone) -> None:
    [finding] = zone.check(HostedZoneId="Z0000000000000000000A")
    assert (finding.level, "no such hosted zone" in finding.message) == ("wrong", True)


def test_a_private_zone_is_wrong() -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html"""
    zone = {"Id": "Z1", "Name": "example.com.", "CallerReference": "x", "Config": {"PrivateZone": True}}
    with answering("route53", ("get_hosted_zone", {"HostedZone": zone})) as route53:
        values = {"FrontDoor": "domain", "DomainName": "chat.example.com", "HostedZoneId": "Z1"}
        [finding] = domain.check(route53, values, None, lambda _: set(), nowhere)
    assert (finding.level, "is private" in finding.message) == ("wrong", True)


@pytest.mark.parametrize("name", ["chat.example.org", "notexample.com", "com"])
def test_a_zone_of_another_domain_is_wrong(zone: Zone, name: str) -> None:
    [finding] = zone.check(DomainName=name)
    assert (finding.level, "does not hold" in finding.message) == ("wrong", True)


@pytest.mark.parametrize(("seen", "words"), [({"ns1.other.net."}, "ns1.other.net"), (set(), "nobody")])
def test_a_zone_that_the_world_does_not_ask_is_told(zone: Zone, seen: set[str], words: str) -> None:
    [finding] = zone.check(lambda _: seen)
    assert (finding.level, words in finding.message) == ("warning", True)
    assert all(name.rstrip(".") in finding.remedy for name in zone.name_servers)


def test_what_the_resolver_does_not_say_is_a_warning(zone: Zone) -> None:
    def silent(_: str) -> set[str]:
        raise Unanswered("this machine names no resolver")

    [finding] = zone.check(silent)
    assert (finding.level, "this machine names no resolver" in finding.message) == ("warning", True)


@pytest.mark.parametrize(
    ("name", "values", "wrong"),
    [
        ("example.com", ['0 issue "other-ca.example"'], True),
        ("chat.example.com", ['0 issue ";"'], True),
        ("example.com", ['0 issue "other-ca.example"', '0 issue "amazon.com"'], False),
        ("example.com", ['0 issue "amazontrust.com; validationmethods=dns-01"'], False),
        ("example.com", ['0 iodef "mailto:a@example.com"'], False),
        ("other.example.com", ['0 issue "other-ca.example"'], False),
    ],
)
def test_who_may_certify_is_read(zone: Zone, name: str, values: list[str], wrong: bool) -> None:
    zone.add(name, "CAA", *values)
    levels = [finding.level for finding in zone.check()]
    assert levels == (["wrong", "ok"] if wrong else ["ok"])


CAA_OF = {
    "team.example.com": [("iodef", "mailto:a@example.com")],
    "example.com": [("issue", "other-ca.example; policy=ev"), ("issuewild", "amazon.com")],
    "example.org": [("Issue", "amazon.com")],
}


@pytest.mark.parametrize(
    ("zone_name", "wrong"),
    [("apps.example.com", True), ("apps.team.example.com", False), ("apps.example.org", False)],
)
def test_who_may_certify_is_asked_of_dns_above_the_zone(
    emulator: RunningEmulator, zone_name: str, wrong: bool
) -> None:
    asked: list[str] = []

    def above(name: str) -> list[tuple[str, str]]:
        asked.append(name)
        return CAA_OF.get(name, [])

    found = Zone(emulator, zone_name).check(above=above, DomainName=f"chat.{zone_name}")
    assert [each.level for each in found] == (["wrong", "ok"] if wrong else ["ok"])
    assert asked == [zone_name.partition(".")[2]]
    if wrong:
        assert "The CAA records of example.com let other-ca.example certify it" in found[0].message


def test_what_the_zone_says_itself_is_nearer_than_what_is_above(emulator: RunningEmulator) -> None:
    zone = Zone(emulator, "apps.example.com")
    zone.add("apps.example.com", "CAA", '0 issue "amazon.com"')
    assert [
        each.level for each in zone.check(above=CAA_OF.__getitem__, DomainName="chat.apps.example.com")
    ] == ["ok"]


def test_that_the_resolver_does_not_say_who_may_certify_is_a_warning(emulator: RunningEmulator) -> None:
    def silent(_: str) -> list[tuple[str, str]]:
        raise Unanswered("this machine names no resolver")

    first, second = Zone(emulator, "apps.example.com").check(above=silent, DomainName="chat.apps.example.com")
    assert (first.level, second.level) == ("warning", "ok")
    assert "example.com, above the zone, let certify: this machine names no resolver" in first.message


def test_a_record_in_the_way_is_wrong_before_it_is_ours(zone: Zone) -> None:
    zone.add("chat.example.com", "A", "192.0.2.1")
    first, _ = zone.check()
    assert (first.level, "a record of this name already (A)" in first.message) == ("wrong", True)
    assert [each.level for each in zone.check(deployed={"DomainName": "chat.example.com"})] == ["ok"]


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
def test_who_gets_no_answer_is_told(code: str) -> None:
    values = {"FrontDoor": "domain", "DomainName": "chat.example.com", "HostedZoneId": "Z1"}
    with answering("route53", ("get_hosted_zone", code)) as route53:
        [finding] = guarded("domain", lambda: domain.check(route53, values, None, lambda _: set(), nowhere))
    assert (finding.level, finding.message.startswith("Not checked.")) == ("warning", True)


# --- the question of DNS itself ---


@contextmanager
def resolver(answer: Callable[[bytes], bytes]) -> Iterator[tuple[str, int]]:
    """One that gives one answer, made of the question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            question, client = server.recvfrom(4096)
            server.sendto(answer(question), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()
        thread.join()


def answer_of(*names: bytes, code: int = 0, flags: int = 0x8180, kind: int = 2) -> Callable[[bytes], bytes]:
    """NS records with these encoded names, of the name in the question."""

    def answer(question: bytes) -> bytes:
        header = struct.pack(">2sHHHHH", question[:2], flags | code, 1, len(names), 0, 0)
        records = (struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(name)) + name for name in names)
        return header + question[12:] + b"".join(records)

    return answer


def test_names_are_read_whole_and_compressed() -> None:
    whole = b"\x03ns1\x05other\x03net\x00"
    compressed = b"\x03ns2\xc0\x0c"  # ns2. and the name in the question
    with resolver(answer_of(whole, compressed)) as address:
        assert dns.name_servers("example.com", address) == {"ns1.other.net", "ns2.example.com"}


def caa(tag: bytes, value: bytes) -> bytes:
    return bytes([0, len(tag)]) + tag + value


def test_caa_records_are_read_and_what_leads_to_them_is_passed_over() -> None:
    records = (caa(b"issue", b"amazon.com; a=b"), caa(b"iodef", b"mailto:a@example.com"))
    with resolver(answer_of(*records, kind=257)) as address:
        assert dns.certification("example.com", address) == [
            ("issue", "amazon.com; a=b"),
            ("iodef", "mailto:a@example.com"),
        ]
    with resolver(answer_of(b"\x03ns1\x00", kind=5)) as address:
        assert dns.certification("example.com", address) == []


@pytest.mark.parametrize(
    "answer",
    [answer_of(b"", kind=257), lambda question: answer_of(caa(b"issue", b"a"), kind=257)(question)[:-1]],
)
def test_caa_records_that_do_not_end_are_no_answer(answer: Callable[[bytes], bytes]) -> None:
    with resolver(answer) as address, pytest.raises(Unanswered, match="does not answer as it should"):
        dns.certification("example.com", address)


def test_a_domain_that_is_not_there_has_none() -> None:
    with resolver(answer_of(code=3)) as address:
        assert dns.name_servers("example.com", address) == set()


def test_records_of_another_kind_are_passed_over() -> None:
    with resolver(answer_of(b"\x03ns1\x00", kind=5)) as address:
        assert dns.name_servers("example.com", address) == set()


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: b"",
        lambda question: b"xx" + question[2:],
        answer_of(code=2),
        answer_of(flags=0x8380),
        answer_of(b"\xc0\x29"),  # a name that points at itself
        answer_of(b"\x3fns"),
        answer_of(b"\x03\xff\xff\xff\x00"),
        lambda question: answer_of(b"\x03ns1\x00")(question)[:-3],
    ],
)
def test_nonsense_is_no_answer(answer: Callable[[bytes], bytes]) -> None:
    with resolver(answer) as address, pytest.raises(Unanswered, match="does not answer as it should"):
        dns.name_servers("example.com", address)


def test_nobody_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "TIMEOUT_SECONDS", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(Unanswered, match="does not say"):
            dns.name_servers("example.com", silent.getsockname())


@pytest.mark.parametrize("content", ["", "# nothing\nsearch example.com\nnameserver\n"])
def test_a_machine_without_a_resolver_says_so(
    content: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "resolv.conf"
    monkeypatch.setattr(dns, "RESOLVERS", file)
    if content:
        file.write_text(content)
    with pytest.raises(Unanswered, match="names no resolver"):
        dns.name_servers("example.com")
