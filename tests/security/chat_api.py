"""The chat's events by raw HTTP, as a page sends them or as nobody's page would."""

import base64
import json
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx

NOTHING = ("ask_files", "kept_files", "instructions")
"""Elements that are empty if nothing else is said."""
NEWS = "eyJ"
"""How the value begins in which an event tells the page's script something: JSON in Base64."""


def description_of(page: str) -> str:
    """The address of the script that says what the chat's page is made of, or nothing."""
    found = re.search(r'<script [^>]*src="(/page/description\?[^"]*)"', page)
    return unescape(found[1]) if found else ""


def described(script: str) -> dict[str, Any]:
    """What that script says of Gradio's components and events."""
    return json.loads(script.partition(" = ")[2].rstrip(";"))["gradio"]


@dataclass
class ChatClient:
    """A signed-in user's events; the page's own description says which there are and what they take."""

    http: httpx.Client
    session_hash: str = field(default_factory=lambda: secrets.token_hex(6))
    dependencies: list[dict[str, Any]] = field(init=False)
    components: dict[int, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        page = self.http.get("/", headers={"accept": "text/html"}, follow_redirects=True)
        address = description_of(page.text)
        assert address, page.text[:500]
        config = described(self.http.get(address).text)
        self.dependencies = config["dependencies"]
        self.components = {each["id"]: each for each in config["components"]}

    def event(self, name: str) -> dict[str, Any]:
        """The first event with this name."""
        return next(each for each in self.dependencies if each["api_name"] == name)

    def data(self, event: dict[str, Any], *, text: str, number: float = 0, **values: Any) -> list[Any]:
        """Values for all inputs of an event: `values` by element, else what the page offers.

        Where it offers nothing yet, this text and number.
        """
        data = []
        for component_id in event["inputs"]:
            component = self.components[component_id]
            name = (component["props"].get("elem_id") or "").replace("-", "_")
            offered = component["props"].get("value")
            known = {"textbox": text if offered in (None, "") else offered, "number": number}
            usual = "" if name in NOTHING else known.get(component["type"], offered)
            data.append(values.get(name, usual))
        return data

    def place(self, event: dict[str, Any], name: str) -> int:
        """Where the value of an element stands in an event's data."""
        names = [self.components[each]["props"].get("elem_id") for each in event["inputs"]]
        return names.index(name)

    def send(self, event: dict[str, Any], data: list[Any], query: str = "") -> httpx.Response:
        """Run an event past the queue, or put one that is queued in the queue."""
        body = {
            "fn_index": event["id"],
            "data": data,
            "session_hash": self.session_hash,
            "event_data": {"index": [0, 0], "value": "x"},
        }
        path = "/gradio_api/queue/join" if event["queue"] else "/gradio_api/run/predict"
        return self.http.post(f"{path}{query}", json=body)

    def stream(self) -> str:
        """All that the queue says to this session until it has nothing more to say.

        An answer grows by pieces of its text, so nothing longer than a word is sure to stand in one place.
        """
        said = []
        with self.http.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": self.session_hash}
        ) as stream:
            for line in stream.iter_lines():
                said.append(line)
                if '"msg":"close_stream"' in line.replace(" ", ""):
                    break
        return "\n".join(said)

    def start(self, conversation_id: str, question: str, **values: Any) -> httpx.Response:
        """Ask the model, and do not wait for what it says."""
        event = self.event("ask")
        given = {"ask_files": "", "kept_files": "", "question": question, **values}
        return self.send(event, self.data(event, text=conversation_id, **given))

    def follow(self, conversation_id: str) -> httpx.Response:
        """Have the queue say what is being answered in a conversation; `stream` reads it."""
        event = self.event("follow")
        return self.send(event, self.data(event, text=conversation_id))

    def ask(self, conversation_id: str, question: str, *, version: float = 0) -> str:
        """Ask the model, as the page does; all that was said meanwhile."""
        answer = self.start(conversation_id, question, number=version)
        said = json.dumps(told(answer), ensure_ascii=False)
        if not told(answer).get("taken"):
            return said
        followed = self.follow(conversation_id)
        return said + (self.stream() if followed.status_code == 200 else followed.text)


def told(answer: httpx.Response) -> dict[str, Any]:
    """What an event told the page's script, or why there was none."""
    said = answer.json()
    for value in said.get("data") or []:
        if isinstance(value, str) and value.startswith(NEWS):
            return json.loads(base64.b64decode(value))
    return said
