"""Whatever a user can choose together renders, lints clean and deploys; tried pairwise."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import combinations, product
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from deployer.cloudformation.intrinsics import Json
from deployer.offline.profiles import flat
from tests.emulator_fixture import REPOSITORY, RunningEmulator
from tests.templates.command_line import deployer
from tests.templates.pairwise import Combination, pairwise

SUBNETS = "subnet-0123456789abcdef0,subnet-0123456789abcdef1"
Parameters = dict[str, str]

CHOICES: dict[str, dict[str, Parameters]] = {
    "front door": {
        "cloudfront": {"FrontDoor": "cloudfront"},
        "domain": {
            "FrontDoor": "domain",
            "DomainName": "chat.example.com",
            "HostedZoneId": "Z0123456789ABCDEFGHIJ",
        },
        "http": {"FrontDoor": "http"},
    },
    "way out": {
        **{value: {"Egress": value} for value in ("nat", "nat-per-zone", "endpoints", "none")},
        "existing": {
            "Egress": "existing",
            "ExistingVpcId": "vpc-0123456789abcdef0",
            "ExistingVpcCidr": "10.7.0.0/22",
            "ExistingPrivateSubnetIds": SUBNETS,
            "ExistingPublicSubnetIds": SUBNETS,
        },
    },
    "firewall": {"yes": {"UseFirewall": "yes"}, "no": {"UseFirewall": "no"}},
    "addresses": {"all": {}, "some": {"AllowedAddresses": "192.0.2.0/24,198.51.100.7/32"}},
    "countries": {"all": {}, "some": {"AllowedCountries": "ES,MX"}},
    "key": {"own": {"EncryptionKey": "own"}, "aws": {"EncryptionKey": "aws"}},
    "data": {"kept": {"KeepData": "yes"}, "thrown away": {"KeepData": "no"}},
    "sleep": {value: {"Sleep": value} for value in ("never", "nights", "nights-and-weekends")},
    "spot": {value: {"SpotPercent": value} for value in ("0", "50", "100")},
    "strategy": {value: {"DeploymentStrategy": value} for value in ("rolling", "blue-green", "canary")},
    "size": {
        "small": {"TaskCount": "1", "MaxTaskCount": "1", "TaskCpu": "256", "TaskMemory": "512"},
        "large": {"TaskCount": "3", "MaxTaskCount": "20", "TaskCpu": "4096", "TaskMemory": "30720"},
    },
    "model": {"one": {"AlternativeModelId": "", "EmbeddingModelId": ""}, "two": {}},
    "mail": {"no": {}, "yes": {"AlarmEmail": "ops@example.com"}},
    "budget": {"no": {}, "yes": {"MonthlyBudget": "50"}},
    "people": {"own pool": {}, "existing pool": {"ExistingUserPoolId": "us-east-1_Ab12Cd34E", "Mfa": "off"}},
    "single sign-on": {
        "off": {},
        "saml": {
            "SingleSignOn": "saml",
            "SingleSignOnProvider": "Example",
            "SingleSignOnDomainPrefix": "example-chat",
            "SamlMetadataUrl": "https://login.example.com/metadata.xml",
        },
        "oidc": {
            "SingleSignOn": "oidc",
            "SingleSignOnProvider": "Example",
            "SingleSignOnDomainPrefix": "example-chat",
            "OidcIssuer": "https://login.example.com",
            "OidcClientId": "asistente",
            "OidcClientSecretArn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:oidc-AbCdEf",
        },
    },
}


def makes_sense(combination: Combination) -> bool:
    """Lists of who may come need the firewall; single sign-on a pool of ours, HTTPS and a way out."""
    limited = "some" in (combination.get("addresses"), combination.get("countries"))
    single_sign_on = combination.get("single sign-on", "off") != "off"
    cut_off = (
        combination.get("front door") == "http"
        or combination.get("way out") == "endpoints"
        or combination.get("people") == "existing pool"
    )
    return not (limited and combination.get("firewall") == "no") and not (single_sign_on and cut_off)


NAMES = {name: list(choices) for name, choices in CHOICES.items()}
COMBINATIONS = pairwise(NAMES, makes_sense)


def parameters(combination: Combination) -> Parameters:
    merged: Parameters = {}
    for name, choice in combination.items():
        merged |= CHOICES[name][choice]
    return merged


def test_every_two_choices_meet() -> None:
    for (a, xs), (b, ys) in combinations(NAMES.items(), 2):
        for x, y in product(xs, ys):
            if makes_sense({a: x, b: y}):
                assert any(c[a] == x and c[b] == y for c in COMBINATIONS), (a, x, b, y)
    assert all(makes_sense(combination) for combination in COMBINATIONS)


def parts_to_lint(templates: Iterable[Json]) -> Iterator[Json]:
    """Of each template what none before it has, and what that refers to, directly or not.

    What refers to something that an earlier one had and this one lacks is looked at again.
    """
    seen: set[tuple[str, str]] = set()
    for template in templates:
        texts = {title: json.dumps(each, sort_keys=True) for title, each in template["Resources"].items()}
        part: set[str] = set()
        gone = {title for title, _ in seen} - texts.keys()
        new = {title for title, text in texts.items() if (title, text) not in seen}
        new |= {title for title, text in texts.items() if gone & set(re.findall(r"\w+", text))}
        while new:
            part |= new
            new = {word for title in new for word in re.findall(r"\w+", texts[title])} & texts.keys() - part
        seen |= set(texts.items())
        if part:
            yield template | {"Resources": {title: template["Resources"][title] for title in sorted(part)}}


def test_what_lost_what_it_refers_to_is_linted_again() -> None:
    role, project = {"Type": "R"}, {"Type": "P", "ServiceRole": {"Ref": "Role"}}
    whole = {"Resources": {"Role": role, "Project": project, "Other": role}}
    broken = {"Resources": {"Project": project, "Other": role}}
    linted = [sorted(part["Resources"]) for part in parts_to_lint([whole, broken])]
    assert linted == [["Other", "Project", "Role"], ["Project"]]


@pytest.mark.slow
def test_every_combination_lints_clean(tmp_path: Path) -> None:
    files = []
    templates = (flat(parameters(combination))[0] for combination in COMBINATIONS)
    for number, part in enumerate(parts_to_lint(templates)):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(part), encoding="utf-8")
    # An ARN that a user gives names its partition; it is no ARN of ours. The option stands for the whole list
    # of .cfnlintrc.yaml, of which I1022 and E3039 are needed here too.
    options = ["--format", "parseable", "--ignore-checks", "I3042", "I1022", "E3039"]
    command = [Path(sys.executable).with_name("cfn-lint"), *options, "--", *files]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "combination", COMBINATIONS, ids=lambda combination: "-".join(combination.values()).replace(" ", "-")
)
def test_every_combination_deploys(
    combination: Combination, emulator: RunningEmulator, tmp_path: Path
) -> None:
    chosen = parameters(combination) | _what_must_be_there(emulator, parameters(combination))
    file = tmp_path / "parameters.toml"
    name = f"pair-{COMBINATIONS.index(combination)}"
    lines = "".join(f'{key} = "{value}"\n' for key, value in chosen.items())
    file.write_text(f'stack = "{name}"\n[parameters]\n{lines}')
    deployer(emulator, "deploy", file)
    destroyed = deployer(emulator, "destroy", file)
    assert ("Kept on purpose" in destroyed) == (combination["data"] == "kept")


def _what_must_be_there(emulator: RunningEmulator, chosen: Parameters) -> Parameters:
    """A hosted zone, a network, a pool and a provider's secret, for those choices that name one."""
    found: Parameters = {}
    if chosen["FrontDoor"] == "domain":
        request = {"Name": chosen["DomainName"], "CallerReference": token_hex(8)}
        zone = emulator.client("route53").create_hosted_zone(**request)["HostedZone"]["Id"]
        found["HostedZoneId"] = zone.rsplit("/", 1)[-1]
    if chosen["Egress"] == "existing":
        ec2: Any = emulator.client("ec2")
        vpc = ec2.create_vpc(CidrBlock=chosen["ExistingVpcCidr"])["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
            for block in ("10.7.0.0/24", "10.7.1.0/24")
        ]
        found["ExistingVpcId"] = vpc
        found["ExistingPrivateSubnetIds"] = found["ExistingPublicSubnetIds"] = ",".join(subnets)
    if "ExistingUserPoolId" in chosen:
        fitting = {"PoolName": "of-others", "UsernameAttributes": ["email"]}
        pool = emulator.client("cognito-idp").create_user_pool(**fitting)
        found["ExistingUserPoolId"] = pool["UserPool"]["Id"]
    if chosen.get("SingleSignOn") == "oidc":
        secret = {"Name": f"oidc-{token_hex(8)}", "SecretString": "what the provider gave"}
        found["OidcClientSecretArn"] = emulator.client("secretsmanager").create_secret(**secret)["ARN"]
    return found
