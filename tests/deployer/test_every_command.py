"""One definition of each parameter: whatever is given, every command takes it, or every one refuses it."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

import generate
from deployer.cloudformation import meaning
from deployer.cloudformation.parameters import MOST_BYTES_OF_A_VALUE, OWN, keeps_data, parse_override
from deployer.commands import deploy, template
from deployer.errors import UsageError
from deployer.offline.profiles import checked
from deployer.options import ROOT, load
from gradio_app import settings as application
from local import __main__ as local
from source import image_tag
from templates.parts import numbers
from templates.parts.deletion_policies import KEEP_DATA_VALUES
from tests.deployer.running import COST, DEPLOY_SH, POLICY, Ended, as_program, run
from tests.templates import stacks

DECLARED = {name: each for name, each in stacks.stack("root")["Parameters"].items() if name not in OWN}
NOWHERE = "/dev/null/nowhere"
"""No folder can be there: a command that gets so far has accepted the parameters, and makes nothing."""
LOCAL = as_program(local.main, "local")

NASTY = [
    "nan", "NaN", "inf", "-inf", "1e3", "1E308", "2.5", "2.0", "-1", "+2", "02", " 2", "2 ", "2\n", "0x2",
    "1_0", "\u00b2", "\uff12", "\u0662", "\u0b68", "1" * 40, "9" * 5000, "0", "1", "2", "3", "20", "21",
    "true", "yes", "no", "YES", "\u200b2", "2\u200b", "\ud800", "\x1b[31m", "a" * 5000, "''", '""',
    "null", "None", "*", "-", "--", "Europe/Madrid", "Europe/Atlantis", "europe/madrid", "Factory", "UTC",
    "Etc/GMT+1", "../etc", "America/Argentina/Ushuaia", "10.42.0.0/16", "10.42.0.1/16", "10.42.0.0/15",
    "10.42.0.0/33", "192.0.2.1/24", "192.0.2.0/24,192.0.2.0/24", "0.0.0.0/0", "::/0", "10.0.0.0/8", "ES",
    "ES,ES", "ES,QQ", "es", "XK", "chat.example.com", "Chat.example.com", "chat..example.com",
    f"{'a' * 60}.example.com", "b\u00fccher.example", "https://login.example.com",
    "https://login.example.com:99999", "https://login.example.com:0/x", "https://login.example.com/a b",
    "http://login.example.com", "https://user@login.example.com",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf",
    "arn:aws:secretsmanager:mars-1:123456789012:secret:x-AbCdEf",
    "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:x-AbCdEf",
    "arn:aws:secretsmanager:cn-north-1:123456789012:secret:x-AbCdEf", "arn:aws:s3:::bucket",
    "ana@example.com", "ana@@example.com", "ana@example", ".ana@example.com", "a\u200bna@example.com",
    "Ana <ana@example.com>", f"{'a' * 300}@example.com",
    "subnet-0123456789abcdef0,subnet-0123456789abcdef0", "vpc-0123456789abcdef0",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def without_aws() -> Iterator[None]:
    """No region: where a deployment asks for one, the parameters have been accepted."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The written templates, by KeepData: they are the same for all other parameters."""
    folder = tmp_path_factory.mktemp("out")
    for keep_data in KEEP_DATA_VALUES:
        generate.write(folder / keep_data, image_tag(ROOT), keep_data)
    return folder


def deploying(out: Path, override: str) -> Ended:
    """`deploy.sh deploy` without writing the templates anew each time."""
    try:
        chosen = load(overrides=dict([parse_override(override)])).parameters
        options = load(overrides=chosen)
        written = out / keeps_data(chosen)
        object.__setattr__(options, "out", written)

        def write(folder: Path, _: str) -> None:
            copytree(written, folder, dirs_exist_ok=True)

        deploy.run(options, Console(file=io.StringIO()), write)
    except UsageError as error:
        return Ended(error.exit_code, str(error))
    raise AssertionError("there is no AWS to deploy to")


