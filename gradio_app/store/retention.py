"""How long conversations are kept after their last change; pinned ones while they are pinned.

DynamoDB's time to live would delete single items, each in its own time and up to days late, and knows neither
files in the bucket nor what is counted; and a turn would have to move the end of all items before it. So the
head alone says how old a conversation is, what is over is never shown, and a task a day deletes it whole
(`expiring`).
"""

import time
from dataclasses import dataclass

from gradio_app.store.heads import LIVE
from gradio_app.store.table import Attr, Condition, Item

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Retention:
    """So many days; 0 for ever."""

    days: int = 0

    @property
    def since(self) -> int:
        """Epoch seconds: what changed last before it is over."""
        return int(time.time()) - self.days * DAY_SECONDS

    def is_over(self, head: Item) -> bool:
        """Whether the conversation with this head is no more, deleted already or not."""
        if not self.days or head.get("pinned"):
            return False
        return max(head.get("updated_at", 0), head.get("unpinned_at", 0)) < self.since

    def lasts(self) -> Condition:
        """Of a head: it is there, nobody is deleting it, and it is not over."""
        there = Attr("pk").exists() & LIVE
        if not self.days:
            return there
        since = self.since
        return there & (Attr("pinned").eq(1) | Attr("updated_at").gte(since) | Attr("unpinned_at").gte(since))

    def ended(self) -> Condition:
        """Of a head: it is over, or somebody has begun to delete it."""
        since = self.since
        is_let_go = Attr("unpinned_at").not_exists() | Attr("unpinned_at").lt(since)
        unpinned = Attr("pinned").not_exists() | Attr("pinned").eq(0)
        return Attr("deleted_at").exists() | (Attr("updated_at").lt(since) & unpinned & is_let_go)
