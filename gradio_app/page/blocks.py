"""Gradio's page, with one way for an event to fail: a sentence for the reader, a line for the operator.

Gradio itself answers in English and prints the exception, and with it what the browser sent: a message, a
title, or lines that look like others of the log. And its status is 500 whoever is at fault.
"""

import math
import typing
from typing import Any

import gradio as gr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gradio_app import request_id
from gradio_app.chat import errors
from gradio_app.page.reader import Failure, failure

STATUS = "event_status"
"""In a request's state: what HTTP should call its event's failure."""


class UnfitError(Exception):
    """The browser sent what the page's components do not take, and no page of ours would send."""


class ChatBlocks(gr.Blocks):
    """A page whose events carry the id of their request, and fail in their reader's language."""

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run one step of an event, for Gradio's queue or for its routes."""
        request: gr.Request = kwargs["request"]
        # The queue works in a task of its own, which knows nothing of the request that joined it.
        request_id.current.set(_state_of(request).get("request_id", ""))
        try:
            _check_event_data(kwargs["block_fn"], kwargs["event_data"])
            return await super().process_api(*args, **kwargs)
        except Failure as told:
            raise _with_status(request, told) from None
        except UnfitError:
            raise _with_status(request, failure(request, "malformed")) from None
        except Exception as error:  # noqa: BLE001 (whatever it is, the reader is told in words)
            errors.record_event(error)
            raise _with_status(request, failure(request, "broken")) from None

    async def preprocess_data(self, block_fn: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """What the components make of the browser's values; whatever they raise, the values are at fault.

        An event can rely on it that a text is one, and that a number is one and has a limit.
        """
        try:
            values = await super().preprocess_data(block_fn, *args, **kwargs)
        except Exception:  # noqa: BLE001 (nothing but the values can be wrong here)
            raise UnfitError from None
        return [_fit(block, value) for block, value in zip(block_fn.inputs, values, strict=True)]


class EventStatuses:
    """Middleware that gives the failure of an event its status: Gradio knows but one, 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "status": scope.get("state", {}).get(STATUS, message["status"])}
            await send(message)

        await self._app(scope, receive, told)


def _fit(block: Any, value: Any) -> Any:
    if isinstance(block, gr.Textbox):
        return "" if value is None else value
    if isinstance(block, gr.Number) and not (isinstance(value, int | float) and math.isfinite(value)):
        raise UnfitError
    return value


def _check_event_data(event: Any, data: gr.EventData) -> None:
    """Whether the data of an event is of the kind that its function asks for: Gradio takes it for granted."""
    if not event.collects_event_data:
        return
    for kind in typing.get_type_hints(event.fn).values():
        if isinstance(kind, type) and issubclass(kind, gr.EventData):
            try:
                kind(data.target, data._data)
            except Exception:  # noqa: BLE001 (as above)
                raise UnfitError from None


def _with_status(request: gr.Request, failed: Failure) -> Failure:
    _state_of(request)[STATUS] = failed.status
    return failed


def _state_of(request: gr.Request) -> dict[str, Any]:
    return request.request.scope.setdefault("state", {}) if request.request else {}
