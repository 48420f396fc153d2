"""What an assistant is, as plain values."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

OWN, EVERYBODY = "own", "everybody"
"""Whose they are; those of a group of the pool have `group-` and a hash of its name."""
SHELF = re.compile(rf"{OWN}|{EVERYBODY}|group-[0-9a-f]{{32}}")
ASSISTANT_ID = re.compile(r"[0-9a-f]{32}")
NAME_CHARACTERS = 80
STARTERS, STARTER_CHARACTERS = 6, 300


@dataclass(frozen=True)
class Says:
    """What an assistant is made of.

    Attributes:
        model_id, temperature, max_tokens: what a conversation begins with; empty, None and 0 for what the
            person chose last.
        starters: questions to begin with.
        asks: which documents a conversation asks at first, as `lookup.Choosable` has it; empty for none.
    """

    name: str
    instructions: str = field(default="", repr=False)
    model_id: str = ""
    temperature: float | None = None
    max_tokens: int = 0
    starters: tuple[str, ...] = field(default=(), repr=False)
    asks: str = ""


@dataclass(frozen=True)
class Label:
    """Which assistant: on whose shelf, and in which version, counted from 1."""

    shelf: str
    id: str
    version: int
    name: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """Shelf and id, as an address and the chat's choice have them."""
        return f"{self.shelf}/{self.id}"


@dataclass(frozen=True)
class Assistant:
    """One version of an assistant, which never changes."""

    label: Label
    says: Says


def to_json(assistant: Assistant) -> str:
    """An assistant as it is stored with a conversation."""
    return json.dumps({**vars(assistant.label), "says": vars(assistant.says)}, ensure_ascii=False)


def from_json(text: str) -> Assistant:
    """The same from what was stored."""
    told = json.loads(text)
    return Assistant(label_of(told), says_of(told["says"]))


def label_of(told: dict[str, Any]) -> Label:
    """A label of a stored object, which may have more in it."""
    return Label(told["shelf"], told["id"], told["version"], told["name"])


def says_of(told: dict[str, Any]) -> Says:
    """What an assistant says, of a stored object; what later releases add is left out."""
    temperature = told.get("temperature")
    return Says(
        name=told["name"],
        instructions=told.get("instructions", ""),
        model_id=told.get("model_id", ""),
        temperature=None if temperature is None else float(temperature),
        max_tokens=told.get("max_tokens", 0),
        starters=tuple(told.get("starters", ())),
        asks=told.get("asks", ""),
    )
