"""A rollback that failed: what hinders it is named, mended or skipped, and a deployment works again."""

from __future__ import annotations

import pytest

from deployer.account.empty import empty_bucket
from deployer.cloudformation.stack import Failed
from deployer.commands import continue_rollback
from deployer.errors import DeployError, UsageError
from tests.deployer.commands.test_deploy import state
from tests.deployer.commands.test_destroy import resources
from tests.deployer.tiny import Tiny

pytestmark = pytest.mark.slow


def get_stuck(tiny: Tiny) -> str:
    """An update fails, and the load balancer cannot go back: the bucket of its logs is gone. The bucket."""
    tiny.deploy()
    [bucket] = resources(tiny, "AWS::S3::Bucket")
    s3 = tiny.aws.client("s3")
    empty_bucket(s3, bucket)
    s3.delete_bucket(Bucket=bucket)
    with pytest.raises(Failed) as error:
        tiny.deploy(Logs="false", Hold=1)
    assert error.value.status == "UPDATE_ROLLBACK_FAILED"
    assert f"`./deploy.sh continue-rollback --stack {tiny.stack}`" in str(error.value)
    tiny.printed()
    return bucket


def test_it_names_what_hinders_it_and_goes_on_when_that_is_mended(tiny: Tiny) -> None:
    bucket = get_stuck(tiny)
    with pytest.raises(DeployError, match=r"continue-rollback --stack") as error:
        tiny.deploy()
    assert tiny.stack in str(error.value)
    with pytest.raises(DeployError, match="is still stuck: Store/Door") as error:
        continue_rollback.run(tiny.options(), tiny.console, None)
    assert error.value.exit_code == 1
    printed = tiny.printed()
    assert "Could not go back: Store/Door (AWS::ElasticLoadBalancingV2::LoadBalancer): " in printed
    assert "NoSuchBucket" in printed
    tiny.aws.client("s3").create_bucket(Bucket=bucket)
    continue_rollback.run(tiny.options(), tiny.console, None)
    assert state(tiny) == "UPDATE_ROLLBACK_COMPLETE"
    tiny.deploy(Greeting="again")


def test_what_cannot_be_mended_is_skipped_by_its_path(tiny: Tiny) -> None:
    get_stuck(tiny)
    continue_rollback.run(tiny.options(), tiny.console, lambda _: "yes", ["Store/Door"])
    assert state(tiny) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Skipped, and perhaps not as its template says: Store/Door" in tiny.printed()


@pytest.mark.parametrize("path", ["Store", "Store/Table", "Door", "nowhere", "\x1b[31m"])
def test_only_what_failed_can_be_skipped(tiny: Tiny, path: str) -> None:
    get_stuck(tiny)
    with pytest.raises(UsageError, match=r"cannot be skipped; what can is .*: Store/Door"):
        continue_rollback.run(tiny.options(), tiny.console, None, [path])
    assert state(tiny) == "UPDATE_ROLLBACK_FAILED"


def test_it_asks(tiny: Tiny) -> None:
    get_stuck(tiny)
    for answer in ("", "no", "y"):
        with pytest.raises(UsageError, match=r"Nothing was changed"):
            continue_rollback.run(tiny.options(), tiny.console, lambda _, answer=answer: answer)
    assert state(tiny) == "UPDATE_ROLLBACK_FAILED"


def test_without_a_failed_rollback_it_says_so(tiny: Tiny) -> None:
    with pytest.raises(UsageError, match="There is no stack"):
        continue_rollback.run(tiny.options(), tiny.console, None)
    tiny.deploy()
    with pytest.raises(UsageError, match="is in CREATE_COMPLETE: there is no failed rollback"):
        continue_rollback.run(tiny.options(), tiny.console, None)
