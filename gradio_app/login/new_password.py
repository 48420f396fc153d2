"""A form that asks for a new password: what is wrong with what was typed.

Judging one takes up to a fraction of a second, so whoever asks has a share of it: some at a time, and so many
refused ones in a while. The rest is refused before anything is judged.
"""

from collections import Counter
from collections.abc import Callable

from anyio import CapacityLimiter, to_thread

WAITING = 16
WAITING_EACH = 2
"""Two windows of one person, or two people behind one address, in the same second."""


class Busy(Exception):
    """Too many passwords wait to be judged, or too many of this requester's."""


class PasswordJudge:
    """Judges one at a time (`guessable.fault` asks for that), in a thread of its own."""

    def __init__(self, fault: Callable[[str, str], str | None]) -> None:
        self._fault = fault
        self._thread = CapacityLimiter(1)
        self._waiting: Counter[str] = Counter()

    async def fault(self, who: str, password: str, account: str) -> str | None:
        """The key of what to say against a password, if anything; raises Busy instead of a long wait."""
        if self._waiting[who] >= WAITING_EACH or self._waiting.total() >= WAITING:
            raise Busy
        self._waiting[who] += 1
        try:
            return await to_thread.run_sync(self._fault, password, account, limiter=self._thread)
        finally:
            self._waiting[who] -= 1
            if not self._waiting[who]:
                del self._waiting[who]


def typing_errors(values: dict[str, str]) -> dict[str, str]:
    """What is wrong with the form itself, by field."""
    if errors := {name: "fill_in" for name, value in values.items() if not value}:
        return errors
    return {} if values["new_password"] == values["repeat"] else {"repeat": "not_the_same"}
