"""Who is at the page, and how trouble with the table is told there."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

import gradio as gr

from gradio_app import request_id
from gradio_app.chat import errors
from gradio_app.chat.lookup import Asker
from gradio_app.language import language
from gradio_app.page import texts
from gradio_app.store.table import TableUnreachable

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Reader:
    """The signed-in user and the language to write in."""

    user_id: str
    language: str
    session_key: str = field(default="", repr=False)
    """Of the session that sent the request; empty without login."""
    groups: tuple[str, ...] = ()
    """Of the pool, as the session knows them."""

    @property
    def asker(self) -> Asker:
        """The same, as documents know who asks them."""
        return Asker(self.user_id, self.groups)

    def refusal(self, key: str, name: str = "", /, **counts: int) -> str:
        """Why something does not take place; the name of a model and `counts` stand in the words."""
        reference = request_id.current.get()
        written = {name: texts.number(count, self.language) for name, count in counts.items()}
        return texts.REFUSALS[self.language][key].format(reference=reference, name=name, **written)


def reader_of(request: gr.Request) -> Reader:
    """Who sent the request; without a user nobody gets anything, though the gate lets none through."""
    if not request.username:
        raise PermissionError("no user is signed in")
    return Reader(request.username, _language(request), _session_key(request), _groups(request))


FAULTS = {"storage": 503, "broken": 500}
"""Refusals that no browser can do anything about."""


class Failure(gr.Error):
    """An event that fails in words; `status` is what HTTP calls it."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence, duration=None, print_exception=False)  # until somebody has read it
        self.status = status


def failure(request: gr.Request, key: str) -> Failure:
    """What to raise so that the page shows a refusal, and Gradio prints nothing."""
    sentence = Reader(request.username or "", _language(request)).refusal(key)
    return Failure(sentence, FAULTS.get(key, 422))


def _language(request: gr.Request) -> str:
    return language(request.request)  # pyright: ignore[reportArgumentType] (Gradio passes it always)


def _session_key(request: gr.Request) -> str:
    """Where the gate has put the session that let the request in."""
    session = getattr(request.request.state, "session", None) if request.request else None
    return session.key if session else ""


def _groups(request: gr.Request) -> tuple[str, ...]:
    identity = getattr(request.request.state, "identity", None) if request.request else None
    return identity.groups if identity else ()


def telling(event: Callable[P, R]) -> Callable[P, R]:
    """An event that says in one sentence when the table failed; its request is the last argument."""

    @functools.wraps(event)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return event(*args, **kwargs)
        except TableUnreachable as error:
            errors.record_storage(error)
            request: Any = args[-1]
            raise failure(request, "storage") from None

    return told
