"""Every source of credentials that boto3 knows, broken in each way: one sentence with the source's name."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from tests.deployer.running import DEPLOY_SH, run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own with AWS's settings file to be written, and no other AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    return tmp_path


def program(folder: Path, output: str, code: int = 0) -> str:
    path = folder / "program"
    (folder / "output").write_bytes(output.encode("latin-1"))
    path.write_text(f"#!/bin/sh\ncat {folder / 'output'}\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


EXPIRED = "2020-01-01T00:00:00+00:00"
KEYS = {"AccessKeyId": "a", "SecretAccessKey": "s", "SessionToken": "t"}


@pytest.mark.parametrize(
    "output",
    [
        "",
        "not JSON",
        "[]",
        "null",
        '"text"',
        "{}",
        "\xff\xfe",
        json.dumps({"Version": 2}),
        json.dumps({"Version": 1}),
        json.dumps({"Version": 1, **KEYS, "Expiration": "yesterday"}),
        json.dumps({"Version": 1, **KEYS, "Expiration": 5}),
        json.dumps({"Version": 1, **KEYS, "Expiration": EXPIRED}),
    ],
)
def test_a_program_that_answers_nonsense(home: Path, output: str) -> None:
    (home / "config").write_text(f"[default]\ncredential_process = {program(home, output)}\n")
    ended = run(DEPLOY_SH, "status")
    assert ended.is_one_sentence, ended
    assert "credential" in ended.said.lower()


@pytest.mark.parametrize(
    ("process", "named"),
    [
        ("/nowhere/tool --all", "/nowhere/tool"),
        ("{home}", "{home}"),  # a folder
        ("{home}/config", "{home}/config"),  # not a program
        ('"unfinished', "quotation"),
    ],
)
def test_a_program_that_cannot_be_run(home: Path, process: str, named: str) -> None:
    (home / "config").write_text(f"[default]\ncredential_process = {process.format(home=home)}\n")
    ended = run(DEPLOY_SH, "status")
    assert ended.is_one_sentence, ended
    assert "by credential_process of the profile default" in ended.said
    assert named.format(home=home) in ended.said


def test_a_program_that_fails(home: Path) -> None:
    (home / "config").write_text(f"[default]\ncredential_process = {program(home, '', code=3)}\n")
    assert run(DEPLOY_SH, "status").is_one_sentence


@pytest.mark.parametrize("file", ["config", "credentials"])
@pytest.mark.parametrize("content", [b"region", b"\xef\xbb\xbf[default]\n", b"\xff\xfe[\0", b"[default\n"])
def test_a_settings_file_that_is_none(home: Path, file: str, content: bytes) -> None:
    (home / file).write_bytes(content)
    ended = run(DEPLOY_SH, "status")
    assert ended.is_one_sentence, ended
    assert str(home / file) in ended.said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "variables"),
    [
        ("sso_start_url = https://x\n", {}),
        ("sso_session = nobody\nsso_account_id = 1\nsso_role_name = r\n", {}),
        ("sso_start_url = https://x\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r\n", {}),
        ("role_arn = arn:aws:iam::123456789012:role/r\n", {}),
        ("role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = nobody\n", {}),
        ("role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = default\n", {}),
        ("role_arn = arn:aws:iam::123456789012:role/r\ncredential_source = Moon\n", {}),
        ("role_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file = /nowhere\n", {}),
        ("aws_access_key_id = x\n", {}),
        ("login_session = arn:aws:iam::123456789012:user/x\n", {}),
        ("", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r"}),
        ("", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r"}),
        ("", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/keys"}),
        ("", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/keys"}),
        (
            "",
            {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/keys",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nowhere",
            },
        ),
        ("", {"AWS_MAX_ATTEMPTS": "many"}),
        ("", {"AWS_METADATA_SERVICE_TIMEOUT": "soon"}),
    ],
)
def test_a_source_that_leads_nowhere(
    home: Path, monkeypatch: pytest.MonkeyPatch, profile: str, variables: dict[str, str]
) -> None:
    (home / "config").write_text(f"[default]\n{profile}")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ended = run(DEPLOY_SH, "status")
    assert ended.is_one_sentence, ended
    if "web_identity_token_file" in profile or "AWS_WEB_IDENTITY_TOKEN_FILE" in variables:
        assert "cannot be had by" in ended.said


def test_a_sign_in_that_cannot_be_read_here_says_which_can(home: Path) -> None:
    (home / "config").write_text("[profile work]\nlogin_session = arn:aws:iam::123456789012:user/x\n")
    ended = run(DEPLOY_SH, "status", "--profile", "work")
    assert ended.is_one_sentence, ended
    assert "The profile work signs in by `aws login`" in ended.said
    assert "aws configure export-credentials --profile work --format env" in ended.said
    assert "pip" not in ended.said


@pytest.mark.parametrize(
    "content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n", "folder"]
)
@pytest.mark.parametrize(
    "setting", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "ca_bundle of the profile default"]
)
def test_a_file_of_certificates_that_is_none_is_named_with_its_setting(
    home: Path, monkeypatch: pytest.MonkeyPatch, setting: str, content: bytes | str | None
) -> None:
    file = home / "ca.pem"
    if content == "folder":
        file.mkdir()
    elif isinstance(content, bytes):
        file.write_bytes(content)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    keys = "[default]\naws_access_key_id = x\naws_secret_access_key = x\n"
    (home / "config").write_text(keys + (f"ca_bundle = {file}\n" if setting.startswith("ca_bundle") else ""))
    if setting.endswith("CA_BUNDLE"):
        monkeypatch.setenv(setting, str(file))
    with socket.create_server(("127.0.0.1", 0)) as accepting:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{accepting.getsockname()[1]}")
        ended = run(DEPLOY_SH, "status")
    assert ended.is_one_sentence, ended
    assert ended.said.startswith(f"{setting} names {file}, of which no certificates can be read (")


@pytest.mark.parametrize(
    "content", ["", "[]", "null", '{"accessToken": "x"}', '{"accessToken": "x", "expiresAt": "z"}']
)
def test_a_sign_in_that_is_damaged(home: Path, content: str) -> None:
    (home / "config").write_text(
        "[default]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
        "[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
    )
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    # botocore names the file by the SHA-1 of the session's name.
    (cache / "a0f1490a20d0211c997b44bc357e1972deab8ae3.json").write_text(content)
    ended = run(DEPLOY_SH, "status")
    assert ended.is_one_sentence, ended
