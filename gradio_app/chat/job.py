"""A turn whose question is stored: all that its answer's thread goes by."""

from dataclasses import dataclass

from gradio_app.chat.conversation import Answer, Conversation
from gradio_app.chat.inputs import Question, Reading
from gradio_app.chat.lookup import Searched
from gradio_app.chat.model import Choice
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.store.answers import NOTHING
from gradio_app.store.usage import Reservation


@dataclass(frozen=True)
class Job:
    running: RunningAnswer
    before: Conversation
    question: Question
    number: int
    choice: Choice
    reservation: Reservation
    reading: Reading | None
    searched: Searched | None
    by_blocks: bool = False
    """Whether the model takes passages as blocks."""
    so_far: Answer = NOTHING
    """What the answer goes on with."""
    is_begun: bool = False
    """Whether what is set aside counts as begun, so that a call that waits for nothing may follow."""
