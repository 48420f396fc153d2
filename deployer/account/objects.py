"""Reads an object of a bucket, whole.

botocore asks again where no answer comes, but not where an answer breaks off: the body is read by who asked.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

ATTEMPTS = 5


def read(s3: Any, bucket: str, key: str, most: int | None = None) -> bytes:
    """Return the object's bytes, no more than `most`; raises what boto3 raises."""
    broken: BotoCoreError | None = None
    for _ in range(ATTEMPTS):
        answer = s3.get_object(Bucket=bucket, Key=key)
        body, expected = answer["Body"], answer["ContentLength"]
        try:
            found = body.read(most)
            # A cut within the first `most` bytes is no error to botocore.
            if len(found) < min(expected, most or expected):
                raise IncompleteReadError(actual_bytes=len(found), expected_bytes=expected)
            return found
        except (ReadTimeoutError, IncompleteReadError, ResponseStreamingError) as error:
            broken = error
        finally:
            body.close()
    # Those of a body do not know which address they are about.
    kind = ReadTimeoutError if isinstance(broken, ReadTimeoutError) else ConnectionClosedError
    raise kind(endpoint_url=s3.meta.endpoint_url, error=broken) from broken
