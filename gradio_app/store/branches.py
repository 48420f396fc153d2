"""Versions of messages: a question that is changed or asked again keeps the one before, and what followed it.

The turns of all first versions lie one behind the other under `MESSAGE#`: to who knows of no versions that is
the conversation. Each other version begins a branch. A turn in a branch names the ones before it there, PATH
of them, and the last turn before the branch, its stem; so a window of any branch is read with the same few
calls, and neither a new version nor another choice moves a turn. `VERSIONS#` lists the versions of a message,
and for each that is not shown the turn at which its branch stood when it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gradio_app.chat.attachments import File, Files
from gradio_app.chat.conversation import Conversation, Parts
from gradio_app.store import schema
from gradio_app.store.heads import advance, branch_summary
from gradio_app.store.messages import files_of, parts_of
from gradio_app.store.reading import Reading
from gradio_app.store.table import Action, Attr, ConflictError, Delete, Item, Put, Update

MOST_VERSIONS = 20
"""Of one message, so that listing them takes one small item."""
PATH = 64
"""Turns of its branch that a turn names: more than a model reads, or a page shows."""


class TooManyVersionsError(Exception):
    """The message has MOST_VERSIONS."""


@dataclass(frozen=True)
class Versions:
    """The versions of a message, as numbers of turns in the order in which they were asked."""

    first: int
    leaves: Mapping[int, int]
    """For each version the last turn of its branch, as it stood when that was left."""

    @classmethod
    def of(cls, item: Item) -> "Versions":
        """The versions that an item lists."""
        numbers, leaves = (map(int, item[name].split()) for name in ("numbers", "leaves"))
        return cls(int(item["sk"].rpartition("#")[2]), dict(zip(numbers, leaves, strict=True)))

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of them."""
        return tuple(self.leaves)

    def put(self, user_id: str, conversation_id: str) -> Put:
        """What stores them."""
        return Put(
            {
                "pk": schema.person(user_id),
                "sk": schema.versions(conversation_id, self.first),
                "numbers": " ".join(map(str, self.leaves)),
                "leaves": " ".join(map(str, self.leaves.values())),
            }
        )

    def left(self, number: int, leaf: int) -> "Versions":
        """The same when the branch of one is left, of which that is the last turn."""
        return replace(self, leaves={**self.leaves, number: leaf})

    def without(self, number: int) -> "Versions":
        """All but one."""
        return replace(self, leaves={n: leaf for n, leaf in self.leaves.items() if n != number})

    def beside(self, number: int) -> int:
        """The one before, or else the one after it."""
        at = self.numbers.index(number)
        return self.numbers[at - 1] if at else self.numbers[1]


@dataclass(frozen=True)
class Place:
    """Where a new turn goes, and what changes with it.

    Attributes:
        attributes: of its question.
        head: changes of the conversation's head.
        actions: on other items.
        dropped: the question, and its answer if any, in whose place it comes.
        kept: those of its files that are counted already.
    """

    number: int
    parent: int
    attributes: Mapping[str, Any] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    dropped: Sequence[Item] = ()
    kept: Files = ()


@dataclass(frozen=True)
class Removal:
    """What goes and changes besides when the last turn goes: its `files`, and what is shown after it."""

    files: Files
    leaf: int
    """The last turn of the branch that is shown from then on."""
    actions: tuple[Action, ...] = ()
    stays: int = 0
    """Bytes that it counted and another version counts from now on."""


