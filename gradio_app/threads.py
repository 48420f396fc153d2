"""Threads for work that blocks: so many at once, and whoever comes then waits for one."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Of one part of the application, so that no part waits for another's."""

    def __init__(self, most: int) -> None:
        self._limiter = CapacityLimiter(most)

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """What the work returns, or raises; who is cancelled meanwhile waits for its end all the same."""
        return await to_thread.run_sync(partial(work, *arguments, **named), limiter=self._limiter)
