"""What every route of the API shares: answers and errors in AWS's form, and callers that hang up."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Mapping
from typing import Any, NoReturn, TypeVar

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from local.bedrock.errors import ApiError, malformed

CLIENT_CLOSED_REQUEST = 499  # what proxies log for it; nobody is there to read it
HEALTH_PATH = "/health"

T = TypeVar("T")


def request_id() -> dict[str, str]:
    """Return the header that every answer of AWS has."""
    return {"x-amzn-RequestId": str(uuid.uuid4())}


def answer(payload: Mapping[str, Any]) -> Response:
    """Return a successful answer."""
    return JSONResponse(payload, headers=request_id())


def failure(error: ApiError) -> Response:
    """Return an error in the form that botocore turns into the exception of the same name."""
    headers = {"x-amzn-ErrorType": error.code, **request_id()}
    return JSONResponse({"message": error.message}, error.status, headers)


async def body_of(request: Request) -> object:
    """Return the request's JSON. Raises ApiError."""
    try:
        value = json.loads(await request.body(), parse_constant=_no_constant)
        # Half a surrogate pair fails here, rather than wherever the text goes.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise malformed("the body is not JSON") from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is Python's, not JSON's")


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await `work`, but cancel it as soon as the caller hangs up, and raise ClientDisconnect.

    Only for requests whose body has been read.
    """
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_hang_up(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _hang_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class RequireSignature:
    """Refuse requests that are not signed, as AWS does. The signature itself is not verified."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is signed, and the health check."""
        if scope["type"] != "http" or scope["path"] == HEALTH_PATH or _is_signed(Headers(scope=scope)):
            await self.app(scope, receive, send)
        else:
            error = ApiError("MissingAuthenticationTokenException", 403, "Missing Authentication Token")
            await failure(error)(scope, receive, send)


def _is_signed(headers: Headers) -> bool:
    return headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 ")


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for it
    return failure(error)


async def _no_such_operation(_request: Request, _error: Exception) -> Response:
    return failure(
        ApiError("UnknownOperationException", 404, "The local Bedrock does not have this operation.")
    )


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _defect(_request: Request, _error: Exception) -> Response:
    return failure(
        ApiError("InternalServerException", 500, "The local Bedrock has failed; its log says why.")
    )


EXCEPTION_HANDLERS: dict[Any, ExceptionHandler] = {
    ApiError: _api_error,
    HTTPException: _no_such_operation,
    ClientDisconnect: _gone,
    Exception: _defect,
}
