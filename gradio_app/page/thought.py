"""What a model told of its reasoning, folded away, as HTML."""

from gradio_app.page import texts
from gradio_app.page.encoding import encoded
from gradio_app.page.thought_texts import THOUGHT


def thought(text: str, milliseconds: int, language: str) -> str:
    """The reasoning behind its duration; open and without one while the model is at it."""
    return _folded(encoded(text), milliseconds, language)


class GrowingThought:
    """Reasoning that grows, of which what is new is encoded."""

    def __init__(self) -> None:
        self._text = ""
        self._encoded = ""

    def shown(self, text: str, milliseconds: int, language: str) -> str:
        """The same as `thought`; empty where there is none."""
        if not text.startswith(self._text):
            self._text = self._encoded = ""
        self._encoded += encoded(text[len(self._text) :])
        self._text = text
        return _folded(self._encoded, milliseconds, language) if text else ""


def _folded(inner: str, milliseconds: int, language: str) -> str:
    words = THOUGHT[language]
    seconds = texts.number(max(1, round(milliseconds / 1000)), language)
    name = words["done"].format(seconds=seconds) if milliseconds else words["now"]
    return (
        f'<details class="reasoned"{"" if milliseconds else " open"}><summary>{encoded(name)}</summary>'
        f'<div class="typed" dir="auto">{inner}</div></details>'
    )
