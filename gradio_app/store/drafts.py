"""What a user is typing and has not sent: one item per user, `USER#<user>` / `DRAFT`, gone after a day.

In the table and not in the browser: there it would lie open to whoever uses that browser next, and the page
would need a script of ours to put it there.
"""

import contextlib
import time
from typing import Any

KEPT_SECONDS = 24 * 3600
CHARACTERS = 32_000
"""As many as the box takes."""


class Drafts:
    """The drafts. `client` is a low-level DynamoDB client, whose errors pass through."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def keep(self, user_id: str, conversation_id: str, text: str) -> None:
        """Remember what stands in the box; nothing in it is nothing to remember."""
        if not text.strip():
            self._forget(user_id, "conversation = :c", {":c": {"S": conversation_id}})
            return
        item = {
            **_key(user_id),
            "conversation": {"S": conversation_id},
            "text": {"S": text[:CHARACTERS].encode("utf-8", "replace").decode()},
            "expires_at": {"N": str(int(time.time()) + KEPT_SECONDS)},
        }
        self._client.put_item(TableName=self._table, Item=item)

    def find(self, user_id: str, conversation_id: str, *, is_new: bool) -> str:
        """The draft for a page: that of its conversation, or any if it is a new one, as after a sign-in."""
        answer = self._client.get_item(TableName=self._table, Key=_key(user_id), ConsistentRead=True)
        item = answer.get("Item")
        if item is None or int(item["expires_at"]["N"]) < time.time():
            return ""
        return item["text"]["S"] if is_new or item["conversation"]["S"] == conversation_id else ""

    def sent(self, user_id: str, conversation_id: str, text: str) -> None:
        """Forget the draft of this conversation, or of another that was finished here."""
        values = {":c": {"S": conversation_id}, ":t": {"S": text}}
        self._forget(user_id, "conversation = :c OR #text = :t", values, {"#text": "text"})

    def _forget(
        self, user_id: str, condition: str, values: dict[str, Any], names: dict[str, str] | None = None
    ) -> None:
        with contextlib.suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.delete_item(
                TableName=self._table,
                Key=_key(user_id),
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                **({"ExpressionAttributeNames": names} if names else {}),
            )


def _key(user_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"USER#{user_id}"}, "sk": {"S": "DRAFT"}}
