"""What has a deployment's tag in another Region than its own: CloudFront's, which AWS lists in us-east-1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deployer.account import tagged

HERE, NAME = "eu-west-1", "chat"
FILTERS = [{"Key": "Project", "Values": [NAME]}]
TOPIC = f"arn:aws:sns:{HERE}:1:{NAME}-left"
OURS, THEIRS = "arn:aws:cloudfront::1:distribution/OURS", "arn:aws:cloudfront::1:distribution/THEIRS"
NOBODYS, GONE = "arn:aws:cloudfront::1:distribution/NOBODYS", "arn:aws:cloudfront::1:distribution/GONE"


class World:
    """Answers of the services that are asked, in both Regions."""

    def __init__(self, region: str) -> None:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        names = {region: "resourcegroupstaggingapi", "us-east-1": "resourcegroupstaggingapi"}
        self.tagging = {
            where: Stubber(boto3.client(service, region_name=where, **keys))
            for where, service in names.items()
        }
        self.cloudfront = Stubber(boto3.client("cloudfront", region_name=region, **keys))
        self.aws: Any = SimpleNamespace(
            region=region,
            tagging=self.tagging[region].client,
            global_tagging=self.tagging["us-east-1"].client,
            client=lambda _: self.cloudfront.client,
        )

    def lists(self, where: str, found: Sequence[tuple[str, str]], **asked: Any) -> None:
        """Resources by ARN and the Region of the stack that made them; empty where no tag says it."""
        answer = [
            {
                "ResourceARN": arn,
                "Tags": [{"Key": "Project", "Value": NAME}]
                + (
                    [{"Key": tagged.MADE_BY, "Value": f"arn:aws:cloudformation:{region}:1:stack/{NAME}/1"}]
                    if region
                    else []
                ),
            }
            for arn, region in found
        ]
        wanted = {"TagFilters": FILTERS} | asked
        self.tagging[where].add_response("get_resources", {"ResourceTagMappingList": answer}, wanted)

    def has(self, *identities: str) -> None:
        for identity in identities:
            wanted = {"Id": identity}
            if identity == "GONE":
                self.cloudfront.add_client_error(
                    "get_distribution", "NoSuchDistribution", expected_params=wanted
                )
            else:
                self.cloudfront.add_response("get_distribution", {"ETag": "1"}, wanted)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(getattr(request, "param", HERE))
    with made.cloudfront:
        for each in made.tagging.values():
            each.activate()
        yield made
        for each in (*made.tagging.values(), made.cloudfront):
            each.assert_no_pending_responses()


def test_a_distribution_is_found_from_another_region_and_no_namesakes(world: World) -> None:
    world.lists(HERE, [(TOPIC, HERE)])
    listed = [(OURS, HERE), (THEIRS, "us-east-1"), (NOBODYS, ""), (GONE, HERE)]
    world.lists("us-east-1", listed, ResourceTypeFilters=["cloudfront"])
    world.has("OURS", "NOBODYS", "GONE")
    assert tagged.existing(world.aws, NAME) == [TOPIC, OURS, NOBODYS]


def test_where_us_east_1_may_not_be_asked_that_is_a_line(world: World) -> None:
    world.lists(HERE, [(TOPIC, HERE)])
    world.tagging["us-east-1"].add_client_error("get_resources", "AccessDeniedException")
    notes: list[str] = []
    assert tagged.existing(world.aws, NAME, notes.append) == [TOPIC]
    assert len(notes) == 1
    assert "cannot be looked up in us-east-1: Access denied" in notes[0]


@pytest.mark.parametrize("world", ["us-east-1"], indirect=True)
def test_in_us_east_1_there_is_one_question_and_a_namesake_s_distribution_is_not_ours(world: World) -> None:
    world.lists("us-east-1", [(OURS, "us-east-1"), (THEIRS, HERE)])
    world.has("OURS")
    assert tagged.existing(world.aws, NAME) == [OURS]
