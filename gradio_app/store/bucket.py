"""The deployment's one bucket of files: the only module that knows how S3 is spoken to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import urllib3.exceptions
from botocore.exceptions import BotoCoreError, ClientError

from gradio_app.store.table import TableUnreachable

DELETES_AT_ONCE = 1000
"""Objects of one DeleteObjects request, its limit."""
CHUNK_BYTES = 64 * 1024
"""What is held of an object at a time while it is handed on."""
MISSING = {"NoSuchKey", "404", "NotFound"}


class BucketUnreachable(TableUnreachable):
    """S3 did not answer, or not with an answer. What the table's failure means for people, this does too."""


class MissingObjectError(Exception):
    """There is no such object."""


@dataclass(frozen=True)
class Stream:
    """An object on its way: its size, and its bytes piece by piece."""

    size: int
    chunks: Iterator[bytes]


class Bucket:
    """The bucket. Every method blocks, and raises BucketUnreachable when S3 cannot be asked."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, key: str, content: bytes) -> None:
        """Write an object; its type is never S3's to say, for nobody reads it there."""
        self._call("put_object", Key=key, Body=content, ContentType="application/octet-stream")

    def copy(self, source: str, target: str) -> None:
        """Copy an object inside of the bucket; raises MissingObjectError."""
        self._call("copy_object", Key=target, CopySource={"Bucket": self._name, "Key": source})

    def read(self, key: str, most_bytes: int = 0) -> bytes:
        """An object, or so many bytes of its beginning; raises MissingObjectError."""
        only = {"Range": f"bytes=0-{most_bytes - 1}"} if most_bytes else {}
        answer = self._call("get_object", Key=key, **only)
        try:
            return answer["Body"].read()
        except (BotoCoreError, urllib3.exceptions.HTTPError) as error:
            raise BucketUnreachable(type(error).__name__) from error

    def stream(self, key: str) -> Stream:
        """An object that is not held as a whole; raises MissingObjectError."""
        answer = self._call("get_object", Key=key)
        return Stream(answer["ContentLength"], answer["Body"].iter_chunks(CHUNK_BYTES))

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, whether they are there or not."""
        for start in range(0, len(keys), DELETES_AT_ONCE):
            batch = [{"Key": key} for key in keys[start : start + DELETES_AT_ONCE]]
            answer = self._call("delete_objects", Delete={"Objects": batch, "Quiet": True})
            if answer.get("Errors"):
                raise BucketUnreachable(answer["Errors"][0].get("Code", "Errors"))

    def delete_all(self, prefix: str) -> None:
        """Delete every object whose key begins so."""
        while True:
            answer = self._call("list_objects_v2", Prefix=prefix, MaxKeys=DELETES_AT_ONCE)
            keys = [each["Key"] for each in answer.get("Contents", ())]
            if not keys:
                return
            self.delete(keys)

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            return getattr(self._client, operation)(Bucket=self._name, **arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in MISSING:
                raise MissingObjectError from None
            raise BucketUnreachable(code) from error
        except (BotoCoreError, urllib3.exceptions.HTTPError) as error:
            raise BucketUnreachable(type(error).__name__) from error
