"""Passages of a text, as they are embedded, found and cited."""

from collections.abc import Sequence

from gradio_app.documents.chunks import chunks
from gradio_app.documents.extracted import Extracted
from gradio_app.library.ports import Passage


def cut(extracted: Extracted) -> Sequence[Passage]:
    """The passages of a text in its order: the same text gives the same ones."""
    return [
        Passage(number, chunk.text, chunk.start, chunk.end, chunk.page, chunk.heading)
        for number, chunk in enumerate(chunks(extracted))
    ]
