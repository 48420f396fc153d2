"""Where a reader is in something long that is shown page by page, as the browser holds it between two events.

The store can only say what comes behind a place. So the way there is remembered, and going back is to forget
its last step.
"""

import json
from dataclasses import dataclass

STEPS = 10_000
"""More than anybody goes back."""
DIGITS = 15
"""Of the number of a turn or a time."""
CHARACTERS = 64
"""Of one place."""


class NoPlaceError(ValueError):
    """The text is not one that we wrote."""


@dataclass(frozen=True)
class Place:
    """Places are texts; an empty `next` says that nothing comes behind this page."""

    steps: tuple[str, ...] = ()
    next: str = ""

    @classmethod
    def of(cls, text: str) -> "Place":
        """What `text` made; raises NoPlaceError."""
        try:
            *steps, following = json.loads(text or '[""]')
        except (ValueError, TypeError, RecursionError):
            raise NoPlaceError from None
        if len(steps) > STEPS or not all(
            isinstance(each, str) and len(each) < 64 for each in (*steps, following)
        ):
            raise NoPlaceError
        return cls(tuple(steps), following)

    @property
    def text(self) -> str:
        """For the browser."""
        return json.dumps([*self.steps, self.next])

    @property
    def here(self) -> str:
        """Behind which place this page begins; empty for the first."""
        return self.steps[-1] if self.steps else ""

    def forward(self) -> "Place":
        """The page behind this one, or this one if there is none."""
        return Place((*self.steps, self.next)) if self.next else self

    def back(self) -> "Place":
        """The page before this one, or the first."""
        return Place(self.steps[:-1])


def whole_number(text: str) -> int | None:
    """The number that a place is, if it is one."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= DIGITS else None
