"""Reading a conversation: always a bounded part, so that a long one costs no more than a short one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradio_app.chat.attachments import Files
from gradio_app.chat.conversation import Conversation, Turn, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import conversation_of
from gradio_app.store.instructions import own_instructions
from gradio_app.store.messages import answer_of, files_of, turn_of, turns_of
from gradio_app.store.retention import Retention
from gradio_app.store.table import Item, Table

PAGE_TURNS, PAGE_BYTES = 20, 256_000
"""Most turns of a page, and most of what they take."""
ITEMS_AT_ONCE = 100
"""Messages that one reading of the model's context fetches at a time."""
THOUGHTS = 4
"""How many times the bytes for a model are read at most where there is reasoning, which no model reads."""
BRANCH_TURNS_AT_ONCE = 10
"""Turns of a branch that are fetched together: of the longest messages 5 MB."""
PATHS = 20
"""Turns that are read to find where a branch begins, each of which names 64; more are not read."""


class Reading:
    """A part of the store: windows on the turns."""

    _table: Table
    _retention: Retention

    def head(self, user_id: str, conversation_id: str) -> Conversation | None:
        """The conversation without turns, or None when this user has none of that id."""
        if not valid_id(conversation_id):
            return None
        item = self._table.get(schema.person(user_id), schema.conversation(conversation_id))
        return self._live(conversation_id, item)

    def _live(self, conversation_id: str, item: Item | None) -> Conversation | None:
        """The conversation of a head, unless it is being deleted or over."""
        if item is None or "deleted_at" in item or self._retention.is_over(item):
            return None
        return conversation_of(conversation_id, item)

    def page(
        self,
        user_id: str,
        conversation_id: str,
        before: int | None = None,
        turns: int = PAGE_TURNS,
        most_bytes: int = PAGE_BYTES,
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

    def settled(self, user_id: str, seen: Conversation) -> tuple[Conversation, dict[int, bool]] | None:
        """The latest page as it is by now, and the thumbs on its answers, up or not: all in one call.

        `seen` is what it was while its last answer was written. None when turns have changed since, which
        raises the version: then all of it is to be read anew.
        """
        pk, head = schema.person(user_id), schema.conversation(seen.id)
        answer = schema.message(seen.id, seen.last, "assistant")
        thumbs = {schema.thumb(seen.id, turn.number): turn.number for turn in seen.turns}
        found = self._table.get_many(pk, [head, answer, *thumbs])
        now = self._live(seen.id, found.get(head))
        if now is None or now.version != seen.version or answer not in found:
            return None
        last = replace(seen.turns[-1], answer=answer_of(found[answer]))
        given = {number: bool(found[key]["up"]) for key, number in thumbs.items() if key in found}
        turns = (*seen.turns[:-1], last)
        return replace(now, turns=turns, has_earlier=seen.has_earlier, last=seen.last), given

    def page_to(self, user_id: str, conversation_id: str, number: int) -> Conversation | None:
        """As `page`, with the turns up to one of any branch; None where this user has no such turn."""
        conversation = self.head(user_id, conversation_id)
        if conversation is None:
            return None
        key = schema.message(conversation_id, number, "user")
        found = self._table.get_many(schema.person(user_id), [key], ["sk", "stem"])
        if key not in found:
            return None
        end = (number, found[key].get("stem", number))
        window, has_earlier = self._window(user_id, conversation, end, 0, PAGE_TURNS, PAGE_BYTES)
        window = self._with_versions(user_id, conversation_id, window)
        return replace(conversation, turns=window, has_earlier=has_earlier, has_later=True)

    def texts(self, user_id: str, places: Sequence[tuple[str, int, str]]) -> dict[str, str]:
        """What messages say, one of each conversation, by conversation; of those that are there.

        `places` are conversation, turn and role.
        """
        keys = {schema.message(each, number, role): each for each, number, role in places}
        found = self._table.get_many(schema.person(user_id), list(keys), ["sk", "text"])
        return {keys[sk]: item["text"] for sk, item in found.items()}

    def turn(self, user_id: str, conversation_id: str, number: int) -> Turn | None:
        """One turn of any branch, or None when this user has no such turn."""
        if self.head(user_id, conversation_id) is None:
            return None
        keys = [schema.message(conversation_id, number, role) for role in schema.ROLES]
        found = self._table.get_many(schema.person(user_id), keys)
        return turn_of(found[keys[0]], found.get(keys[1]))[0] if keys[0] in found else None

    def context(
        self,
        user_id: str,
        conversation_id: str,
        most_bytes: int,
        whole_bytes: int = 0,
        *,
        whole: bool = False,
    ) -> Conversation | None:
        """The conversation with the turns after its summary, the newest that take at most `most_bytes`.

        Of one that `is_whole` at most `whole_bytes`, if that is more. The last turn is among them in any
        case. When `whole` is asked for, it is read as if its summary had been taken back.
        """
        conversation = self.head(user_id, conversation_id)
        if conversation is None:
            return None
        if whole:
            conversation = replace(conversation, is_whole=True, summary="", summarized_to=0)
        return self._context(user_id, conversation, most_bytes, whole_bytes)

    def to_ask(
        self, user_id: str, conversation_id: str, most_bytes: int, whole_bytes: int
    ) -> tuple[Conversation, str]:
        """What `context` reads, of a new conversation nothing, and the person's own instructions."""
        pk, key = schema.person(user_id), schema.conversation(conversation_id)
        known = [key] if valid_id(conversation_id) else []
        found = self._table.get_many(pk, [*known, schema.INSTRUCTIONS])
        conversation = self._live(conversation_id, found.get(key)) or Conversation(conversation_id)
        if conversation.version:
            conversation = self._context(user_id, conversation, most_bytes, whole_bytes)
        return conversation, own_instructions(found.get(schema.INSTRUCTIONS))

    def _context(
        self, user_id: str, conversation: Conversation, most_bytes: int, whole_bytes: int
    ) -> Conversation:
        most_bytes = max(most_bytes, whole_bytes) if conversation.is_whole else most_bytes
        end = self._end(user_id, conversation, None)
        window, has_earlier = self._window(
            user_id, conversation, end, conversation.summarized_to + 1, None, most_bytes, for_model=True
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
        size = said = 0
        for turn, turn_bytes in self._oldest_first(user_id, conversation.id, first, last, stem):
            if turns and (said > most_bytes or size > THOUGHTS * most_bytes):
                break
            turns.append(turn)
            size += turn_bytes
            said += turn_bytes - _thought_bytes(turn)
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
        *,
        for_model: bool = False,
    ) -> tuple[tuple[Turn, ...], bool]:
        """The newest turns from `first` to the end, in order, and whether there are more among them.

        `for_model`: of what a model reads, which reasoning is not.
        """
        at_once = min(2 * most_turns + 2, ITEMS_AT_ONCE) if most_turns else ITEMS_AT_ONCE
        window: list[Turn] = []
        size = said = 0
        for turn, turn_bytes in self._newest_first(user_id, conversation.id, first, *end, at_once):
            size += turn_bytes
            said += turn_bytes - _thought_bytes(turn) if for_model else turn_bytes
            is_full = said > most_bytes or size > THOUGHTS * most_bytes
            if window and (len(window) == most_turns or is_full):
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


def page_with(seen: Conversation, turn: Turn) -> Conversation | None:
    """The latest page once this turn stands behind what was read for a model.

    None where that is not all of the page: then it is to be read. Its version is that of the turn.
    """
    earlier = seen.turns[-(PAGE_TURNS - 1) :]
    is_all = len(earlier) == PAGE_TURNS - 1 or not seen.has_earlier
    # Versions of a question, and what documents back, are not read for a model, or not counted here.
    is_plain = not seen.shown and not any(each.first or _is_backed(each) for each in earlier)
    if not is_all or not is_plain or sum(map(_shown_bytes, earlier)) > PAGE_BYTES:
        return None
    has_earlier = seen.has_earlier or len(seen.turns) > len(earlier)
    turns = (*earlier, turn)
    return replace(
        seen, version=turn.number, turns=turns, has_earlier=has_earlier, has_gap=False, last=turn.number
    )


def _is_backed(turn: Turn) -> bool:
    return turn.answer is not None and turn.answer.backing is not None


def _shown_bytes(turn: Turn) -> int:
    answer = turn.answer.text if turn.answer else ""
    return len(f"{turn.question_text}{answer}".encode("utf-8", "replace")) + _thought_bytes(turn)


def _path(question: Item) -> list[int]:
    """The turns that a question of a branch names as the ones before it, the nearest first."""
    return [int(number) for number in reversed(question.get("path", "").split())]


def _thought_bytes(turn: Turn) -> int:
    return len(turn.answer.thought.encode("utf-8", "replace")) if turn.answer else 0
