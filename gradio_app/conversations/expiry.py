"""The thread of a task that now and then deletes conversations whose time is over."""

import logging
import random

from gradio_app.chat import errors
from gradio_app.recurring import Recurring
from gradio_app.store.expiring import Expiring
from gradio_app.store.table import TableUnreachable

LOOK_SECONDS = 3600.0
"""Between two looks whether it is to be done again: it is done once a day, by whichever task looks first."""

log = logging.getLogger(__name__)


class Expiry(Recurring):
    """Runs until it is stopped; what is left then is deleted a day later."""

    def __init__(self, expiring: Expiring) -> None:
        super().__init__("expiry")
        self._expiring = expiring

    def pause(self) -> float:
        """Another each time, so that tasks do not look together."""
        return LOOK_SECONDS * random.uniform(0.01, 1)  # noqa: S311

    def look(self) -> None:
        """Delete what is over, if that was not done today."""
        try:
            deleted = self._expiring.sweep(self._stopping.is_set)
        except TableUnreachable as error:
            errors.record_storage(error)
        except Exception as error:  # noqa: BLE001 (whatever it is, tomorrow is another day)
            errors.record_event(error)
        else:
            if deleted:
                log.info("conversations=%d deleted, for their time was over", deleted)
