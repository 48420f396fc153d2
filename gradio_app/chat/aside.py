"""Calls to a model that no reader waits to see: their text is read to its end, and none is made twice."""

import contextlib
import threading
from collections.abc import Sequence

from gradio_app.chat import budget, errors
from gradio_app.chat.conversation import COMPLETE, FAILED
from gradio_app.chat.inputs import Said
from gradio_app.chat.model import ModelStream
from gradio_app.chat.writing import EARLY_ENDS, Written


def read(
    stream: ModelStream,
    system: str,
    parts: Sequence[tuple[str, Said]],
    model_id: str,
    left: threading.Event | None = None,
) -> Written:
    """What the model wrote; one that ended early has a `reason`. An error after it was `left` is not told."""
    text, counts, pieces = "", None, 0
    status, reason = COMPLETE, ""
    is_seen = True
    try:
        with contextlib.closing(stream.pieces()) as arriving:
            for piece in arriving:
                text += piece.text
                pieces += piece.pieces
                counts = piece.counts or counts
                reason = EARLY_ENDS.get(piece.stop_reason, "") or reason
    except Exception as error:  # noqa: BLE001 (whatever it is, the conversation goes on without it)
        if not (left and left.is_set()):
            errors.record(error, model_id)
        status, reason = FAILED, errors.reason_of(error)
        is_seen = stream.is_sent and not errors.is_unseen(error)
    most_read = budget.most_read(system, parts)
    return Written(text, status, reason, counts, is_seen, system, parts, pieces, most_read)
