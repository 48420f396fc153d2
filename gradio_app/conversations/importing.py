"""Conversations out of a file that our export has made, or that somebody says it has.

Nothing of it is trusted: it is bounded before it is read, and all ids and numbers are made anew. Of a message
come its text, how it ended and what it was counted; of a conversation its instructions, its settings and the
assistant with which it was begun; of an account its person's instructions and assistants. What would point to
anything outside of the file stays behind, and is told of.
"""

import re
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from gradio_app.assistants.given import NotAnAssistantError, Offered, of_file
from gradio_app.chat.asking import RefusedError, is_blank, temperature_of, whole
from gradio_app.chat.assistant import OWN, Assistant, Label, Says
from gradio_app.chat.conversation import COMPLETE, FAILED, LENGTH, STOPPED, Answer, plain, title_of
from gradio_app.chat.instructions import instructions_of
from gradio_app.chat.service_tiers import tiers
from gradio_app.conversations.exporting import FORMAT, VERSION
from gradio_app.conversations.sifting import ASSISTANTS, CONVERSATIONS, IMPORT_BYTES, MESSAGES, STAYS
from gradio_app.documents.extracted import Limits, Reason, UnreadableError
from gradio_app.documents.extraction import told as told_by_child
from gradio_app.store.branches import MOST_VERSIONS
from gradio_app.store.importing import Imported, Said
from gradio_app.store.messages import TEXT_BYTES
from gradio_app.store.schema import NUMBER_DIGITS, ROLES, is_branched, version_of

