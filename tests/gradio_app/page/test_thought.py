"""Reasoning that grows costs what is new of it."""

import pytest

from gradio_app.page import thought


def test_it_is_what_the_whole_would_be_and_encodes_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "First <this>, then `that`: 1 + 1 = 2.\n" * 50
    encode, encoded = thought.encoded, list[int]()

    def counting(source: str) -> str:
        encoded.append(len(source))
        return encode(source)

    growing = thought.GrowingThought()
    assert growing.shown("", 0, "es") == ""
    for end in range(7, len(text), 7):
        whole = thought.thought(text[:end], 0, "es")
        monkeypatch.setattr(thought, "encoded", counting)
        assert growing.shown(text[:end], 0, "es") == whole
        monkeypatch.undo()
    assert sum(encoded) < len(text) + 50 * len(text) // 7
    assert growing.shown(text, 2_000, "es") == thought.thought(text, 2_000, "es")
    assert growing.shown("another", 0, "en") == thought.thought("another", 0, "en")
