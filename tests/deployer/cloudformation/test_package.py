"""Templates on their way to AWS: addresses by content, the capabilities they need, and unusable ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployer.cloudformation.package import capabilities, publish, read, read_all
from deployer.errors import UsageError
from tests.deployer import tiny


class Store:
    """Stands for the bucket: remembers what was uploaded."""

    def __init__(self) -> None:
        self.uploaded: dict[str, bytes] = {}

    def __call__(self, key: str, body: bytes) -> str:
        self.uploaded[key] = body
        return f"https://s3.example/bucket/{key}"

    def template(self, url: str) -> tiny.Template:
        """The template at an address."""
        return json.loads(self.uploaded[url.removeprefix("https://s3.example/bucket/")])


def test_nested_templates_are_found_at_the_addresses_in_the_uploaded_root(tmp_path: Path):
    tiny.write(tmp_path, "f00")
    store = Store()
    template, url = publish(tmp_path / "root.json", store)
    assert store.template(url) == template
    for title, expected in (("Store", tiny.store()), ("Gate", tiny.gate())):
        assert store.template(template["Resources"][title]["Properties"]["TemplateURL"]) == expected


def test_an_address_changes_with_the_content_of_a_child_and_only_then(tmp_path: Path):
    tiny.write(tmp_path, "f00")
    store = Store()
    _, before = publish(tmp_path / "root.json", store)
    _, again = publish(tmp_path / "root.json", store)
    changed = tiny.store()
    changed["Description"] = "new"
    (tmp_path / "store.json").write_text(json.dumps(changed))
    _, after = publish(tmp_path / "root.json", store)
    assert before == again != after


def iam(kind: str, **properties: str) -> tiny.Template:
    return {"Resources": {"It": {"Type": f"AWS::IAM::{kind}", "Properties": properties}}}


PLAIN = {"Resources": {"It": {"Type": "AWS::SQS::Queue"}}}


@pytest.mark.parametrize(
    ("templates", "needed"),
    [
        ([PLAIN], []),
        ([PLAIN, iam("Role")], ["CAPABILITY_IAM"]),
        ([iam("Policy", PolicyName="p")], ["CAPABILITY_IAM"]),
        ([PLAIN, iam("Role"), iam("Role", RoleName="r")], ["CAPABILITY_NAMED_IAM"]),
    ],
)
def test_no_more_is_acknowledged_than_the_templates_need(templates, needed):
    assert capabilities(templates) == needed


def test_all_templates_are_read(tmp_path: Path):
    tiny.write(tmp_path, "f00")
    assert read_all(tmp_path / "root.json") == [tiny.root("f00"), tiny.store(), tiny.gate()]


@pytest.mark.parametrize(
    ("content", "words"), [("{", "is not valid JSON"), ("[]", "has no Resources"), ("{}", "has no Resources")]
)
def test_an_unusable_template_is_named(tmp_path: Path, content: str, words: str):
    path = tmp_path / "root.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=rf"root\.json {words}"):
        read(path)


def test_a_missing_child_is_named(tmp_path: Path):
    tiny.write(tmp_path, "f00")
    (tmp_path / "gate.json").unlink()
    with pytest.raises(UsageError, match=r"gate\.json cannot be read"):
        read_all(tmp_path / "root.json")
