"""What becomes of conversations."""

from __future__ import annotations

from templates.parts.numbers import whole_number
from templates.wiring import Value, parameter, seam


@seam
class Conversations:
    """Conversations"""

    keep_conversations_days: Value = whole_number(
        "How many days a conversation is kept after its last change, with its files; pinned ones are kept. "
        "One that is let go counts anew from then on. 0: for ever. A shorter period deletes what is "
        "older within a day, and nothing brings that back but a backup.",
        low=0,
        high=3650,
        default=0,
        label="Days to keep conversations",
        see="docs/conversations.md",
    )
    share_conversations: Value = parameter(
        "String",
        "yes: people may make read-only copies of their conversations, which everybody who signs in here can "
        "open by their address until they are revoked. no: nobody may, and what was shared is closed.",
        AllowedValues=["yes", "no"],
        Default="no",
        label="Share conversations",
        see="docs/conversations.md",
    )
    name_conversations: Value = parameter(
        "String",
        "yes: after its first answer a conversation's model gives it a title, which takes some 600 tokens "
        "of its person's day. no: it is called by the beginning of its first question.",
        AllowedValues=["yes", "no"],
        Default="yes",
        label="Titles by the model",
    )
