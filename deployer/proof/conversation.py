"""The chat's events as its page sends them: a question, the answer as it streams, and reading it back."""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx

from deployer.errors import one_line
from deployer.proof.faults import NotAsPromised
from deployer.proof.visitor import Visitor

JOIN, DATA = "/gradio_api/queue/join", "/gradio_api/queue/data"
RUN = "/gradio_api/run/predict"
QUESTION = "Answer with the one word: ready"
_DESCRIPTION = re.compile(r'<script [^>]*src="(/page/description\?[^"]*)"')
_SCRIPT = re.compile(r"window\.asistente = (\{.*\});", re.DOTALL)
_CONFIG = re.compile(r"window\.gradio_config = (\{.*?\});</script>", re.DOTALL)
"""Where an earlier version's page has it, to which one may have rolled back."""
_PLACE = re.compile(r"[?&]new=([0-9a-zA-Z-]+)")
_CITES = '<details class=\\"source\\">'
_NOTICE = re.compile(r'<div class=\\"notice\\">(.*?)</div>')


@dataclass(frozen=True)
class Answer:
    """What a model answered, where that is kept, and in how many pieces the page was given it."""

    conversation_id: str
    turn: int
    text: str
    pieces: int
    cites: bool = False
    """Whether it shows passages of documents."""


class Conversation:
    """A conversation on a page that a signed-in visitor has open."""

    def __init__(self, visitor: Visitor) -> None:
        """Open the page. Raises NotAsPromised when it is not the chat's."""
        self._visitor = visitor
        self._session = secrets.token_hex(8)
        begun = visitor.get("/")
        place = _PLACE.search(begun.headers.get("location", ""))
        page = visitor.get(begun.headers.get("location", "/"))
        config = _described(visitor, page.text)
        if place is None or config is None:
            raise NotAsPromised(f"the chat's page answers {page.status_code} and is not the chat's")
        self.id = place[1]
        self._events = {each["api_name"]: each for each in config["dependencies"]}
        self._components = {each["id"]: each for each in config["components"]}

    def models(self) -> list[str]:
        """The ids of the models that the page offers."""
        dropdown = next(self._components[each] for each in self._components if self._name(each) == "model")
        return [model_id for _, model_id in dropdown["props"]["choices"]]

    def ask(self, model_id: str, question: str = "", asks: str = "") -> Answer:
        """Ask one question, by itself a short one, and follow the answer to its end.

        `asks` says which documents it is put to. Raises NotAsPromised with the page's own words when there
        is no answer.
        """
        sent = {"conversation-id": self.id, "question": question or QUESTION, "ask-id": secrets.token_hex(8)}
        told = _told(self._run("ask", {**sent, "model": model_id, "asks": asks}))
        if not told.get("taken"):
            raise NotAsPromised(told.get("notice") or "the question was not taken")
        self._visitor.post_event(JOIN, self._body(self._events["follow"], {"conversation-id": self.id}))
        pieces = self._followed()
        turn, notice, cites = self._settled()
        text = read_back(self._visitor, self.id, turn)
        # Of documents the page also says when an answer cites none of them, as a small model's may.
        if not text.strip() or (notice and not asks):
            raise NotAsPromised(notice or "the answer is empty")
        return Answer(self.id, turn, text, pieces, cites)

    def _settled(self) -> tuple[int, str, bool]:
        """The number of the last turn, what the page says besides the answer, and whether that cites."""
        event = self._events["settle"]
        data = self._run("settle", {"conversation-id": self.id})["data"]
        shown = dict(zip(map(self._name, event["outputs"]), map(_value, data), strict=True))
        chat = json.dumps(shown["chat"])
        return int(shown["last"]), one_line(unescape(" ".join(_NOTICE.findall(chat)))), _CITES in chat

    def _run(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        return self._visitor.post_event(RUN, self._body(self._events[name], values))

    def _name(self, component_id: int) -> str:
        """An element's id in the page; of one without, its kind."""
        component = self._components[component_id]
        return component["props"].get("elem_id") or component["type"]

    def _body(self, event: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        """An event with these values by element, and for the others what the page has."""
        data = [
            values.get(self._name(each), self._components[each]["props"].get("value"))
            for each in event["inputs"]
        ]
        return {"fn_index": event["id"], "data": data, "session_hash": self._session}

    def _followed(self) -> int:
        """Read the answer's events to the end; return how many had more of the answer."""
        pieces = 0
        try:
            with self._visitor.stream(f"{DATA}?session_hash={self._session}") as stream:
                for line in stream.iter_lines():
                    said = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                    # The last one tells the page that nothing changes any more.
                    pieces += said.get("msg") == "process_generating" and '"__type__"' not in line
                    if said.get("msg") == "process_completed":
                        _require_success(said)
                        break
                else:
                    raise NotAsPromised("the answer's stream ended before the answer did")
        except (httpx.HTTPError, ValueError) as error:
            raise NotAsPromised(f"the answer cannot be followed: {one_line(str(error))}") from error
        return pieces


def _described(visitor: Visitor, page: str) -> dict[str, Any] | None:
    """What the page is made of, by a script that it names; None when it is not the chat's.

    Raises NotAsPromised when that script is not to be had.
    """
    if named := _DESCRIPTION.search(page):
        answer = visitor.get(unescape(named[1]))
        script = _SCRIPT.fullmatch(answer.text)
        if answer.status_code != httpx.codes.OK or script is None:
            told = f"{answer.status_code} and has no description"
            raise NotAsPromised(f"the script that the chat's page is described by answers {told}")
        return json.loads(script[1])["gradio"]
    found = _CONFIG.search(page)
    return json.loads(found[1]) if found else None


def _require_success(said: dict[str, Any]) -> None:
    if not said.get("success"):
        why = (said.get("output") or {}).get("error") or "the page was not told why"
        raise NotAsPromised(f"the answer failed: {one_line(str(why))}")


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """What an event told the page's script; empty when it told nothing."""
    for value in answer.get("data") or []:
        text = _value(value)
        try:
            said = json.loads(base64.b64decode(text, validate=True)) if isinstance(text, str) else None
        except (binascii.Error, ValueError):
            continue
        if isinstance(said, dict):
            return said
    return {}


def _value(update: Any) -> Any:
    """What an event gives a component: a value as such, or among other properties."""
    return update.get("value") if isinstance(update, dict) else update


def read_back(visitor: Visitor, conversation_id: str, turn: int) -> str:
    """An answer as it is stored, for whom it belongs to; empty for anybody else. Raises NotAsPromised."""
    answer = visitor.get(f"/message?conversation={conversation_id}&turn={turn}&which=answer")
    return answer.text if answer.status_code == httpx.codes.OK else ""
