"""Somebody at the page of the chat, with the requests that a browser makes until an answer has ended."""

import asyncio
import base64
import json
import re
import secrets
import time
from typing import Any

from benchmarks.answers.followed import Followed
from benchmarks.answers.text import letters_of_page
from benchmarks.answers.wire import Counted, Wire
from tests.security.chat_api import NOTHING, described, description_of

READS_SECONDS = 1
"""A refusal, before the question is sent again."""


class Person:
    """A browser with a session and one tab."""

    def __init__(self, address: str, cookie: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        headers = {"origin": address, "cookie": cookie}
        self._counted = Counted()
        self._posts = Wire(host, int(port), headers, self._counted)
        self._stream = Wire(host, int(port), headers, self._counted)
        self._session_hash = secrets.token_hex(6)
        self.conversation = ""
        self.letters = ""
        """Those of the last answer, as far as the page has shown it."""
        self.refused = 0
        """Questions that were not taken and had to be sent again."""
        self._version = 0
        self._config: dict[str, Any] = {}
        self._components: dict[int, dict[str, Any]] = {}

    async def open(self) -> None:
        """Load the page, in a new conversation."""
        self.conversation = secrets.token_hex(16)
        page = await self._posts.request("GET", f"/?new={self.conversation}", accept="text/html")
        self._config = await self._described(page.body.decode())
        if not self._config:
            raise ConnectionError(f"the page was answered with {page.status}")
        self._components = {each["id"]: each for each in self._config["components"]}
        await self._send("open")
        await self._list()

    async def ask(self, question: str) -> Followed:
        """Ask and follow the answer to its end."""
        followed, before = Followed(), self._counted.copy()
        followed.asked = time.monotonic()
        if not await self._is_taken(question):
            self.refused += 1
            await asyncio.sleep(READS_SECONDS)
            if not await self._is_taken(question):
                raise ConnectionError("the question was refused twice")
        await self._list()
        await self._send("follow")
        followed.letters = await self._follow(followed)
        followed.done = time.monotonic()
        settled = await self._send("settle")
        await self._list()
        self._version = int(self._shown("settle", settled, "version"))
        followed.counted = self._counted.since(before)
        return followed

    def close(self) -> None:
        """Close the tab."""
        self._posts.close()
        self._stream.close()

    async def _is_taken(self, question: str) -> bool:
        asked = await self._send("ask", question=question, version=self._version)
        if asked.get("detail") or asked.get("error"):
            raise ConnectionError(f"the question was refused: {asked}")
        return json.loads(base64.b64decode(self._shown("ask", asked, "news")))["taken"]

    async def _described(self, page: str) -> dict[str, Any]:
        if address := description_of(page):
            return described((await self._posts.request("GET", address)).body.decode())
        # As it was in the page itself, for runs against an earlier version.
        found = re.search(r"window\.gradio_config = (\{.*?\});</script>", page, re.DOTALL)
        return json.loads(found[1]) if found else {}

    async def _follow(self, followed: Followed) -> str:
        messages: Any = None
        text = self.letters = ""
        async for line in self._stream.lines(f"/gradio_api/queue/data?session_hash={self._session_hash}"):
            if not line.startswith("data: "):
                continue
            message = json.loads(line[6:])
            if message["msg"] == "process_generating":
                [told] = message["output"]["data"]
                messages = told if messages is None else edited(messages, told)
                if isinstance(messages, list) and (now := _answer(messages)) != text:
                    text, self.letters = now, letters_of_page(now)
                    followed.pieces.append(time.monotonic())
            elif message["msg"] == "process_completed" and not message["success"]:
                raise ConnectionError(f"the answer could not be followed: {message['output']}")
        return self.letters

    async def _list(self) -> None:
        await self._posts.request("GET", "/conversations/list")

    async def _send(self, name: str, **values: Any) -> Any:
        """Run an event, as the page does."""
        event = next(each for each in self._config["dependencies"] if each["api_name"] == name)
        body = {
            "fn_index": event["id"],
            "data": [self._value(each, values) for each in event["inputs"]],
            "session_hash": self._session_hash,
            "event_data": None,
            "trigger_id": None,
        }
        path = "/gradio_api/queue/join" if event["queue"] else "/gradio_api/run/predict"
        answer = await self._posts.request(
            "POST", path, json.dumps(body).encode(), **{"content-type": "application/json"}
        )
        if answer.status != 200:
            raise ConnectionError(f"{name} was answered with {answer.status}: {answer.body[:300]!r}")
        return json.loads(answer.body)

    def _value(self, component_id: int, values: dict[str, Any]) -> Any:
        component = self._components[component_id]
        name = (component["props"].get("elem_id") or "").replace("-", "_")
        usual = {"conversation_id": self.conversation} | dict.fromkeys(NOTHING, "")
        offered = component["props"].get("value")
        empty = 0 if component["type"] == "number" else ""
        return (usual | values).get(name, empty if offered is None else offered)

    def _shown(self, event_name: str, answer: Any, elem_id: str) -> Any:
        event = next(each for each in self._config["dependencies"] if each["api_name"] == event_name)
        names = [self._components[each]["props"].get("elem_id") for each in event["outputs"]]
        value = answer["data"][names.index(elem_id)]
        return value["value"] if isinstance(value, dict) else value


def _answer(messages: Any) -> str:
    """The last message of the page."""
    last = messages[-1]
    return "".join(part["text"] for part in last["content"]) if last["role"] == "assistant" else ""


def edited(value: Any, edits: list[Any]) -> Any:
    """What Gradio's page makes of the edits that it is sent."""
    for kind, path, new in edits:
        if not path:
            value = value + new if kind == "append" else new
            continue
        *way, last = path
        place = value
        for step in way:
            place = place[step]
        if kind == "append":
            place[last] += new
        elif kind == "delete":
            del place[last]
        elif kind == "add" and isinstance(place, list):
            place.insert(last, new)
        else:
            place[last] = new
    return value
