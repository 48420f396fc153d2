"""What the gate has to know of Gradio's queue. All of it is private to Gradio, and guarded by tests."""

from typing import Any


class GradioQueue:
    """The queue of a page; see `gate.joined.EventQueue`."""

    def __init__(self, page: Any) -> None:
        self._queue = page._queue

    def has_messages(self, session_hash: str) -> bool:
        """What Gradio looks into when it begins to stream."""
        return session_hash in self._queue.pending_messages_per_session

    def is_alive(self, event_id: str) -> bool:
        """Where Gradio keeps an event until it is done with it."""
        return event_id in self._queue.event_ids_to_events

    async def stop(self, event_id: str) -> None:
        """What Gradio does for a browser that has gone."""
        await self._queue.clean_events(event_id=event_id)