class Branches(Reading):
    """A part of the store: where a turn goes, and which branch is shown."""

    def choose(self, user_id: str, seen: Conversation, shown: int, wanted: int) -> None:
        """Show another version of a message than the one that is shown, with what followed it.

        Raises ConflictError when the conversation is not at `seen.version`, or these are no two versions.
        """
        if wanted <= 0 or not self._is_shown(user_id, seen, shown):
            raise ConflictError
        question = self._questions(user_id, seen.id, [wanted], ["sk", "first"]).get(wanted, {})
        versions = self._versions(user_id, seen.id, question)
        if shown == wanted or versions is None or not {shown, wanted} <= versions.leaves.keys():
            raise ConflictError
        leaf = self._last(user_id, seen)
        changes = {
            "version": seen.version + 1,
            **self._showing(user_id, seen.id, versions.leaves[wanted]),
            **branch_summary(seen, shown),
        }
        self._table.transact(
            [advance(user_id, seen, changes, 0), versions.left(shown, leaf).put(user_id, seen.id)]
        )

    def _behind(self, user_id: str, seen: Conversation, version: int) -> Place:
        """The place of a question after the last turn."""
        last = self._last(user_id, seen)
        if not schema.is_branched(last):
            return Place(version, last)
        above = self._questions(user_id, seen.id, [last], ["sk", "path", "stem"]).get(last)
        if above is None:
            raise ConflictError
        number = version + schema.BRANCHED
        path = [*above["path"].split(), str(last)][-PATH:]
        return Place(number, last, {"path": " ".join(path), "stem": above["stem"]}, {"shown": number})

    def _instead(
        self, user_id: str, seen: Conversation, version: int, replaces: int, question: Parts, files: Files
    ) -> Place:
        """The place of another version of a question, which stays; of a first try without an answer it goes.

        Raises ConflictError when there is no such turn, and TooManyVersionsError.
        """
        keys = [schema.message(seen.id, max(replaces, 0), role) for role in schema.ROLES]
        found = self._table.get_many(schema.person(user_id), keys)
        if keys[0] not in found or not self._is_shown(user_id, seen, replaces):
            raise ConflictError
        before, answer = found[keys[0]], found.get(keys[1], {})
        leaf = self._last(user_id, seen)
        is_last = replaces == leaf
        if is_last and not answer.get("text") and parts_of(before) == question and not before.get("first"):
            return self._anew(user_id, seen, version, [found[key] for key in keys if key in found])
        first = before.get("first", replaces)
        versions = self._versions(user_id, seen.id, before) or Versions(first, {replaces: replaces})
        if len(versions.numbers) >= MOST_VERSIONS:
            raise TooManyVersionsError
        number, parent = version + schema.BRANCHED, self._parent(user_id, seen, before)
        stem = before["stem"] if schema.is_branched(replaces) else parent
        listed = versions.left(replaces, leaf).left(number, number)
        marked = Update(before["pk"], before["sk"], set={"first": first}, condition=Attr("pk").exists())
        were = {file.id for file in files_of(before)}
        return Place(
            number,
            parent,
            {"path": before.get("path", ""), "stem": stem, "first": first},
            {"shown": number, "stem": stem, **branch_summary(seen, replaces)},
            (listed.put(user_id, seen.id), *([] if "first" in before else [marked])),
            kept=tuple(file for file in files if file.id in were),
        )

    def _anew(self, user_id: str, seen: Conversation, version: int, dropped: Sequence[Item]) -> Place:
        """The place of the last question that got no answer: nothing is lost with it."""
        before = dropped[0]
        parent = self._parent(user_id, seen, before)
        if not schema.is_branched(schema.turn_number(before["sk"])):
            return Place(version, parent, dropped=dropped)
        attributes = {name: before[name] for name in ("path", "stem")}
        number = version + schema.BRANCHED
        return Place(number, parent, attributes, {"shown": number}, dropped=dropped)

    def _removal(self, user_id: str, seen: Conversation, question: Item) -> Removal:
        """What goes with the last turn; the version beside it is shown then, or else the turn before it."""
        number, parent = schema.turn_number(question["sk"]), self._parent(user_id, seen, question)
        versions = self._versions(user_id, seen.id, question)
        if versions is None:
            return Removal(files_of(question), parent)
        if len(versions.numbers) == 1:
            gone = Delete(question["pk"], schema.versions(seen.id, versions.first))
            return Removal(files_of(question), parent, (gone,))
        others = {}
        if question.get("files"):
            others = self._questions(user_id, seen.id, versions.without(number).numbers, ["sk", "files"])
        files, heirs = _heirs(versions, question, others)
        counted = (
            Update(question["pk"], schema.message(seen.id, heir, "user"), add={"bytes": more})
            for heir, more in heirs.items()
        )
        return Removal(
            files,
            versions.leaves[versions.beside(number)],
            (versions.without(number).put(user_id, seen.id), *counted),
            sum(heirs.values()),
        )

    def _showing(self, user_id: str, conversation_id: str, leaf: int) -> dict[str, int]:
        """The changes of a head that shows the branch with this last turn; raises ConflictError."""
        if not schema.is_branched(leaf):
            return {"shown": 0, "stem": 0}
        question = self._questions(user_id, conversation_id, [leaf], ["sk", "stem"]).get(leaf)
        if question is None:
            raise ConflictError
        return {"shown": leaf, "stem": question["stem"]}

    def _parent(self, user_id: str, seen: Conversation, question: Item) -> int:
        """The turn before that of a question; what was stored before turns knew it is looked up."""
        if "parent" in question:
            return question["parent"]
        return self._before(user_id, seen, schema.turn_number(question["sk"]))

    def _versions(self, user_id: str, conversation_id: str, question: Item) -> Versions | None:
        """The versions of a question; None when it has no others."""
        if not question.get("first"):
            return None
        key = schema.versions(conversation_id, question["first"])
        item = self._table.get(schema.person(user_id), key)
        return Versions.of(item) if item else None

    def _questions(
        self, user_id: str, conversation_id: str, numbers: Iterable[int], names: list[str]
    ) -> dict[int, Item]:
        """Those questions of turns that are there, by their numbers."""
        keys = [schema.message(conversation_id, number, "user") for number in numbers]
        found = self._table.get_many(schema.person(user_id), keys, names)
        return {schema.turn_number(sk): item for sk, item in found.items()}


def _heirs(versions: Versions, question: Item, others: Mapping[int, Item]) -> tuple[Files, dict[int, int]]:
    """The files that go with a version of a question, and what others count from now on of those that stay.

    A file of several versions is counted with the first of them that names it.
    """
    order = versions.numbers.index
    gone: list[File] = []
    heirs: dict[int, int] = {}
    for file in files_of(question):
        naming = [
            number for number, other in others.items() if file.id in {each.id for each in files_of(other)}
        ]
        first = min(naming, key=order, default=None)
        if first is None:
            gone.append(file)
        elif order(first) > order(schema.turn_number(question["sk"])):
            heirs[first] = heirs.get(first, 0) + file.stored_bytes
    return tuple(gone), heirs
