"""The whole product, deployed again: people sign in as before, and find what they wrote."""

from __future__ import annotations

import pytest

from deployer.commands.taking_over import Request
from deployer.proof.conversation import Conversation, read_back
from deployer.proof.visitor import Authenticator, Visitor
from tests.deployer.account.test_unused import data
from tests.deployer.commands.test_verify import service
from tests.deployer.commands.whole import EMAIL, KEPT, PASSWORD, Whole, add_person
from tests.deployer.tiny import Tiny
from tests.gradio_app.fake_bedrock import FakeBedrock

pytestmark = pytest.mark.slow


def test_people_sign_in_as_before_and_find_what_they_wrote(
    whole: Whole, bedrock: FakeBedrock, tiny: Tiny
) -> None:
    before = data(tiny)
    whole.deploy()
    kept = whole.kept()
    assert kept.keys() == set(KEPT)
    add_person(whole.emulator.client("cognito-idp"), whole.pool)
    with service(whole, bedrock.endpoint_url) as url, Visitor(url, Authenticator()) as ana:
        ana.sign_in(EMAIL, PASSWORD)
        answer = Conversation(ana).ask("fake.model")
    s3, bucket = whole.emulator.client("s3"), kept["Data/Files"]
    s3.put_object(Bucket=bucket, Key="files/of-ana", Body=b"a file")
    for _ in range(2):
        whole.destroy()
        whole.deploy(Request(wanted=True))
        assert whole.kept() == kept
        assert s3.get_object(Bucket=bucket, Key="files/of-ana")["Body"].read() == b"a file"
        with service(whole, bedrock.endpoint_url) as url, Visitor(url, Authenticator()) as ana:
            ana.sign_in(EMAIL, PASSWORD)
            assert read_back(ana, answer.conversation_id, answer.turn) == answer.text
            assert Conversation(ana).ask("fake.model").text
    whole.destroy(with_data=True)
    assert data(tiny) == before
    assert bucket not in {each["Name"] for each in s3.list_buckets()["Buckets"]}
