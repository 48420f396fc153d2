"""What a model told of its reasoning, folded away: HTML, a pure function."""

from gradio_app.page import texts
from gradio_app.page.encoding import encoded
from gradio_app.page.thought_texts import THOUGHT


def thought(text: str, milliseconds: int, language: str) -> str:
    """The reasoning behind its duration; open and without one while the model is at it."""
    words = THOUGHT[language]
    seconds = texts.number(max(1, round(milliseconds / 1000)), language)
    name = words["done"].format(seconds=seconds) if milliseconds else words["now"]
    return (
        f'<details class="reasoned"{"" if milliseconds else " open"}><summary>{encoded(name)}</summary>'
        f'<div class="typed" dir="auto">{encoded(text)}</div></details>'
    )
