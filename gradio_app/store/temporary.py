"""The items of temporary conversations, in the memory of this task and nowhere else.

They end with their session, when their page was left, when nobody has looked at them for IDLE_SECONDS, when
their person begins more than PER_PERSON, and with the task.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gradio_app.store.table import Item, TableUnreachable

PER_PERSON = 3
"""Temporary conversations of one person in one task, as many as there may be answers running."""
BYTES = 4_000_000
"""Of one: several times what a model reads."""
ALL_BYTES = 64_000_000
"""Of all of them in one task."""
ITEM_BYTES = 300
"""What an item takes besides what is in it, near enough."""
IDLE_SECONDS = 30 * 60
LEFT_SECONDS = 60
"""After its page was left: one that is loaded anew is back within that time."""
SWEEP_SECONDS = 60

Key = tuple[str, str]
"""An item's `pk` and `sk`."""
Where = tuple[str, str]
"""A person's id and a conversation's."""
Changes = Mapping[Key, bytes | None]
"""What items become; None for none."""


class TemporaryFullError(TableUnreachable):
    """There is no room for more; `reason` is a key of `texts.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(eq=False)
class Memory:
    """The items of one conversation, each as the JSON that it takes."""

    used: float
    items: dict[Key, bytes] = field(default_factory=dict, repr=False)
    bytes: int = 0
    session_key: str = field(default="", repr=False)
    left: float | None = None
    """When its page was left."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """Held from what a change demands to what it does."""

    def item(self, key: Key) -> Item | None:
        """One of them."""
        blob = self.items.get(key)
        return None if blob is None else json.loads(blob)

    def grows(self, changes: Changes) -> int:
        """By how many bytes changes make it larger."""
        return sum(_bytes(blob) - _bytes(self.items.get(key)) for key, blob in changes.items())


class Temporaries:
    """The temporary conversations of this task. Nothing blocks for long, and nothing of it raises."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._kept: OrderedDict[Where, Memory] = OrderedDict()
        """The one that was looked at last comes last."""
        self._sessions: dict[str, set[Where]] = {}
        self._bytes = 0
        self._is_watched = False

    @property
    def bytes(self) -> int:
        """What all of them take."""
        return self._bytes

    def find(self, where: Where, *, looks: bool = False) -> Memory | None:
        """One that is there; `looks` says that its person does something with it."""
        with self._lock:
            memory = self._kept.get(where)
            if memory and self._is_over(memory):
                self._forget(where)
                return None
            if memory and looks:
                memory.used = self._now()
                self._kept.move_to_end(where)
            return memory

    @contextmanager
    def changing(self, where: Where) -> Iterator[Memory]:
        """One that is there or is made now, which nobody else changes meanwhile."""
        while True:
            memory = self.find(where) or self._made(where)
            with memory.lock:
                if self._kept.get(where) is not memory:
                    continue  # it ended before it was ours
                try:
                    yield memory
                finally:
                    if not memory.items:
                        self._drop(where, memory)
                return

    def has_room(self, memory: Memory, more: int) -> None:
        """Raises TemporaryFullError where there is none for so many bytes more."""
        if more <= 0:
            return
        if memory.bytes + more > BYTES:
            raise TemporaryFullError("temporary_full")
        if self._bytes + more > ALL_BYTES:
            raise TemporaryFullError("temporary_busy")

    def change(self, where: Where, memory: Memory, changes: Changes) -> None:
        """Change items, for whoever is `changing` it; one that is forgotten already changes for nobody."""
        with self._lock:
            is_kept = self._kept.get(where) is memory
            if is_kept and not memory.items:
                self._make_room(where)
            grows = memory.grows(changes)
            memory.bytes += grows
            self._bytes += grows if is_kept else 0
            for key, blob in changes.items():
                memory.items.pop(key, None)
                if blob is not None:
                    memory.items[key] = blob

    def belongs_to(self, user_id: str, conversation_id: str, session_key: str) -> None:
        """Have a conversation end with a session."""
        where = (user_id, conversation_id)
        with self._lock:
            if session_key and (memory := self._kept.get(where)):
                self._leave_session(where, memory)
                memory.session_key = session_key
                self._sessions.setdefault(session_key, set()).add(where)

    def come(self, user_id: str, conversation_id: str) -> None:
        """Its page is there, perhaps after it was left."""
        if memory := self.find((user_id, conversation_id), looks=True):
            memory.left = None

    def leave(self, user_id: str, conversation_id: str) -> None:
        """Its page is gone; so is it, unless the page comes back in a moment."""
        if memory := self.find((user_id, conversation_id)):
            memory.left = self._now()

    def is_busy(self, session_key: str) -> bool:
        """Whether there is one that has to end with this session."""
        return session_key in self._sessions

    def end_session(self, session_key: str) -> None:
        """Forget those of a session that is over."""
        with self._lock:
            for where in list(self._sessions.get(session_key, ())):
                self._forget(where)

    def sweep(self) -> None:
        """Forget those whose time is over."""
        with self._lock:
            for where in [where for where, memory in self._kept.items() if self._is_over(memory)]:
                self._forget(where)

    def _made(self, where: Where) -> Memory:
        with self._lock:
            memory = self._kept.setdefault(where, Memory(self._now()))
            self._watch()
            return memory

    def _make_room(self, where: Where) -> None:
        """A person's oldest ones go for another one."""
        others = [each for each, memory in self._kept.items() if each[0] == where[0] and memory.items]
        for each in others[: max(0, len(others) - PER_PERSON + 1)]:
            self._forget(each)

    def _drop(self, where: Where, memory: Memory) -> None:
        with self._lock:
            if self._kept.get(where) is memory:
                self._forget(where)

    def _forget(self, where: Where) -> None:
        memory = self._kept.pop(where)
        self._bytes -= memory.bytes
        self._leave_session(where, memory)

    def _leave_session(self, where: Where, memory: Memory) -> None:
        others = self._sessions.get(memory.session_key, set())
        others.discard(where)
        if not others:
            self._sessions.pop(memory.session_key, None)

    def _is_over(self, memory: Memory) -> bool:
        is_left = memory.left is not None and self._now() - memory.left > LEFT_SECONDS
        return is_left or self._now() - memory.used > IDLE_SECONDS

    def _watch(self) -> None:
        """Look from time to time while there are any, so that none outlives its time unseen."""
        if self._kept and not self._is_watched:
            self._is_watched = True
            timer = threading.Timer(SWEEP_SECONDS, self._look)
            timer.daemon = True
            timer.start()

    def _look(self) -> None:
        self.sweep()
        with self._lock:
            self._is_watched = False
            self._watch()


def _bytes(blob: bytes | None) -> int:
    return 0 if blob is None else len(blob) + ITEM_BYTES
