"""Somebody at Streamlit's page: protobuf over one WebSocket, with the classes that its package brings."""

import time
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.answers.followed import Followed
from benchmarks.answers.rivals.streamlit.page import Page
from benchmarks.answers.text import letters
from benchmarks.answers.websocket import WebSocket
from benchmarks.answers.wire import Counted

MAIN = 0
"""The first number of places in the page's middle."""
BROWSER = {"timezone": "Europe/Madrid", "timezone_offset": -60, "locale": "en-US", "color_scheme": "light"}


class Person:
    """A browser with one tab."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._counted = Counted()
        self._socket = WebSocket(self._counted)
        self._page = Page()
        self._script = ""
        self._input = ""

    async def open(self) -> None:
        """Have the script run for the first time."""
        await self._socket.open(self._address, "/_stcore/stream", ["streamlit", "PLACEHOLDER_AUTH_TOKEN"])
        self._run_script()
        while not self._is_over(await self._message()):
            pass

    async def ask(self, question: str) -> Followed:
        """Ask and follow the answer to the end of the script."""
        followed, before = Followed(), self._counted.copy()
        followed.asked = time.monotonic()
        self._page.asked(question)
        self._run_script(question)
        text = ""
        while not self._is_over(message := await self._message()):
            if message.delta.new_element.WhichOneof("type") == "exception":
                raise ConnectionError(f"the script failed: {message.delta.new_element.exception.message}")
            if (now := self._page.answer) != text:
                text = now
                followed.pieces.append(time.monotonic())
        followed.done = time.monotonic()
        followed.letters = letters(text)
        followed.counted = self._counted.since(before)
        return followed

    def close(self) -> None:
        """Close the tab."""
        self._socket.close()

    def _run_script(self, question: str = "") -> None:
        told = BackMsg()
        state = told.rerun_script
        state.page_script_hash = self._script
        for name, value in BROWSER.items():
            setattr(state.context_info, name, value)
        state.context_info.url = f"{self._address}/"
        if question:
            widget = state.widget_states.widgets.add(id=self._input)
            widget.chat_input_value.data = question
        self._socket.send(told.SerializeToString())

    async def _message(self) -> Any:
        """The next one, shown on the page."""
        message = ForwardMsg.FromString(await self._socket.message())
        if message.WhichOneof("type") == "new_session":
            self._script = message.new_session.page_script_hash
        element, place = message.delta.new_element, tuple(message.metadata.delta_path)
        if element.WhichOneof("type") == "chat_input":
            self._input = element.chat_input.id
        elif element.WhichOneof("type") == "markdown" and place[0] == MAIN:
            self._page.show(place, element.markdown.body)
        return message

    def _is_over(self, message: Any) -> bool:
        if message.WhichOneof("type") != "script_finished":
            return False
        if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
            raise ConnectionError(f"the script ended with {message.script_finished}")
        return True
