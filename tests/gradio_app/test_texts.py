"""Every text of the application in every language: none missing, none too many, none left in another one.

A table of texts is any dictionary of a module that has `en`, unless its name is private.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import gradio_app
from gradio_app.language import LANGUAGES, day, number
from gradio_app.pages.pages import Pages, Room

MARKS = {
    "en": "the and of is are your you this that with from for it not was been has have be in to or",
    "es": "el los las y una un con del está esta este aquí tu más hay ya pero sin ni al ha has han su sus",
    "pt": "não você uma um ao à às os é em seu sua seus suas são está esta este mais já nem foi há ou for",
}
"""Words that tell a language: those that another language has too count for both."""
WORD = re.compile(r"(?<!-)\b[^\W\d_]+")
"""Not what hangs on a verb in Portuguese."""


@cache
def tables() -> dict[str, dict[str, Any]]:
    """All tables by module and name."""
    found = {}
    for info in pkgutil.walk_packages(gradio_app.__path__, "gradio_app."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if name.startswith("_") or not isinstance(value, dict):
                continue
            is_table = isinstance(value.get("en"), (str, dict, tuple))
            # Told by where it is written, and not by where it is used.
            if is_table and (id(value) not in found or info.name.endswith("texts")):
                found[id(value)] = (f"{info.name.replace('.', '/')}.py: {name}", value)
    return dict(found.values())


def texts(table: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each text with the keys that lead to it."""
    if isinstance(table, str):
        yield path, table
    elif isinstance(table, dict):
        for key, value in table.items():
            yield from texts(value, f"{path}[{key!r}]")
    else:
        for position, value in enumerate(table):
            yield from texts(value, f"{path}[{position}]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_tables_are_found() -> None:
    assert len(tables()) >= 18, list(tables())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_has_every_text_in_this_language_and_with_the_same_placeholders(language: str) -> None:
    wrong = []
    for where, table in tables().items():
        if language not in table:
            wrong.append(f"{where} has nothing in {language!r}: add it.")
            continue
        wanted = {key: text for each in ("en", "es") for key, text in texts(table[each])}
        given = dict(texts(table[language]))
        missing = wanted.keys() - given.keys()
        if language == "en" and where.endswith("_GRADIO"):
            missing = set()  # what is Gradio's is in English already
        wrong += [f"{where} has no {language!r} for {key}: translate {wanted[key]!r}." for key in missing]
        wrong += [f"{where} has {key} in {language!r} only." for key in given.keys() - wanted.keys()]
        for key in given.keys() & wanted.keys():
            if placeholders(given[key]) != placeholders(wanted[key]):
                wrong.append(f"{where}{key} in {language!r} has {placeholders(given[key])} to fill in.")
            if not given[key].strip():
                wrong.append(f"{where}{key} in {language!r} is empty.")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_left_in_another_language(language: str) -> None:
    assert language in MARKS, f"Say in MARKS which short words tell that a text is in {language!r}."
    own = set(MARKS[language].split())
    foreign = {word for each in MARKS if each != language for word in MARKS[each].split()} - own
    wrong = []
    for where, table in tables().items():
        for key, text in texts(table.get(language, {})):
            plain = re.sub(r"\{[^}]*\}|“[^”]*”|«[^»]*»", " ", text)
            words = [word.lower() for word in WORD.findall(plain)]
            if strange := foreign.intersection(words):
                wrong.append(f"{where}{key} in {language!r} has {sorted(strange)}: {text!r}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_the_same_as_in_another_language(language: str) -> None:
    wrong = []
    for where, table in tables().items():
        for other in LANGUAGES:
            if other == language or other not in table or language not in table:
                continue
            theirs = dict(texts(table[other]))
            for key, text in texts(table[language]):
                if text == theirs.get(key) and len(WORD.findall(re.sub(r"\{[^}]*\}", "", text))) > 3:
                    wrong.append(f"{where}{key} in {language!r} is as in {other!r}: {text!r}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(
    ("language", "count", "size", "written"),
    [
        ("en", "1,234,567", "1,234.5", "2026-11-09"),
        ("es", "1.234.567", "1234,5", "09/11/2026"),
        ("pt", "1.234.567", "1.234,5", "09/11/2026"),
    ],
)
def test_numbers_and_days_are_written_as_the_language_does(
    language: str, count: str, size: str, written: str
) -> None:
    assert number(1_234_567, language) == count
    assert number(1_234.54, language, 1) == size
    assert day(date(2026, 11, 9), language) == written


def test_two_rooms_have_no_text_of_the_same_name(tmp_path: Path) -> None:
    """One of them would show the other's."""
    rooms = [Room(tmp_path, {language: {"why": where} for language in LANGUAGES}) for where in "ab"]
    with pytest.raises(ValueError, match="why"):
        Pages(True, *rooms)
