"""Gradio's component for a conversation, which takes our messages as they are.

At each update of a running answer Gradio would copy every message of the page twice and search all of them
three times for files. Ours have none: what does not change is one value that nobody looks into, already JSON.
"""

from abc import ABCMeta
from collections.abc import Sequence
from typing import Any, Literal

import gradio as gr
import orjson
from gradio.component_meta import ComponentMeta

Role = Literal["user", "assistant"]


def growing(role: Role, parts: Sequence[str]) -> dict[str, Any]:
    """A message of which Gradio sends only what is new."""
    content = [{"type": "text", "text": part} for part in parts]
    return {"role": role, "metadata": None, "content": content, "options": None}


def settled(role: Role, parts: Sequence[str]) -> Any:
    """A message that does not change any more."""
    return orjson.Fragment(orjson.dumps(growing(role, parts)))


class _Unwritten(ComponentMeta):
    """Gradio's own writes a stub beside the module of each class of components."""

    def __new__(cls, *definition: Any) -> Any:
        """A class as any other."""
        return ABCMeta.__new__(cls, *definition)


class Chatbot(gr.Chatbot, metaclass=_Unwritten):
    """`gr.Chatbot` for messages of `growing` and `settled`; the browser knows it by the same name."""

    def postprocess(self, value: Any) -> Any:
        """The messages themselves."""
        return [] if value is None else value
