"""What was said in a person's conversations, word by word, so that it is found as one types.

For each word of a stretch of turns an item says in which messages it stands; such items of a word are sorted
by their conversation, the one begun last first. So a search reads for each of its words at most so many
items, however much is stored. Nothing is written here while people talk: whoever searches has what is new
since read first (`catch_up`), so who never searches pays nothing, and what was stored before there was a
search is found like all else. What is to be taken back one day is written down before it is written, whenever
the task dies.

What is found here is a place to look at: what is shown is read there, so what is gone is never shown.
"""

import time
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gradio_app.conversations import words
from gradio_app.store import schema
from gradio_app.store.heads import LIVE
from gradio_app.store.messages import WRITING
from gradio_app.store.table import Attr, Check, Condition, ConflictError, Delete, Item, Put, Table, Update

READ = 100
"""Items that are read of a word."""
PLACES = 8
"""Messages of a stretch that are remembered for a word."""
TURNS, STRETCH_BYTES = 16, 200_000
"""Turns of a stretch, and the text after which it ends."""
WORDS_BYTES = 300_000
"""Of one stretch, so that they fit into the item of 400 KB that remembers them.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
LISTED, MARKERS = 30, 100
"""Conversations, and changes of what was read, that are looked at together."""
LAG_SECONDS = 60
"""By how much the index of changes and the tasks' clocks may be behind."""
TITLE = 0
"""The number of the stretch with a conversation's title."""

_NAMES = ("sk", "role", "text", "status", "lease_until")
_LINES = ((schema.MESSAGE, "to"), (schema.BRANCH, "branch_to"))
"""The two lines of a conversation's turns, and how far each is read."""


@dataclass(frozen=True)
class Found:
    """A conversation that has all of the words.

    Attributes:
        places: messages in which some of them stand, by turn and role, the ones with most of them first.
    """

    conversation_id: str
    places: tuple[tuple[int, str], ...]


