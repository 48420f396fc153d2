"""Whose assistants a person may use: their own, everybody's, and those of the groups that they are in.

The groups are those of the session, which the user pool confirms every five minutes.
"""

from collections.abc import Sequence

from gradio_app.chat.assistant import ASSISTANT_ID, EVERYBODY, OWN, SHELF, Assistant, Label
from gradio_app.chat.lookup import Asker
from gradio_app.library.access import administers
from gradio_app.library.document import group_library
from gradio_app.store.assistants import StoredAssistants


def shelf_of(group: str) -> str:
    """The shelf of a group's assistants; for people it is named as the library of the same group is."""
    return group_library(group)


def is_open(asker: Asker, shelf: str) -> bool:
    """Whether a person may use what is on a shelf."""
    if shelf in (OWN, EVERYBODY):
        return True
    is_shelf = SHELF.fullmatch(shelf) is not None
    return is_shelf and (administers(asker) or shelf in map(shelf_of, asker.groups))


def may_change(asker: Asker, shelf: str) -> bool:
    """Whether a person may change what is on a shelf."""
    return shelf == OWN or (administers(asker) and is_open(asker, shelf))


class OpenAssistants:
    """The assistants of a deployment, to each person theirs (`chat.instructing.Assistants`)."""

    def __init__(self, store: StoredAssistants) -> None:
        self._store = store

    def shelves(self, asker: Asker) -> dict[str, str]:
        """The groups' shelves that a person may open and that have something on them, by id."""
        return self._store.groups(None if administers(asker) else map(shelf_of, asker.groups))

    def choosable(self, asker: Asker) -> Sequence[Label]:
        """Those that a person may begin a conversation with: their own first.

        To who looks after all groups those of their own groups are offered, like to anybody else.
        """
        groups = self._store.groups(map(shelf_of, asker.groups))
        return [
            label for shelf in (OWN, EVERYBODY, *groups) for label in self._store.on(asker.user_id, shelf)
        ]

    def find(self, asker: Asker, place: str) -> Assistant | None:
        """One of those, by its place; None for any other, whether it is there or not."""
        shelf, _, assistant_id = place.partition("/")
        if not is_open(asker, shelf) or not ASSISTANT_ID.fullmatch(assistant_id):
            return None
        return self._store.find(asker.user_id, shelf, assistant_id)

    def is_open(self, asker: Asker, shelf: str) -> bool:
        """Whether a shelf is one of that person's, at this moment."""
        return is_open(asker, shelf)

    def of_conversation(self, asker: Asker, conversation_id: str) -> Assistant | None:
        """The version that a conversation of this person's was begun with."""
        return self._store.of_conversation(asker.user_id, conversation_id)