def writing(override: str) -> Ended:
    """`deploy.sh template` without writing anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "write_templates", lambda _: None)
        return run(DEPLOY_SH, "template", override)


def verdicts(out: Path, override: str) -> dict[str, Ended | None]:
    """By command, how it refuses; None where it accepts."""
    ended = {
        "deploy": (deploying(out, override), "No AWS region is chosen"),
        "template": (writing(override), None),
        "cost": (run(COST, override), None),
        "policy": (run(POLICY, "--out", NOWHERE, override), NOWHERE),
        "local": (run(LOCAL, "--state", NOWHERE, override), NOWHERE),
    }
    return {
        name: None if (each.code == 0 if words is None else words in each.said) else each
        for name, (each, words) in ended.items()
    }


def any_value(name: str) -> st.SearchStrategy[str]:
    declaration = DECLARED[name]
    right = [declaration["Default"], *declaration.get("AllowedValues", [])]
    found = [st.sampled_from(NASTY), st.sampled_from(right), st.text(max_size=20), st.integers().map(str)]
    if pattern := declaration.get("AllowedPattern"):
        found.append(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    return st.one_of(found)


@pytest.mark.slow
@settings(max_examples=150)
@given(name=st.sampled_from(sorted(DECLARED)), data=st.data())
def test_every_command_is_of_one_opinion(out: Path, name: str, data: st.DataObject) -> None:
    # No argument of a program holds a zero, and one that begins with a dash is an option.
    value = data.draw(any_value(name)).replace("\0", "")
    found = verdicts(out, f"{name}={value}")
    assert len({each is None for each in found.values()}) == 1, found
    for command, ended in found.items():
        assert ended is None or ended.is_explained, (command, ended)


FORM_IS_ALL = {
    "ExistingVpcId", "HostedZoneId", "ModelId", "AlternativeModelId", "EmbeddingModelId",
    "FormerEmbeddingModelId", "OidcClientId", "SingleSignOnProvider", "SingleSignOnDomainPrefix",
}  # fmt: skip
"""Names that others give: whether there is such a one, only they know."""
NUMBERS = sorted(name for name, each in DECLARED.items() if each["Default"].isdigit())


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
@settings(max_examples=50)
@given(text=st.one_of(st.sampled_from(NASTY), st.integers(-5, 3000).map(str), st.floats().map(str)))
@example(text="007")
def test_a_number_is_what_a_program_writes_of_a_whole_one(name: str, text: str) -> None:
    try:
        value = checked({name: text})[name]
    except UsageError:
        return
    assert value.isascii()
    assert str(int(value)) == value


@given(low=st.integers(0, 3000), length=st.integers(0, 10**6), number=st.integers(0, 10**7))
def test_the_pattern_of_a_range_matches_its_numbers_and_no_other(low: int, length: int, number: int) -> None:
    field = numbers.whole_number("Some.", low, low + length, low)
    pattern = re.compile(field.metadata["AllowedPattern"])
    for each in (number, low, low - 1, low + length, low + length + 1):
        assert bool(pattern.fullmatch(str(each))) == (low <= each <= low + length), each
    assert not pattern.fullmatch(f"0{low or 1}")


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("SessionIdleMinutes", application.IDLE_MINUTES),
        ("SessionMaxHours", application.MAX_HOURS),
        ("DailyTokenBudget", application.TOKENS_A_DAY),
        ("MaxOutputTokens", application.OUTPUT_TOKENS),
    ],
)
def test_the_application_takes_what_the_template_takes(name: str, bounds: tuple[int, int]) -> None:
    words = re.search(r"from (\d+) to (\d+)", DECLARED[name]["ConstraintDescription"])
    assert words
    low, high = map(int, words.groups())
    assert bounds[0] <= low <= high <= bounds[1]


def test_the_application_takes_instructions_as_long_as_the_template_s() -> None:
    assert application.SYSTEM_PROMPT_BYTES == MOST_BYTES_OF_A_VALUE


def test_every_parameter_is_one_of_some_is_a_number_or_has_a_meaning() -> None:
    """A new one has to be thought of."""
    free = {name for name, each in DECLARED.items() if "AllowedValues" not in each and name not in NUMBERS}
    assert free == meaning.MEANINGS.keys() | FORM_IS_ALL
    assert not meaning.MEANINGS.keys() & FORM_IS_ALL


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("TimeZone", "Europe/Atlantis", "there is no such time zone"),
        ("TimeZone", "Factory", "there is no such time zone"),
        ("VpcCidr", "10.42.7.0/16", "that range begins at 10.42.0.0: write 10.42.0.0/16"),
        ("AllowedAddresses", "192.0.2.0/24,198.51.100.7/24", "write 198.51.100.0/24, or 198.51.100.7/32"),
        ("AllowedAddresses", "192.0.2.0/24,192.0.2.0/24", "192.0.2.0/24 stands there twice"),
        ("AllowedCountries", "ES,QQ", "AWS WAF knows no country QQ"),
        ("AllowedCountries", "ES,ES", "ES stands there twice"),
        ("SignUpDomains", "example.com, example.com", "example.com stands there twice"),
        ("SignUpDomains", f"{'a.' * 130}example.com", "a domain has at most 253 characters"),
        ("OidcIssuer", "https://login.example.com:99999", "there is no port 99999"),
        ("SamlMetadataUrl", "https://login.example.com:0/x", "there is no port 0"),
        (
            "OidcClientSecretArn",
            "arn:aws:secretsmanager:mars-1:123456789012:secret:x-AbCdEf",
            "there is no AWS region mars-1",
        ),
        (
            "OidcClientSecretArn",
            "arn:aws:secretsmanager:cn-north-1:123456789012:secret:x-AbCdEf",
            "is not one of AWS's commercial Regions",
        ),
        ("ExistingPrivateSubnetIds", "subnet-0123456789abcdef0,subnet-0123456789abcdef0", "twice"),
        ("ExistingVpcCidr", "10.42.0.0/29", "from /16 to /28"),
        ("AlarmEmail", "..ana@example.com", "no mail arrives there"),
        ("DomainName", f"{'a' * 60}.example.com", "64 characters at most"),
        ("SystemPrompt", "\u00f1" * 2049, "takes 4096 bytes at most"),
        ("SystemPrompt", "Be brief.\ud800", "half a character stands in it"),
        ("SystemPrompt", "Be brief.\x1b[31m", "is nothing that anybody can read"),
    ],
)
def test_what_has_the_form_and_no_meaning_is_refused_with_the_reason(name: str, value: str, why: str) -> None:
    with pytest.raises(UsageError) as error:
        checked({name: value})
    assert f"{name} cannot be" in str(error.value)
    assert why in str(error.value)


def test_a_machine_without_time_zones_takes_the_template_s_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "_time_zones", frozenset)
    assert checked({"TimeZone": "Europe/Atlantis"})["TimeZone"] == "Europe/Atlantis"
