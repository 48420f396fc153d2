"""A bucket in memory behind a client's methods, which fails on request."""

import io
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.response import StreamingBody

from gradio_app.store.bucket import Bucket


class FakeS3:
    """A low-level client of one bucket; `down` makes it unreachable, `before` hears of each call."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.down = False
        self.before: Callable[[str, str], None] = lambda *_: None

    def put_object(self, **given: Any) -> dict[str, Any]:
        self._call("put_object", given["Key"])
        self.objects[given["Key"]] = bytes(given["Body"])
        return {}

    def copy_object(self, **given: Any) -> dict[str, Any]:
        self._call("copy_object", given["Key"])
        self.objects[given["Key"]] = self._found(given["CopySource"]["Key"])
        return {}

    def get_object(self, **given: Any) -> dict[str, Any]:
        self._call("get_object", given["Key"])
        content = self._found(given["Key"])
        if "Range" in given:
            content = content[: int(given["Range"].rpartition("-")[2]) + 1]
        return {"ContentLength": len(content), "Body": StreamingBody(io.BytesIO(content), len(content))}

    def delete_objects(self, **given: Any) -> dict[str, Any]:
        keys = [each["Key"] for each in given["Delete"]["Objects"]]
        self._call("delete_objects", keys[0])
        for key in keys:
            self.objects.pop(key, None)
        return {}

    def list_objects_v2(self, **given: Any) -> dict[str, Any]:
        self._call("list_objects_v2", given["Prefix"])
        found = sorted(key for key in self.objects if key.startswith(given["Prefix"]))
        return {"Contents": [{"Key": key} for key in found[: given["MaxKeys"]]]}

    def _found(self, key: str) -> bytes:
        if key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "none"}}, "GetObject")
        return self.objects[key]

    def _call(self, operation: str, key: str) -> None:
        self.before(operation, key)
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://s3.example")


def fake_bucket() -> Bucket:
    """An empty bucket in memory."""
    return Bucket(FakeS3(), "files")