class Said:
    """The store. Every method blocks, and raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, user_id: str, asked: Sequence[str], most: int) -> list[Found]:
        """Conversations in which words with all of these beginnings stand, the one begun last first.

        `asked` as `words.asked` makes it. Where a beginning has more items than are read, what was begun
        long ago may be missing.
        """
        pk = schema.said(user_id)
        lists = [self._postings(pk, word) for word in asked]
        if not lists:
            return []
        shortest = min(lists, key=len)
        by_conversation: defaultdict[str, dict[tuple[int, str], set[int]]] = defaultdict(dict)
        having: defaultdict[str, set[int]] = defaultdict(set)
        for number, postings in enumerate(lists):
            for (conversation_id, _), places in postings.items():
                having[conversation_id].add(number)
                for place in places:
                    by_conversation[conversation_id].setdefault(place, set()).add(number)
        self._look_up(pk, asked, lists, shortest, having)
        wanted = set(range(len(asked)))
        found = [each for each in dict.fromkeys(key[0] for key in shortest) if having[each] == wanted]
        found.sort(reverse=True)
        return [Found(each, _best(by_conversation[each])) for each in found[:most]]

    def catch_up(self, user_id: str) -> Generator[None]:
        """Read what was said since it was read last, a bounded piece with each step, the newest first."""
        pk = schema.said(user_id)
        state = self._table.get(pk, schema.SAID)
        if state is None:
            state = {"pk": pk, "sk": schema.SAID, "until": 0}
            self._table.put(state)
        yield from self._changed(user_id)
        until = state["until"]
        newest, oldest_open = 0, 0
        listed = self._table.query(
            schema.person(user_id), index=schema.BY_CHANGE, newest_first=True, at_once=LISTED
        )
        while entries := list(islice(listed, LISTED)):
            newest = newest or entries[0]["updated_at"]
            fresh = [entry for entry in entries if entry["updated_at"] >= until]
            known = self._table.get_many(pk, [_read_key(entry) for entry in fresh], ["sk", "at"])
            for entry in fresh:
                # Of two changes within one second the second one does not show.
                is_settled = entry["updated_at"] < time.time() - LAG_SECONDS
                if is_settled and known.get(_read_key(entry), {}).get("at") == entry["updated_at"]:
                    continue
                try:
                    is_read = yield from self._read(user_id, entry)
                except ConflictError:
                    is_read = False  # it was deleted, or another task reads it, too
                oldest_open = oldest_open if is_read else entry["updated_at"]
            yield
            if len(fresh) < len(entries):
                break
        reached = min(newest - LAG_SECONDS, (oldest_open or newest) - 1)
        if reached > until:
            self._table.put({"pk": pk, "sk": schema.SAID, "until": reached})

    def searches(self, user_id: str) -> bool:
        """Whether this person has ever searched."""
        return self._table.get(schema.said(user_id), schema.SAID) is not None

    def forget(self, user_id: str, conversation_id: str, most: int | None = None) -> bool:
        """Take the words of a conversation back, of so many stretches; whether nothing is left of them."""
        pk = schema.said(user_id)
        stretches = self._table.query(pk, prefix=schema.stretch(conversation_id), names=["sk", "words"])
        for item in islice(stretches, most):
            self._drop(pk, item)
        if most is not None and self._table.sort_keys(pk, schema.stretch(conversation_id)):
            return False
        markers = self._table.sort_keys(pk, schema.changed(conversation_id))
        self._table.delete_all(pk, [*markers, schema.read_to(conversation_id)])
        return True

    def _postings(self, pk: str, word: str) -> dict[tuple[str, int], list[tuple[int, str]]]:
        """Where words with a beginning stand, by conversation and stretch; one character is a word."""
        prefix = schema.WORD + word + ("#" if len(word) == 1 and word.isascii() else "")
        found: dict[tuple[str, int], list[tuple[int, str]]] = {}
        items = self._table.query(pk, prefix=prefix, at_once=READ, names=["sk", "places"], consistent=False)
        for item in islice(items, READ):
            found.setdefault(schema.stretch_of_word(item["sk"]), []).extend(_places(item["places"]))
        return found

    def _look_up(
        self,
        pk: str,
        asked: Sequence[str],
        lists: Sequence[dict[tuple[str, int], list[tuple[int, str]]]],
        shortest: dict[tuple[str, int], list[tuple[int, str]]],
        having: dict[str, set[int]],
    ) -> None:
        """Of the stretches with the rarest word, see what else is in them that other lists ended before."""
        ended = [n for n, postings in enumerate(lists) if sum(map(len, postings.values())) >= READ]
        open_ = [key for key in shortest if any(n not in having[key[0]] for n in ended)]
        if not open_:
            return
        keys = [schema.stretch(conversation_id, first) for conversation_id, first in open_[:READ]]
        items = self._table.get_many(pk, keys, ["sk", "words"])
        for key, (conversation_id, _) in zip(keys, open_, strict=False):
            for number in ended:
                if key in items and f" {asked[number]}" in f" {items[key]['words']}":
                    having[conversation_id].add(number)

    def _changed(self, user_id: str) -> Iterator[None]:
        """Read what was changed after it was read: titles, turns that are gone or went on."""
        pk = schema.said(user_id)
        markers = self._table.query(pk, prefix=schema.CHANGED)
        for marker in islice(markers, MARKERS):
            conversation_id, turn = schema.changed_turn(marker["sk"])
            try:
                head = self._head(user_id, conversation_id)
                if head is None:
                    self.forget(user_id, conversation_id)
                elif turn == TITLE:
                    self._title(user_id, conversation_id, head["title"])
                elif not self._again(user_id, conversation_id, turn):
                    continue
                self._table.write(Delete(pk, marker["sk"], Attr("stamp").eq(marker["stamp"])))
            except ConflictError:
                continue  # it changed once more meanwhile, or another task is at it
            yield

    def _read(self, user_id: str, entry: Item) -> Generator[None, None, bool]:
        """Read what is new of a conversation; returns whether that is all of it."""
        conversation_id = entry["sk"].removeprefix(schema.CONVERSATION)
        pk = schema.said(user_id)
        head = self._head(user_id, conversation_id)
        if head is None:
            return True
        read = self._table.get(pk, schema.read_to(conversation_id)) or {}
        if read.get("title") != head["title"]:
            self._title(user_id, conversation_id, head["title"])
        state = {name: read.get(name, 0) for _, name in _LINES}
        key, was = {"pk": pk, "sk": schema.read_to(conversation_id), "title": head["title"]}, read
        is_whole = True
        for line, name in _LINES:
            while True:
                items, is_open = self._stretch(user_id, conversation_id, line, state[name])
                if items:
                    self._write(user_id, conversation_id, items)
                    state[name] = schema.turn_number(items[-1]["sk"])
                    was = self._remember(user_id, conversation_id, was, key | state)
                    yield
                if is_open or not items:
                    is_whole = is_whole and not is_open
                    break
        if is_whole:
            self._remember(user_id, conversation_id, was, key | state | {"at": entry["updated_at"]})
        return is_whole

    def _stretch(self, user_id: str, conversation_id: str, line: str, after: int) -> tuple[list[Item], bool]:
        """Messages of the next turns behind one; whether an answer that is being written comes then."""
        first = schema.message(conversation_id, max(after + 1, _first(line)), schema.ROLES[0])
        last = schema.message(conversation_id, _last(line), schema.ROLES[-1])
        pk = schema.person(user_id)
        found: list[Item] = []
        size = turns = 0
        for item in self._table.query(pk, (first, last), at_once=2 * TURNS + 2, names=_NAMES):
            is_new = not found or schema.turn_number(item["sk"]) != schema.turn_number(found[-1]["sk"])
            if is_new and (turns == TURNS or size > STRETCH_BYTES):
                break
            if _is_open(item):
                number = schema.turn_number(item["sk"])
                return [each for each in found if schema.turn_number(each["sk"]) != number], True
            turns += is_new
            size += len(item["text"].encode("utf-8", "replace"))
            found.append(item)
        return found, False

    def _again(self, user_id: str, conversation_id: str, turn: int) -> bool:
        """Read the stretch once more in which a turn is or was; False while its answer is being written."""
        pk = schema.said(user_id)
        line = schema.BRANCH if schema.is_branched(turn) else schema.MESSAGE
        between = (
            schema.stretch(conversation_id, max(_first(line), 1)),
            schema.stretch(conversation_id, turn),
        )
        newest = self._table.query(pk, between, newest_first=True, at_once=1)
        stretch = next(islice(newest, 1), None)
        if stretch is None or stretch["last"] < turn:
            return True  # it was not read yet
        ends = (schema.stretch_number(stretch["sk"]), stretch["last"])
        keys = (
            schema.message(conversation_id, ends[0], schema.ROLES[0]),
            schema.message(conversation_id, ends[1], schema.ROLES[-1]),
        )
        items = list(self._table.query(schema.person(user_id), keys, names=_NAMES))
        if any(map(_is_open, items)):
            return False
        if items:
            self._write(user_id, conversation_id, items, ends)
        else:
            self._drop(pk, stretch)
        return True

    def _title(self, user_id: str, conversation_id: str, title: str) -> None:
        places = dict.fromkeys(words.words(title), f"{TITLE}:0")
        self._put(user_id, conversation_id, (TITLE, TITLE), places)

    def _write(
        self, user_id: str, conversation_id: str, items: Sequence[Item], ends: tuple[int, int] = (0, 0)
    ) -> None:
        """These are the messages of a stretch; `ends` are its first and last turn, where they were others."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        for item in items:
            place = f"{schema.turn_number(item['sk'])}:{schema.ROLES.index(item['role'])}"
            for word in words.words(item["text"]):
                places[word].append(place)
        first, last = (schema.turn_number(item["sk"]) for item in (items[0], items[-1]))
        told = {word: " ".join(found[-PLACES:]) for word, found in places.items()}
        self._put(user_id, conversation_id, ends if any(ends) else (first, last), told)

    def _put(self, user_id: str, conversation_id: str, ends: tuple[int, int], places: dict[str, str]) -> None:
        """Find these words in a stretch from now on and no others.

        Raises ConflictError when the conversation is gone, or another task is at the same stretch.
        """
        pk, sk = schema.said(user_id), schema.stretch(conversation_id, ends[0])
        now = _fitting(places)
        old = self._table.get(pk, sk)
        before = set(old["words"].split()) if old else set()
        stretch = {"pk": pk, "sk": sk, "last": ends[1], "words": " ".join(sorted({*now, *before})) or " "}
        if stretch != old:
            same: Condition = Attr("words").eq(old["words"]) if old else Attr("pk").not_exists()
            self._table.transact([_live(user_id, conversation_id), Put(stretch, same)])
        self._table.put_all(
            {"pk": pk, "sk": schema.said_word(word, conversation_id, ends[0]), "places": places[word]}
            for word in now
        )
        if stale := before.difference(now):
            self._table.delete_all(
                pk, [schema.said_word(word, conversation_id, ends[0]) for word in sorted(stale)]
            )
            same = Attr("words").eq(stretch["words"])
            self._table.write(Put({**stretch, "words": " ".join(now) or " "}, same))
        if self._head(user_id, conversation_id) is None:  # deleted while this was written
            self.forget(user_id, conversation_id)

    def _drop(self, pk: str, stretch: Item) -> None:
        first, conversation_id = schema.stretch_number(stretch["sk"]), stretch["sk"].split("#")[1]
        keys = (schema.said_word(word, conversation_id, first) for word in stretch["words"].split())
        self._table.delete_all(pk, keys)
        self._table.write(Delete(pk, stretch["sk"]))

    def _remember(self, user_id: str, conversation_id: str, was: Item, state: Item) -> Item:
        """Write down how far a conversation is read; ConflictError where another task went on from there."""
        same: Condition = Attr("pk").not_exists()
        if was:
            same = Attr("to").eq(was["to"]) & Attr("branch_to").eq(was["branch_to"])
        self._table.transact([_live(user_id, conversation_id), Put(state, same)])
        return state

    def _head(self, user_id: str, conversation_id: str) -> Item | None:
        head = self._table.get(schema.person(user_id), schema.conversation(conversation_id))
        return None if head is None or "deleted_at" in head else head


