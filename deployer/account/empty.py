"""Empties what CloudFormation deletes only when it is empty: buckets and image repositories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from deployer.errors import DeployError, error_code

BUCKET = "AWS::S3::Bucket"
REPOSITORY = "AWS::ECR::Repository"

DELETE_BATCH = 1000  # objects in one DeleteObjects request, its limit
IMAGE_BATCH = 100  # images in one BatchDeleteImage request, its limit

Item = TypeVar("Item")

_MISSING = {"NoSuchBucket", "404", "NotFound", "RepositoryNotFoundException"}


def empty_bucket(s3: Any, bucket: str, prefix: str = "") -> None:
    """Delete every version of every object, or of those under `prefix`; DeployError when some stay."""
    for batch in batches(versions(s3, bucket, prefix), DELETE_BATCH):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            raise DeployError(
                f"The bucket {bucket} cannot be emptied: {first.get('Key')}: {first.get('Message')}"
            )


def versions(s3: Any, bucket: str, prefix: str = "") -> Iterator[dict[str, str]]:
    """Yield every version of every object, deleted ones among them, as DeleteObjects names them."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            yield {"Key": item["Key"], "VersionId": item["VersionId"]}


def empty_repository(ecr: Any, repository: str) -> None:
    """Delete every image; raises DeployError when some cannot be deleted."""
    pages = ecr.get_paginator("list_images").paginate(repositoryName=repository)
    images = (image for page in pages for image in page["imageIds"])
    # An index is deleted before the images it refers to, or ECR refuses those: a second round takes them.
    failures: list[dict[str, Any]] = []
    for _ in range(2):
        failures = []
        for batch in batches(images, IMAGE_BATCH):
            answer = ecr.batch_delete_image(repositoryName=repository, imageIds=batch)
            failures += answer.get("failures", [])
        images = (failure["imageId"] for failure in failures)
        if not failures:
            return
    raise DeployError(f"The repository {repository} cannot be emptied: {failures[0].get('failureReason')}")


def bucket_exists(s3: Any, bucket: str) -> bool:
    """Whether the bucket is there."""
    return _found(lambda: s3.head_bucket(Bucket=bucket))


def repository_exists(ecr: Any, repository: str) -> bool:
    """Whether the repository is there."""
    return _found(lambda: ecr.describe_repositories(repositoryNames=[repository]))


def _found(look: Any) -> bool:
    try:
        look()
    except ClientError as error:
        if error_code(error) in _MISSING:
            return False
        raise
    return True


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield them in lists of that many, the last of what is left."""
    items = iter(items)
    while batch := list(islice(items, size)):
        yield batch
