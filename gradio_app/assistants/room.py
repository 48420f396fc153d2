"""The pages of assistants, for `gradio_app.pages` to render."""

from pathlib import Path

from gradio_app.assistants.texts import TEXTS
from gradio_app.pages.pages import Room

ROOM = Room(Path(__file__).parent / "templates", TEXTS)
