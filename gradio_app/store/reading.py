"""Reading a conversation: always a bounded part, so that a long one costs no more than a short one."""

from collections.abc import Iterator
from dataclasses import replace

from gradio_app.chat.attachments import Files
from gradio_app.chat.conversation import Conversation, Turn, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import conversation_of
from gradio_app.store.messages import files_of, turn_of, turns_of
from gradio_app.store.table import Item, Table

ITEMS_AT_ONCE = 100
"""Messages that one reading of the model's context fetches at a time."""
BRANCH_TURNS_AT_ONCE = 10
"""Turns of a branch that are fetched together: of the longest messages 5 MB."""
PATHS = 20
"""Turns that are read to find where a branch begins, each of which names 64; more are not read."""


class Reading:
    """A part of the store: windows on the turns."""

    _table: Table

    def head(self, user_id: str, conversation_id: str) -> Conversation | None:
        """The conversation without turns, or None when this user has none of that id."""
        if not valid_id(conversation_id):
            return None
        item = self._table.get(schema.person(user_id), schema.conversation(conversation_id))
        return None if item is None or "deleted_at" in item else conversation_of(conversation_id, item)

    def page(
        self,
        user_id: str,
        conversation_id: str,
        before: int | None = None,
        turns: int = 20,
        most_bytes: int = 256_000,
    ) -> Conversation | None:
        """The conversation with its latest turns, or the latest before a turn's number.

        As many as asked for, fewer when they take more than `most_bytes`, but at least one.
        """
        conversation = self.head(user_id, conversation_id)
        if conversation is None:
            return None
        end = self._end(user_id, conversation, before)
        window, has_earlier = self._window(user_id, conversation, end, 0, turns, most_bytes)
        return replace(
            conversation,
            turns=self._with_versions(user_id, conversation_id, window),
            has_earlier=has_earlier,
            has_later=before is not None,
            last=window[-1].number if window and before is None else 0,
        )

    def turn(self, user_id: str, conversation_id: str, number: int) -> Turn | None:
        """One turn of any branch, or None when this user has no such turn."""
        if self.head(user_id, conversation_id) is None:
            return None
        keys = [schema.message(conversation_id, number, role) for role in schema.ROLES]
        found = self._table.get_many(schema.person(user_id), keys)
        return turn_of(found[keys[0]], found.get(keys[1]))[0] if keys[0] in found else None

    def context(self, user_id: str, conversation_id: str, most_bytes: int) -> Conversation | None:
        """The conversation with the turns after its summary, the newest that take at most `most_bytes`.

        The last one is among them in any case.
        """
        conversation = self.head(user_id, conversation_id)
        if conversation is None:
            return None
        end = self._end(user_id, conversation, None)
        window, has_earlier = self._window(
            user_id, conversation, end, conversation.summarized_to + 1, None, most_bytes
        )
        return replace(
            conversation,
            turns=window,
            has_earlier=has_earlier or bool(conversation.summarized_to),
            has_gap=has_earlier,
            last=window[-1].number if window else conversation.summarized_to,
        )

    def files_of_turn(self, user_id: str, conversation_id: str, number: int) -> Files:
        """What is attached to the question of a turn; nothing where this user has no such turn."""
        if self.head(user_id, conversation_id) is None:
            return ()
        item = self._table.get(schema.person(user_id), schema.message(conversation_id, number, "user"))
        return files_of(item) if item else ()

    def oldest(self, user_id: str, conversation: Conversation, most_bytes: int) -> list[Turn]:
        """The oldest turns after the summary that take about so many bytes, at least one if there is any."""
        last, stem = self._end(user_id, conversation, None)
        first = conversation.summarized_to + 1
        turns: list[Turn] = []
        size = 0
        for turn, turn_bytes in self._oldest_first(user_id, conversation.id, first, last, stem):
            if turns and size > most_bytes:
                break
            turns.append(turn)
            size += turn_bytes
        return turns

    def _end(self, user_id: str, conversation: Conversation, before: int | None) -> tuple[int, int]:
        """The last turn that counts, in a branch or not, and the last before it that lies in none.

        With `before` a turn is meant that the branch has which is shown.
        """
        if before is not None and schema.is_branched(before):
            key = schema.message(conversation.id, before, "user")
            names = ["sk", "parent", "stem"]
            if found := self._table.get_many(schema.person(user_id), [key], names):
                parent = found[key]["parent"]
                return parent, found[key]["stem"]
            before = None
        if before is None and conversation.shown:
            return conversation.shown, conversation.stem
        last = conversation.stem if conversation.shown else conversation.version
        last = last if before is None else min(before - 1, last)
        return last, last

    def _window(
        self,
        user_id: str,
        conversation: Conversation,
        end: tuple[int, int],
        first: int,
        most_turns: int | None,
        most_bytes: int,
    ) -> tuple[tuple[Turn, ...], bool]:
        """The newest turns from `first` to the end, in order, and whether there are more among them."""
        at_once = min(2 * most_turns + 2, ITEMS_AT_ONCE) if most_turns else ITEMS_AT_ONCE
        window: list[Turn] = []
        size = 0
        for turn, turn_bytes in self._newest_first(user_id, conversation.id, first, *end, at_once):
            size += turn_bytes
            if window and (len(window) == most_turns or size > most_bytes):
                return tuple(reversed(window)), True
            window.append(turn)
        return tuple(reversed(window)), False

    def _newest_first(
        self, user_id: str, conversation_id: str, first: int, last: int, stem: int, at_once: int
    ) -> Iterator[tuple[Turn, int]]:
        """The turns of a branch with their bytes, backwards."""
        pk = schema.person(user_id)
        ahead = [last] if schema.is_branched(last) else []
        while ahead := [number for number in ahead if number >= first]:
            piece, ahead = ahead[:BRANCH_TURNS_AT_ONCE], ahead[BRANCH_TURNS_AT_ONCE:]
            items = self._turns(pk, conversation_id, piece)
            for question, answer in items:
                yield turn_of(question, answer)
            if len(items) < len(piece):
                return  # it is being deleted
            ahead = ahead or _path(items[-1][0])
        if first <= stem:
            between = schema.messages(conversation_id, first, stem)
            yield from turns_of(self._table.query(pk, between, newest_first=True, at_once=at_once))

    def _oldest_first(
        self, user_id: str, conversation_id: str, first: int, last: int, stem: int
    ) -> Iterator[tuple[Turn, int]]:
        """The same from its beginning; nothing of a branch of more than PATHS times 64 turns."""
        pk, question = schema.person(user_id), None
        if first <= stem:
            between = schema.messages(conversation_id, first, stem)
            for item in self._table.query(pk, between, at_once=ITEMS_AT_ONCE):
                if item["role"] == "user":
                    if question:
                        yield turn_of(question, None)
                    question = item
                elif question:
                    yield turn_of(question, item)
                    question = None
            if question:
                yield turn_of(question, None)
        numbers = self._branch(pk, conversation_id, first, last) if schema.is_branched(last) else []
        for start in range(0, len(numbers), BRANCH_TURNS_AT_ONCE):
            for asked, answer in self._turns(
                pk, conversation_id, numbers[start : start + BRANCH_TURNS_AT_ONCE]
            ):
                yield turn_of(asked, answer)

    def _is_shown(self, user_id: str, seen: Conversation, number: int) -> bool:
        """Whether a turn is of the branch that is shown; one of too long ago to look for is taken for one."""
        if any(turn.number == number for turn in seen.turns):
            return True
        if not schema.is_branched(number):
            return 0 < number <= (seen.stem if seen.shown else seen.version)
        if not seen.shown:
            return False
        numbers = self._branch(schema.person(user_id), seen.id, number, seen.shown)
        return not numbers or numbers[0] == number

    def _branch(self, pk: str, conversation_id: str, first: int, last: int) -> list[int]:
        """The turns of a branch from `first` to `last`; none when there are too many to find the first."""
        found = [last]
        for _ in range(PATHS):
            key = schema.message(conversation_id, found[-1], "user")
            above = _path(self._table.get_many(pk, [key], ["sk", "path"]).get(key, {}))
            found += [number for number in above if number >= first]
            if not above or above[-1] < first:
                return found[::-1]
        return []

    def _turns(self, pk: str, conversation_id: str, numbers: list[int]) -> list[tuple[Item, Item | None]]:
        """Questions and answers of these turns, as far as the questions are there."""
        keys = [
            (
                schema.message(conversation_id, number, "user"),
                schema.message(conversation_id, number, "assistant"),
            )
            for number in numbers
        ]
        found = self._table.get_many(pk, [key for both in keys for key in both])
        return [(found[question], found.get(answer)) for question, answer in keys if question in found]

    def _with_versions(self, user_id: str, conversation_id: str, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        """The turns with the numbers of all versions of their questions."""
        keys = [schema.versions(conversation_id, turn.first) for turn in turns if turn.first]
        if not keys:
            return turns
        listed = self._table.get_many(schema.person(user_id), keys, ["sk", "numbers"])
        numbers = {sk: tuple(map(int, item["numbers"].split())) for sk, item in listed.items()}
        return tuple(
            replace(turn, versions=numbers.get(schema.versions(conversation_id, turn.first), ()))
            for turn in turns
        )

    def _last(self, user_id: str, seen: Conversation) -> int:
        """The number of the last turn that is shown; 0 if there is none."""
        if seen.shown or not seen.version:
            return seen.shown
        return seen.last or self._before(user_id, seen, seen.version + 1)

    def _before(self, user_id: str, seen: Conversation, number: int) -> int:
        """The number of the turn before that one, which lies in no branch; 0 if there is none."""
        if number < 1:
            return 0
        between = schema.messages(seen.id, 0, min(number - 1, seen.version))
        pk = schema.person(user_id)
        found = self._table.query(pk, between, newest_first=True, at_once=1, names=["sk"])
        return next((schema.turn_number(item["sk"]) for item in found), 0)


def _path(question: Item) -> list[int]:
    """The turns that a question of a branch names as the ones before it, the nearest first."""
    return [int(number) for number in reversed(question.get("path", "").split())]
