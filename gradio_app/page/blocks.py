"""Gradio's page, with one way for an event to fail: a sentence for the reader, a line for the operator.

Gradio itself answers in English and prints the exception, and with it what the browser sent: a message, a
title, or lines that look like others of the log.
"""

from typing import Any

import gradio as gr

from gradio_app import request_id
from gradio_app.chat import errors
from gradio_app.page.reader import failure


class UnfitError(Exception):
    """The browser sent what the page's components do not take, and no page of ours would send."""


class ChatBlocks(gr.Blocks):
    """A page whose events carry the id of their request, and fail in their reader's language."""

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run one step of an event, for Gradio's queue or for its routes."""
        request: gr.Request = kwargs["request"]
        # The queue works in a task of its own, which knows nothing of the request that joined it.
        request_id.current.set(_id_of(request))
        try:
            return await super().process_api(*args, **kwargs)
        except UnfitError:
            raise failure(request, "malformed") from None
        except Exception as error:
            if isinstance(error, gr.Error) and not error.print_exception:
                raise  # ours, and in words
            errors.record_event(error)
            raise failure(request, "broken") from None

    async def preprocess_data(self, *args: Any, **kwargs: Any) -> Any:
        """What the components make of the browser's values; whatever they raise, the values are at fault."""
        try:
            return await super().preprocess_data(*args, **kwargs)
        except Exception:  # noqa: BLE001 (nothing but the values can be wrong here)
            raise UnfitError from None


def _id_of(request: gr.Request) -> str:
    served = request.request
    return served.scope.get("state", {}).get("request_id", "") if served else ""
