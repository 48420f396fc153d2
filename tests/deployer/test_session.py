"""The way to AWS: where it does not lead is said before anything is tried."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from deployer.errors import UsageError
from deployer.options import ROOT, Options
from deployer.session import ASKING, PATIENT, QUICK, connect


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_another_partition_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, partition: str) -> None:
    sts = boto3.client("sts", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    arn = f"arn:{partition}:iam::123456789012:user/ana"
    monkeypatch.setattr(boto3.Session, "client", lambda *_, **__: sts)
    options = Options(stack="chat", parameters={}, root=ROOT, out=ROOT / "out", region="us-east-1")
    with Stubber(sts) as stub:
        stub.add_response("get_caller_identity", {"Arn": arn, "Account": "123456789012"})
        with pytest.raises(UsageError, match=f"are of the partition {partition}, and only aws is supported"):
            connect(options)


@pytest.mark.parametrize("config", [PATIENT, QUICK, ASKING])
def test_whatever_hangs_ends_within_minutes(config: Config) -> None:
    """Each attempt is bounded, and so is their number: five minutes at the most, waits between them apart."""
    seconds = config.read_timeout * config.retries["total_max_attempts"]  # type: ignore[attr-defined]
    assert 0 < seconds <= 300
