"""Which instructions hold for a question, and which assistant answers it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from gradio_app.chat.asking import RefusedError, TurnRequest
from gradio_app.chat.assistant import Assistant, Label
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.instructions import Instructions
from gradio_app.chat.lookup import Asker


class Assistants(Protocol):
    """Where they are kept, as the chat asks there. Every method blocks, and raises TableUnreachable."""

    def choosable(self, asker: Asker) -> Sequence[Label]:
        """Those that a person may begin a conversation with."""
        ...

    def find(self, asker: Asker, place: str) -> Assistant | None:
        """One of those, by its place; None for any other, whether it is there or not."""
        ...

    def is_open(self, asker: Asker, shelf: str) -> bool:
        """Whether a shelf is one of that person's, at this moment. Never blocks."""
        ...

    def of_conversation(self, asker: Asker, conversation_id: str) -> Assistant | None:
        """The version that a conversation of this person's was begun with."""
        ...


class Instructing:
    """Finds them; `deployment` are those of whoever runs the application."""

    def __init__(self, deployment: str = "", assistants: Assistants | None = None) -> None:
        self._deployment = deployment
        self._assistants = assistants

    def assistant(self, asked: TurnRequest, seen: Conversation) -> Assistant | None:
        """Who answers: as the conversation was begun, or the one to begin it with. Raises RefusedError.

        Who may not use an assistant any more cannot go on with it.
        """
        asker = Asker(asked.user_id, asked.groups)
        wanted = seen.assistant.place if seen.assistant else "" if seen.version else asked.assistant
        if not wanted:
            return None
        found = None
        if self._assistants and self._assistants.is_open(asker, wanted.partition("/")[0]):
            if seen.version:
                found = self._assistants.of_conversation(asker, seen.id)
            else:
                found = self._assistants.find(asker, wanted)
        if found is None:
            raise RefusedError("assistant_gone")
        return found

    def of(
        self, asked: TurnRequest, before: Conversation, assistant: Assistant | None, own: str
    ) -> Conversation:
        """What stands before a question, with the instructions that hold for it; `own` are the person's."""
        conversation = before.instructions if asked.instructions is None else asked.instructions
        given = Instructions(
            deployment=self._deployment,
            assistant=assistant.says.instructions if assistant else "",
            person=own,
            conversation=conversation,
        )
        return replace(before, preamble=given.preamble)