LIMITS = Limits(content_bytes=IMPORT_BYTES, cpu_seconds=20, characters=IMPORT_BYTES // 2, sections=0)
"""Of the child that parses a file: what it says is cut at twice as many bytes as the file may have."""
MODEL_ID = re.compile(r"[\w.:/-]{1,200}", re.ASCII)
MOST_COUNTED = 10**9
UNFIT_SETTINGS, UNFIT_INSTRUCTIONS, OF_ASSISTANTS, SOME_ASSISTANTS = (
    "left_settings",
    "left_long_instructions",
    "left_of_assistants",
    "left_assistants",
)
"""The texts for what would come in, and is not on offer here or has no room."""
TOLD_OF = (*STAYS.values(), UNFIT_SETTINGS, UNFIT_INSTRUCTIONS, OF_ASSISTANTS, SOME_ASSISTANTS)


@dataclass(frozen=True)
class Brought:
    """What is in a file, as far as it comes in.

    Attributes:
        instructions: its person's, for all conversations; only an account's file has them, and the next.
        assistants: its person's own.
        left: what of the file stays behind, as names of texts, in the order of TOLD_OF.
    """

    conversations: Sequence[Imported]
    instructions: str = field(default="", repr=False)
    assistants: Sequence[Says] = ()
    left: Sequence[str] = ()


class UnfitFileError(Exception):
    """It is not imported: `key` is a text, in which `values` may stand."""

    def __init__(self, key: str, **values: int) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class BusyError(Exception):
    """Nothing is known of a file, for too much else is being read; another try may find room."""


def read(content: bytes, offered: Offered, untitled: str) -> Brought:
    """What a file brings; `offered` is what there is to choose from here.

    What has no title that could be seen, and no question either, is called `untitled`. Raises UnfitFileError
    or BusyError.
    """
    offered = replace(offered, efforts=cache(offered.efforts))
    told = _parsed(content)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise UnfitFileError("import_not_ours")
    if told.get("version") != VERSION:
        raise UnfitFileError("import_version")
    found = told.get("conversations", [])
    if not isinstance(found, list):
        raise UnfitFileError("import_empty")
    if len(found) > CONVERSATIONS:
        raise UnfitFileError("import_too_many", most=CONVERSATIONS)
    listed_messages = (each.get("messages") or () for each in found if isinstance(each, dict))
    if sum(len(each) for each in listed_messages) > MESSAGES:
        raise UnfitFileError("import_too_long", most=MESSAGES)
    left: set[str] = set()
    with_messages = [(number, each) for number, each in enumerate(found, 1) if not _is_empty(each)]
    read = [_conversation(each, number, offered, untitled, left) for number, each in with_messages]
    if sum(2 * len(each.turns) for each in read) > MESSAGES:
        raise UnfitFileError("import_too_long", most=MESSAGES)
    listed = told.get("assistants") or []
    if len(listed) > ASSISTANTS:
        left.add(SOME_ASSISTANTS)
    assistants = enumerate(listed[:ASSISTANTS], 1)
    says = [_says(each, offered, "import_assistant", number, left) for number, each in assistants]
    instructions = _instructions(told.get("instructions"), left)
    if not (read or says or instructions):
        raise UnfitFileError("import_empty")
    left |= _staying(told, found)
    return Brought(read, instructions, says, [name for name in TOLD_OF if name in left])


def _parsed(content: bytes) -> Any:
    """What is in a file that could come in, parsed where it makes nobody wait."""
    if len(content) > IMPORT_BYTES:
        raise UnfitFileError("import_too_large")
    try:
        return told_by_child(content, "conversations", LIMITS)["told"]
    except UnreadableError as error:
        if error.reason is Reason.BROKEN:
            raise UnfitFileError("import_not_json") from None
        raise BusyError from error


def _says(told: Any, offered: Offered, key: str, number: int, left: set[str]) -> Says:
    """What an assistant says; a model and documents that are not here are left out."""
    try:
        says, is_all = of_file(told.get("says") if isinstance(told, dict) else None, offered)
    except NotAnAssistantError:
        raise UnfitFileError(key, number=number) from None
    if not is_all:
        left.add(OF_ASSISTANTS)
    return says


def _staying(told: Mapping[str, Any], conversations: Sequence[Mapping[str, Any]]) -> set[str]:
    """What never comes in, by where it may stand: beside conversations, in them, in messages."""
    messages = (message for head in conversations for message in head["messages"])
    there = (told, *conversations, *messages)
    return {text for name, text in STAYS.items() if any(each.get(name) for each in there)}


def _instructions(told: Any, left: set[str]) -> str:
    """A person's, if they could have been written here."""
    try:
        return instructions_of(told) if isinstance(told, str) else ""
    except RefusedError:
        left.add(UNFIT_INSTRUCTIONS)
        return ""


def _settings(told: Mapping[str, Any], offered: Offered, left: set[str]) -> dict[str, Any]:
    """What a head keeps of how its conversation was asked.

    A model that is not on offer here is left out, for with it no page would begin with its person's own
    settings, and so is what the model does not have; of more tokens than there may be come in as many.
    """
    model_id, tokens, effort, tier = (
        told.get(name) for name in ("model_id", "max_tokens", "effort", "service_tier")
    )
    model_id = model_id if isinstance(model_id, str) and model_id in offered.model_ids else ""
    kept: dict[str, Any] = {
        "model_id": model_id,
        "temperature": temperature_of(told.get("temperature")),
        "max_tokens": min(tokens, offered.most_tokens) if type(tokens) is int and tokens > 0 else None,
        "effort": effort if model_id and effort and effort in offered.efforts(model_id) else "",
        "service_tier": tier if tier in tiers(model_id) else "",
    }
    if any(told.get(name) and value in ("", None) for name, value in kept.items()):
        left.add(UNFIT_SETTINGS)
    kept["instructions"] = _instructions(told.get("instructions"), left)
    return {name: value for name, value in kept.items() if value not in ("", None)}


def _is_empty(told: Any) -> bool:
    """Whether nothing is said in it: all of it was taken back, as exports of earlier releases have it."""
    return isinstance(told, dict) and told.get("messages") == []


def _conversation(told: Any, number: int, offered: Offered, untitled: str, left: set[str]) -> Imported:
    try:
        turns = _turns(told["messages"])
        shown = _number(told.get("shown", 0))
        title = title_of(whole(told.get("title", "")))
        settings, begun_with = _settings(told, offered, left), told.get("assistant")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise UnfitFileError("import_broken", number=number) from None
    titles = (title, *(title_of(turn.question) for turn in turns))
    title = next((each for each in titles if not is_blank(each)), untitled)
    shown = shown if any(turn.number == shown for turn in turns) else 0
    if not isinstance(begun_with, dict) or "says" not in begun_with:
        return Imported(title, tuple(turns), shown, settings)
    # It is its person's own from now on: whoever made it elsewhere is nobody here.
    says = _says(begun_with, offered, "import_broken", number, left)
    label = Label(OWN, secrets.token_hex(16), 1, says.name)
    return Imported(title, tuple(turns), shown, settings, Assistant(label, says))


def _turns(messages: Any) -> list[Said]:
    """The turns in the order in which they were asked; raises ValueError where they make no conversation."""
    by_turn: dict[int, dict[str, Mapping[str, Any]]] = {}
    if not isinstance(messages, list) or not messages:
        raise ValueError("no messages")
    for message in messages:
        number, role = message["turn"], message["role"]
        if type(number) is not int or not 0 < number < 10**NUMBER_DIGITS or role not in ROLES:
            raise ValueError("no message")
        if by_turn.setdefault(number, {}).setdefault(role, message) is not message:
            raise ValueError("a message twice")
    ordered = sorted(by_turn, key=lambda number: (version_of(number), number))
    if len({version_of(number) for number in ordered}) < len(ordered):
        raise ValueError("two turns at once")
    turns: dict[int, Said] = {}
    line = 0
    for number in ordered:
        question, answer = by_turn[number]["user"], by_turn[number].get("assistant")
        parent = line
        if is_branched(number):
            parent = _number(question.get("parent", 0))
            if parent and (parent not in turns or parent == number):
                raise ValueError("a turn of no branch")
        else:
            line = number
        first = _number(question.get("first", 0))
        turns[number] = Said(number, parent, first, _text(question), _answer(answer) if answer else None)
    return _with_versions(turns)


def _with_versions(turns: Mapping[int, Said]) -> list[Said]:
    """The turns; raises ValueError where several follow the same one and are no versions of each other.

    Versions are known by the first of them that is there: the very first may have been taken back.
    """
    beside: defaultdict[int, list[Said]] = defaultdict(list)
    for turn in turns.values():
        beside[turn.parent].append(turn)
    for versions in beside.values():
        firsts = {turn.first for turn in versions}
        if len(firsts) > 1 or (len(versions) > 1 and not any(firsts)) or len(versions) > MOST_VERSIONS:
            raise ValueError("turns that are no versions")
    return [replace(turn, first=turn.first and beside[turn.parent][0].number) for turn in turns.values()]


def _number(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("no number")
    return value


def _text(message: Mapping[str, Any]) -> str:
    text = message["text"]
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > TEXT_BYTES:
        raise ValueError("no text")
    return whole(text)


def _answer(message: Mapping[str, Any]) -> Answer:
    status = message.get("status")
    model_id = message.get("model_id")
    is_cut = status == COMPLETE and message.get("reason") == LENGTH
    counts = (_count(message.get(name)) for name in ("input_tokens", "output_tokens"))
    input_tokens, output_tokens = counts
    return Answer(
        parts=plain(_text(message)),
        status=status if status in (COMPLETE, STOPPED, FAILED) else STOPPED,
        reason=LENGTH if is_cut else "",
        model_id=model_id if isinstance(model_id, str) and MODEL_ID.fullmatch(model_id) else "",
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        is_imported=True,
    )


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= MOST_COUNTED else 0