def changed(user_id: str, conversation_id: str, turn: int = TITLE) -> Update:
    """For the transaction that changes what may have been read already: a title, or a turn."""
    stamp = {"stamp": time.time_ns()}
    return Update(schema.said(user_id), schema.changed(conversation_id, turn), set=stamp)


def _live(user_id: str, conversation_id: str) -> Check:
    """That nobody is deleting the conversation."""
    return Check(schema.person(user_id), schema.conversation(conversation_id), Attr("pk").exists() & LIVE)


def _best(places: dict[tuple[int, str], set[int]]) -> tuple[tuple[int, str], ...]:
    return tuple(sorted(places, key=lambda place: (-len(places[place]), -place[0])))


def _places(told: str) -> list[tuple[int, str]]:
    pairs = (each.split(":") for each in told.split())
    return [(int(turn), schema.ROLES[int(role)]) for turn, role in pairs]


def _fitting(places: dict[str, str]) -> list[str]:
    """The words, or as many as there is room for."""
    size, found = 0, []
    for word in sorted(places):
        size += len(word.encode()) + 1
        if size > WORDS_BYTES:
            break
        found.append(word)
    return found


def _is_open(item: Item) -> bool:
    return item.get("status") == WRITING and item.get("lease_until", 0) > time.time()


def _read_key(entry: Item) -> str:
    return schema.read_to(entry["sk"].removeprefix(schema.CONVERSATION))


def _first(line: str) -> int:
    return schema.BRANCHED + 1 if line == schema.BRANCH else 1


def _last(line: str) -> int:
    return 10**schema.NUMBER_DIGITS - 1 if line == schema.BRANCH else schema.BRANCHED
