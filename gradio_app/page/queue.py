"""What the gate has to know of Gradio's queue. All of it is private to Gradio, and guarded by tests."""

from typing import Any

from gradio_app.gate.events import Offered


class GradioQueue:
    """The queue of a mounted page; see `gate.joined.EventQueue`."""

    def __init__(self, page: Any) -> None:
        self._queue = page._queue
        self.offered = {
            event["id"]: Offered(len(event["inputs"]), event["queue"])
            for event in page.config["dependencies"]
            if event["backend_fn"]
        }
        """The events that a page can send, by their numbers. One without a function only stops another."""

    def has_messages(self, session_hash: str) -> bool:
        """What Gradio looks into when it begins to stream."""
        return session_hash in self._queue.pending_messages_per_session

    def is_alive(self, event_id: str) -> bool:
        """Whether it waits in a queue, or has a task that runs it.

        Gradio's own list of events keeps one for ever whose task was cancelled twice.
        """
        event = self._queue.event_ids_to_events.get(event_id)
        if event is None:
            return False
        waiting = self._queue.event_queue_per_concurrency_id[event.concurrency_id].queue
        return event in waiting or any(
            task.get_name().endswith(event_id) for task in self._queue._asyncio_tasks
        )

    def is_unread(self, event_id: str, session_hash: str) -> bool:
        """Gradio takes an event off this list when it has streamed how the event ended."""
        return event_id in self._queue.pending_event_ids_session.get(session_hash, ())

    async def stop(self, event_id: str) -> None:
        """What Gradio does for a browser that has gone."""
        await self._queue.clean_events(event_id=event_id)

    def forget(self, session_hash: str) -> None:
        """Drop the messages of a Gradio session, and which of its events nobody has been told the end of."""
        self._queue.pending_messages_per_session.pop(session_hash, None)
        self._queue.pending_event_ids_session.pop(session_hash, None)

    def clear(self, event_id: str) -> None:
        """Drop what Gradio leaves lying when the task of an event was cancelled in the middle of its end."""
        self._queue.event_ids_to_events.pop(event_id, None)
        if self._queue.server_app is not None:
            self._queue.server_app.iterators.pop(event_id, None)
            self._queue.server_app.iterators_to_reset.discard(event_id)
