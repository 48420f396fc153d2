"""Gradio's component for a conversation, which takes our messages as they are.

At each update of a running answer Gradio would copy every message of the page twice and search all of them
three times for files. Ours have none: what does not change is one value that nobody looks into, already JSON.
"""

from collections.abc import Sequence
from typing import Any, Literal

import gradio as gr
import orjson

Role = Literal["user", "assistant"]

def growing(role: Role, parts: Sequence[str]) -> dict[str, Any]:
    """A message of which Gradio sends only what is new."""
    content = [{"type": "text", "text": part} for part in parts]
    return {"role": role, "metadata": None, "content": content, "options": None}

def settled(role: Role, parts: Sequence[str]) -> Any:
    """A message that does not change any more."""
    return orjson.Fragment(orjson.dumps(growing(role, parts)))

class Chatbot(gr.Chatbot):
    """`gr.Chatbot` for messages of `growing` and `settled`; the browser knows it by the same name."""

    def postprocess(self, value: Any) -> Any:
        """The messages themselves."""
        return [] if value is None else value
    from collections.abc import Callable, Sequence
    from typing import TYPE_CHECKING, Any, Literal

    from gradio.blocks import Block

    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component
