"""The chat's events by raw HTTP, as a page sends them or as nobody's page would."""

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class ChatClient:
    """A signed-in user's events; the page's own description says which there are and what they take."""

    http: httpx.Client
    session_hash: str = field(default_factory=lambda: secrets.token_hex(6))
    dependencies: list[dict[str, Any]] = field(init=False)
    components: dict[int, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        page = self.http.get("/", headers={"accept": "text/html"}, follow_redirects=True)
        found = re.search(r"window\.gradio_config = (\{.*?\});</script>", page.text, re.DOTALL)
        assert found, page.text[:500]
        config = json.loads(found[1])
        self.dependencies = config["dependencies"]
        self.components = {each["id"]: each for each in config["components"]}

    def event(self, name: str) -> dict[str, Any]:
        """The first event with this name."""
        return next(each for each in self.dependencies if each["api_name"] == name)

    def data(self, event: dict[str, Any], *, text: str, number: float = 0) -> list[Any]:
        """Values for all inputs of an event: this text and number, and what the page offers for the rest."""
        values = []
        for component_id in event["inputs"]:
            component = self.components[component_id]
            known = {"textbox": text, "number": number}
            values.append(known.get(component["type"], component["props"].get("value")))
        return values

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
        """All that the queue says to this session until it has nothing more to say."""
        said = []
        with self.http.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": self.session_hash}
        ) as stream:
            for line in stream.iter_lines():
                said.append(line)
                if '"msg":"close_stream"' in line.replace(" ", ""):
                    break
        return "\n".join(said)

    def ask(self, conversation_id: str, question: str, *, index: float = -1, version: float = 0) -> str:
        """Ask the model; all that the queue said meanwhile."""
        event = self.event("answer")
        data = self.data(event, text=conversation_id)
        data[0], data[1], data[3] = question, index, version
        answer = self.send(event, data)
        return self.stream() if answer.status_code == 200 else answer.text
