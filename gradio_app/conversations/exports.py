"""Files of conversations on their way to browsers: made off the event loop, as fast as they are taken."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gradio_app.conversations.exporting import ENDINGS, MEDIA_TYPES, pieces
from gradio_app.store.exporting import Exporting

AT_WORK = 4
"""Pieces of files that are made at the same time."""
OF_A_PERSON, OF_ALL = 2, 32
"""Files on their way at once: each holds a page of the table, at most 1 MB, however slowly it is taken."""


class TooManyExportsError(Exception):
    """As many files are on their way as there may be."""


class Exports:
    """Makes the answers; one that cannot be read to its end breaks off: nobody takes it for whole."""

    def __init__(self, store: Exporting) -> None:
        self._store = store
        self._threads = CapacityLimiter(AT_WORK)
        self._under_way: Counter[str] = Counter()

    def answer(self, user_id: str, how: str, ids: list[str], texts: Callable[[str], str]) -> Response:
        """The answer with the file, which counts from now on; raises TooManyExportsError."""
        if self._under_way[user_id] >= OF_A_PERSON or self._under_way.total() >= OF_ALL:
            raise TooManyExportsError
        name = f"{texts('export_name')}.{ENDINGS[how]}"
        answer = _File(
            self._made(pieces(self._store, user_id, how, ids, texts)),
            media_type=MEDIA_TYPES[how],
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )
        answer.over = partial(self._give_back, user_id)
        self._under_way[user_id] += 1
        return answer

    async def _made(self, made: Iterator[str]) -> AsyncIterator[str]:
        while piece := await to_thread.run_sync(next, made, "", limiter=self._threads):
            yield piece

    def _give_back(self, user_id: str) -> None:
        self._under_way[user_id] -= 1
        if not self._under_way[user_id]:
            del self._under_way[user_id]


class _File(StreamingResponse):
    """An answer that says when it is over, also where its first byte was never read."""

    over: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.over()
