"""Deleting what is over: one task a day finds it among everybody's conversations, by the index of changes."""

import time
from collections.abc import Callable

from gradio_app.chat import errors
from gradio_app.store import schema
from gradio_app.store.conversations import Conversations
from gradio_app.store.retention import DAY_SECONDS, Retention
from gradio_app.store.table import Attr, ConflictError, Table, TableUnreachable, Update


class Expiring:
    """Deletes conversations whose time is over, with all that belongs to them."""

    def __init__(self, table: Table, store: Conversations, retention: Retention) -> None:
        self._table = table
        self._store = store
        self._retention = retention

    def sweep(self, is_over: Callable[[], bool] = lambda: False) -> int:
        """Delete what there is, unless a task did so today, until `is_over`; how many were deleted.

        Raises TableUnreachable when the table cannot be asked.
        """
        if not self._retention.days or not self._is_ours():
            return 0
        deleted = 0
        old = Attr(schema.CHANGE).lt(self._retention.since)
        for entry in self._table.scan_index(schema.BY_CHANGE, old):
            if is_over():
                break
            user_id = entry["pk"].removeprefix(schema.person(""))
            conversation_id = entry["sk"].removeprefix(schema.CONVERSATION)
            try:
                deleted += self._store.expire(user_id, conversation_id)
            except TableUnreachable as error:
                errors.record_storage(error)  # the others are tried, and this one again tomorrow
        return deleted

    def _is_ours(self) -> bool:
        """Whether it is this task that does it today."""
        now = int(time.time())
        free = Attr("after").not_exists() | Attr("after").lte(now)
        try:
            self._table.write(
                Update(schema.SWEEP, schema.SWEEP, set={"after": now + DAY_SECONDS}, condition=free)
            )
        except ConflictError:
            return False
        return True
