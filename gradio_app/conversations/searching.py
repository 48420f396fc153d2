"""What a person finds in their conversations: titles, and the place in each that has most of the words.

The index says where to look. What is shown is read there, so nothing that is gone is shown, whatever the
index has of it still.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradio_app.chat.conversation import Heading
from gradio_app.conversations import words
from gradio_app.conversations.words import Piece
from gradio_app.page.address import turn_address
from gradio_app.store.conversations import Conversations
from gradio_app.store.said import TITLE, Found, Said

MOST = 20
"""Conversations that a search shows."""
QUERY_CHARACTERS = 200


@dataclass(frozen=True)
class Hit:
    """A conversation that was found.

    Attributes:
        title, snippet: in pieces, those apart that were searched for; no snippet where the title has it all.
        turn: where the snippet is; 0 for nowhere.
    """

    heading: Heading
    title: list[Piece]
    snippet: list[Piece]
    turn: int

    @property
    def address(self) -> str:
        """Where the conversation is opened at that place."""
        return turn_address(self.heading.id, self.turn)


def search(store: Conversations, said: Said, user_id: str, typed: str) -> list[Hit]:
    """The conversations with all of the words, the one that changed last first.

    It costs the same however much there is: a bounded number of items for each word, the heads, and a message
    of each conversation.
    """
    wanted = words.asked(typed[:QUERY_CHARACTERS])
    found = said.find(user_id, wanted, MOST)
    headings = store.headings_of(user_id, [each.conversation_id for each in found])
    at = {each.conversation_id: _place(each) for each in found}
    texts = store.texts(user_id, [(each.id, *at[each.id]) for each in headings if at[each.id][0] != TITLE])
    hits = [_hit(each, at[each.id][0], texts.get(each.id, ""), wanted) for each in headings]
    return sorted((hit for hit in hits if hit), key=lambda hit: -hit.heading.updated_at)


def as_json(hit: Hit) -> dict[str, Any]:
    """For our script: pieces as pairs of the text and whether it is what was searched for."""
    return {
        "id": hit.heading.id,
        "address": hit.address,
        "title": _pairs(hit.title),
        "snippet": _pairs(hit.snippet),
    }


def _pairs(pieces: Sequence[Piece]) -> list[list[Any]]:
    return [[piece.text, piece.is_found] for piece in pieces]


def _place(found: Found) -> tuple[int, str]:
    """The message to show a part of; the title is shown in any case."""
    return next((place for place in found.places if place[0] != TITLE), (TITLE, ""))


def _hit(heading: Heading, turn: int, text: str, wanted: Sequence[str]) -> Hit | None:
    """What is shown of a conversation; None where what was found is not there any more."""
    in_title = words.holds(heading.title, wanted)
    snippet = words.snippet(text, wanted) if text and len(in_title) < len(wanted) else []
    if not in_title and not snippet:
        return None
    return Hit(heading, words.marked(heading.title, wanted), snippet, turn if snippet else 0)
