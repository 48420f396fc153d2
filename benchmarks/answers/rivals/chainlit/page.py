"""What Chainlit's page shows of an answer."""

from typing import Any

ANSWER = "assistant_message"
WHOLE = ("stream_start", "new_message", "update_message")
"""Events with all of a message so far."""


class Page:
    """The answer to one question."""

    def __init__(self) -> None:
        self.answer = ""
        self._id = ""
        self._begun = self._ended = 0

    @property
    def is_settled(self) -> bool:
        """Whether all tasks of the question have ended: the message's, and that of its function."""
        return 0 < self._begun == self._ended

    def show(self, event: list[Any]) -> None:
        """Do what an event says: its name and one value."""
        name, value = event[0], event[1] if len(event) > 1 else {}
        if name in WHOLE and value["type"] == ANSWER:
            self._id, self.answer = value["id"], value["output"]
        elif name == "stream_token" and value["id"] == self._id:
            self.answer = value["token"] if value["isSequence"] else self.answer + value["token"]
        elif name == "task_start":
            self._begun += 1
        elif name == "task_end":
            self._ended += 1
