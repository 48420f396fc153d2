"""What an assistant shall say, as a form or a file gives it: checked, and nothing of it trusted."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from gradio_app.chat.asking import RefusedError, is_blank, temperature_of, whole
from gradio_app.chat.assistant import NAME_CHARACTERS, STARTER_CHARACTERS, STARTERS, Says
from gradio_app.chat.instructions import ASSISTANT_CHARACTERS, instructions_of

FORMAT, VERSION = "asistente-assistants", 1
"""What a file of ours calls itself. Another number means that what is in it is to be read otherwise."""
FIELDS = ("name", "instructions", "model_id", "temperature", "max_tokens", "starters", "asks")
TEMPERATURE = re.compile(r"[01](?:[.,][0-9]{1,2})?")
TOKENS = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True)
class Offered:
    """What there is to choose from here, to whoever makes an assistant or brings in a conversation."""

    model_ids: Collection[str]
    most_tokens: int
    asks: Collection[str]
    efforts: Callable[[str], Collection[str]] = lambda _: ()
    """How much a model may be told to reason, for conversations."""


class NotAnAssistantError(Exception):
    """What was given is none: `errors` are keys of texts by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class NotOursError(Exception):
    """A file is none of ours; `reason` is a key of the texts."""

    def __init__(self, reason: str, which: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.which = which


def from_form(values: Mapping[str, str], offered: Offered) -> Says:
    """The assistant of a form; raises NotAnAssistantError."""
    temperature, tokens = values["temperature"].strip(), values["max_tokens"].strip()
    errors = {}
    if temperature and not TEMPERATURE.fullmatch(temperature):
        errors["temperature"] = "assistant_temperature_wrong"
    if tokens and not TOKENS.fullmatch(tokens):
        errors["max_tokens"] = "assistant_tokens_wrong"
    told = {
        "name": values["name"],
        "instructions": values["instructions"],
        "model_id": values["model_id"],
        "temperature": float(temperature.replace(",", ".")) if temperature and not errors else None,
        "max_tokens": int(tokens) if tokens and "max_tokens" not in errors else 0,
        "starters": [line for line in values["starters"].splitlines() if not is_blank(line)],
        "asks": values["asks"],
    }
    return _checked(told, offered, errors)


def from_file(content: bytes, offered: Offered) -> tuple[list[Says], bool]:
    """The assistants of a file, and whether a model or documents were left out that are not here.

    Raises NotOursError: of a file with anything wrong in it nothing is taken.
    """
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise NotOursError("assistants_file_no_json") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise NotOursError("assistants_file_of_others")
    if told.get("version") != VERSION:
        raise NotOursError("assistants_file_version")
    listed = told.get("assistants")
    if not isinstance(listed, list) or not listed:
        raise NotOursError("assistants_file_empty")
    found, is_all = [], True
    for number, each in enumerate(listed, 1):
        try:
            says, whole_ = of_file(each, offered)
        except NotAnAssistantError as wrong:
            field = next(iter(wrong.errors))
            raise NotOursError("assistants_file_wrong", f"{number}, “{field}”") from None
        found.append(says)
        is_all = is_all and whole_
    return found, is_all


def to_file(says: Collection[Says]) -> str:
    """A file that takes assistants along."""
    told = {"format": FORMAT, "version": VERSION, "assistants": [asdict(each) for each in says]}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def of_file(told: Any, offered: Offered) -> tuple[Says, bool]:
    """One of a file, and whether nothing of it was left out; raises NotAnAssistantError."""
    if not isinstance(told, dict):
        raise NotAnAssistantError({"name": "fill_in"})
    given = {name: told.get(name) for name in FIELDS}
    for name in ("name", "instructions", "model_id", "asks"):
        given[name] = given[name] if given[name] is not None else ""
        if not isinstance(given[name], str):
            raise NotAnAssistantError({name: "assistant_wrong"})
    temperature, tokens, starters = given["temperature"], given["max_tokens"] or 0, given["starters"] or []
    if temperature is not None and temperature_of(temperature) is None:
        raise NotAnAssistantError({"temperature": "assistant_temperature_wrong"})
    if type(tokens) is not int:
        raise NotAnAssistantError({"max_tokens": "assistant_tokens_wrong"})
    if not isinstance(starters, list) or not all(isinstance(each, str) for each in starters):
        raise NotAnAssistantError({"starters": "assistant_wrong"})
    told = {**given, "temperature": temperature_of(temperature), "max_tokens": tokens, "starters": starters}
    left = _on_offer(told, offered)
    is_all = all(told[name] == left[name] for name in ("model_id", "asks"))
    return _checked({**told, **left}, offered, {}), is_all


def as_offered(says: Says, offered: Offered) -> Says:
    """What is left of it where this is on offer: the same as of a file that has it."""
    return replace(says, **_on_offer(vars(says), offered))


def _on_offer(told: Mapping[str, Any], offered: Offered) -> dict[str, Any]:
    return {
        "model_id": told["model_id"] if told["model_id"] in offered.model_ids else "",
        "asks": told["asks"] if told["asks"] in offered.asks else "",
        "max_tokens": min(told["max_tokens"], offered.most_tokens),
    }


def _checked(told: dict[str, Any], offered: Offered, errors: dict[str, str]) -> Says:
    """Raises NotAnAssistantError."""
    says = Says(
        name=" ".join(whole(told["name"]).split()),
        model_id=told["model_id"],
        temperature=told["temperature"],
        max_tokens=told["max_tokens"],
        starters=tuple(whole(each).strip() for each in told["starters"]),
        asks=told["asks"],
    )
    if is_blank(says.name):
        errors["name"] = "fill_in"
    elif len(says.name) > NAME_CHARACTERS:
        errors["name"] = "assistant_too_long"
    try:
        says = replace(says, instructions=instructions_of(told["instructions"], ASSISTANT_CHARACTERS))
    except RefusedError:
        errors["instructions"] = "assistant_too_long"
    if len(says.starters) > STARTERS or any(len(each) > STARTER_CHARACTERS for each in says.starters):
        errors["starters"] = "assistant_too_long"
    if any(is_blank(each) for each in says.starters):
        errors["starters"] = "assistant_wrong"
    if says.model_id and says.model_id not in offered.model_ids:
        errors["model_id"] = "assistant_model_gone"
    if says.asks and says.asks not in offered.asks:
        errors["asks"] = "assistant_asks_gone"
    if says.temperature is not None and not 0 <= says.temperature <= 1:
        errors["temperature"] = "assistant_temperature_wrong"
    if not 0 <= says.max_tokens <= offered.most_tokens:
        errors["max_tokens"] = "assistant_tokens_wrong"
    if errors:
        raise NotAnAssistantError(errors)
    return says
