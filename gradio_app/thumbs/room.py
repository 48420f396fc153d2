"""The page of thumbs, for `gradio_app.pages` to render."""

from pathlib import Path

from gradio_app.pages.pages import Room
from gradio_app.thumbs.texts import TEXTS

ROOM = Room(Path(__file__).parent / "templates", TEXTS)
