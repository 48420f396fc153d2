"""The answers that are written in this process: who may have one more, what is stopped and waited for."""

import contextvars
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Any

from gradio_app.chat.asking import TurnRequest
from gradio_app.chat.places import PLACES, Places
from gradio_app.chat.streaming import RunningAnswer

SAVE_SECONDS = 5.0
"""Enough for two writes to the table, tries again included."""
START_SECONDS = 60.0
"""How long an answer may stand on the list before its work begins: a page that is left begins nothing."""
LEFT_AT_ONCE = 8
"""Calls of one user that were stopped and have not come back yet, before there are no new ones."""
REMEMBERED = 4096
"""Ended sessions, and users with stops, that are remembered for requests on their way."""
ASK_ID_CHARACTERS = 64
"""Longest name of a request that is remembered."""
STOPS_OF_ONE = 16
"""Stops that are remembered of one user."""


class BusyError(Exception):
    """An answer is still being written in this conversation."""


class TooManyAnswersError(Exception):
    """The user has as many answers running as one user may."""


class CrowdedError(Exception):
    """As many people wait in line for an answer of this task as may wait."""


class ClosedError(Exception):
    """This task ends: what began here would be cut off."""


class StoppedError(Exception):
    """The answer was stopped before it began."""


class Running:
    """The answers that this process writes just now. A browser stays with one process (sticky sessions)."""

    def __init__(self, places: int = PLACES) -> None:
        """`places` is how many answers are written at once; as many more wait in line."""
        self._changed = threading.Condition()
        self._places = Places(places)
        self._answers: list[RunningAnswer] = []
        self._threads = 0
        self._calls: Counter[str] = Counter()
        self._stops: OrderedDict[str, deque[str]] = OrderedDict()
        self._ended_sessions: OrderedDict[str, None] = OrderedDict()
        self._is_closing = self._is_closed = False

    @property
    def draining(self) -> bool:
        """Whether the end of all answers is waited for: no time for anything that can be left out."""
        return self._is_closing

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, calls that were left behind among it."""
        with self._changed:
            return self._idle()

    @property
    def answers(self) -> list[RunningAnswer]:
        """All that run just now."""
        with self._changed:
            return list(self._answers)

    @property
    def has_place(self) -> bool:
        """Whether an answer that starts now need not wait in line."""
        with self._changed:
            return self._places.is_free

    @property
    def share_taken(self) -> float:
        """Answers that are written or wait in line, as a share of the places."""
        with self._changed:
            return len(self._answers) / self._places.most

    def admit(self, asked: TurnRequest, limit: int) -> RunningAnswer:
        """List a new answer; never blocks.

        Raises BusyError for a second one in a conversation, TooManyAnswersError beyond `limit` per user,
        CrowdedError when the line is full, ClosedError from the end of `close` on, and StoppedError when
        this request was stopped, or its session ended, before it came.
        """
        with self._changed:
            if self._is_closed:
                raise ClosedError
            if asked.session_key in self._ended_sessions:
                raise StoppedError
            if asked.ask_id in self._stops.get(asked.user_id, ()):
                raise StoppedError
            if self._find(asked.user_id, asked.conversation_id):
                raise BusyError
            listed = sum(answer.user_id == asked.user_id for answer in self._answers)
            if listed >= limit or self._calls[asked.user_id] >= limit + LEFT_AT_ONCE:
                raise TooManyAnswersError
            if not self._places.has_room(len(self._answers), listed):
                raise CrowdedError
            answer = RunningAnswer(asked)
            self._answers.append(answer)
            return answer

    def start(self, answer: RunningAnswer, work: Callable[[], None]) -> None:
        """Run the work of an admitted answer in a thread as soon as there is a place for it.

        `close` waits for all of it. One that is stopped in line is run at once: it only has to be saved.
        """

        def run() -> None:
            try:
                work()
            finally:
                self.release(answer)

        with self._changed:
            now = self._places.ask(answer, run)
            if now:
                self._spawn(now)
            else:
                answer.on_stop(lambda: self._give_up(answer))

    def call(self, answer: RunningAnswer, work: Callable[[], None]) -> None:
        """Run a call for an answer in a thread that may be left behind when the answer is stopped."""
        user_id = answer.user_id
        with self._changed:
            self._calls[user_id] += 1

        def run() -> None:
            try:
                work()
            finally:
                with self._changed:
                    self._calls[user_id] -= 1
                    if not self._calls[user_id]:
                        del self._calls[user_id]

        self._spawn(run)

    def release(self, answer: RunningAnswer) -> None:
        """Finish an answer and take it off the list."""
        with self._changed:
            if answer in self._answers:
                self._answers.remove(answer)
            for work in self._places.give_back(answer):
                self._spawn(work)
            self._changed.notify_all()
        answer.finish()

    def find(self, user_id: str, conversation_id: str) -> RunningAnswer | None:
        """The answer that is being written in this conversation, if any."""
        with self._changed:
            return self._find(user_id, conversation_id)

    def stop(self, user_id: str, conversation_id: str, ask_id: str = "") -> bool:
        """Stop the answer in a conversation, or only the one that was asked for under `ask_id`.

        A request that is still on its way is stopped when it comes. False when nothing was stopped.
        """
        with self._changed:
            answer = self._find(user_id, conversation_id)
            if answer is None or (ask_id and answer.asked.ask_id != ask_id):
                answer = None
                if 0 < len(ask_id) <= ASK_ID_CHARACTERS:
                    self._stops.setdefault(user_id, deque(maxlen=STOPS_OF_ONE)).append(ask_id)
                    _forget_oldest(self._stops)
        if answer:
            answer.stop()
        return answer is not None

    def is_busy(self, session_key: str) -> bool:
        """Whether anything runs that a session asked for."""
        return any(answer.asked.session_key == session_key for answer in self.answers)

    def stop_session(self, session_key: str) -> None:
        """Stop what a session asked for and what it will ask for: it is over."""
        if not session_key:
            return
        with self._changed:
            self._ended_sessions[session_key] = None
            _forget_oldest(self._ended_sessions)
            answers = [answer for answer in self._answers if answer.asked.session_key == session_key]
        for answer in answers:
            answer.stop()

    def sweep(self) -> None:
        """Take answers off the list whose work never began: their page was left between the two steps."""
        for answer in self.answers:
            if not answer.is_begun and time.monotonic() - answer.began > START_SECONDS:
                answer.stop()
                self.release(answer)

    def close(self, timeout: float) -> bool:
        """Block until nothing runs, at most `timeout` seconds; whether that came true. Then admit nothing.

        What is asked meanwhile is answered: a load balancer sends requests for a moment longer. Answers that
        run even then are stopped, and get SAVE_SECONDS to save what there is of them.
        """
        with self._changed:
            self._is_closing = True
            is_idle = self._changed.wait_for(self._idle, timeout)
            # Under the same lock as the look: no answer begins between that and the end of the process.
            self._is_closed = True
            for answer in list(self._answers):
                answer.stop()
            self._changed.wait_for(self._idle, SAVE_SECONDS)
            return is_idle

    def _give_up(self, answer: RunningAnswer) -> None:
        with self._changed:
            work = self._places.give_up(answer)
            if work:
                self._spawn(work)

    def _idle(self) -> bool:
        return not self._answers and not self._threads

    def _find(self, user_id: str, conversation_id: str) -> RunningAnswer | None:
        wanted = (user_id, conversation_id)
        return next((a for a in self._answers if (a.user_id, a.conversation_id) == wanted), None)

    def _spawn(self, work: Callable[[], None]) -> None:
        with self._changed:
            self._threads += 1

        def run() -> None:
            try:
                work()
            finally:
                with self._changed:
                    self._threads -= 1
                    self._changed.notify_all()

        # In the context of the request, whose id the thread's lines in the log carry.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(run,), daemon=True, name="answer").start()


def _forget_oldest(remembered: OrderedDict[str, Any]) -> None:
    if len(remembered) > REMEMBERED:
        remembered.popitem(last=False)
