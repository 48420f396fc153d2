"""A table in memory, as far as passages need one.

The emulator goes through all of a partition for each page of a query, and through each vector digit by digit:
a question takes it half a minute on a book. The application's own store (`Passages`, `Words`) runs unchanged
over this instead, which keeps the sort keys in order and the vectors as one matrix. A test holds it against
the emulator.
"""

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from gradio_app.store import schema
from gradio_app.store.table import Action, Delete, Item, Put, Table, Update

EQUAL = re.compile(r"(#\w+) = (:\w+)")


class MemoryTable(Table):
    """For one thread, which meets nobody: conditions hold by themselves and are not looked at."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Item]] = defaultdict(dict)
        self._sorted: dict[str, list[str]] = defaultdict(list)
        self._vectors: dict[str, tuple[list[Item], np.ndarray]] = {}

    def get(self, pk: str, sk: str) -> Item | None:
        """The item, or None."""
        return self._items[pk].get(sk)

    def get_many(self, pk: str, sort_keys: Sequence[str], names: Sequence[str] = ()) -> dict[str, Item]:  # noqa: ARG002
        """Those that are there."""
        return {sk: self._items[pk][sk] for sk in sort_keys if sk in self._items[pk]}

    def query(self, pk: str, *_: Any, prefix: str = "", **__: Any) -> Iterator[Item]:
        """Those whose sort keys begin so, in order."""
        for sk in islice(self._sorted[pk], bisect_left(self._sorted[pk], prefix), None):
            if not sk.startswith(prefix):
                return
            yield self._items[pk][sk]

    def sort_keys(self, pk: str, prefix: str) -> list[str]:
        """The sort keys that begin so."""
        return [item["sk"] for item in self.query(pk, prefix=prefix)]

    def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write them."""
        for item in items:
            if item["sk"] not in self._items[item["pk"]]:
                insort(self._sorted[item["pk"]], item["sk"])
            self._items[item["pk"]][item["sk"]] = dict(item)
        self._vectors.clear()

    def delete_all(self, pk: str, sort_keys: Iterable[str]) -> None:
        """Delete them."""
        for sk in sort_keys:
            if self._items[pk].pop(sk, None):
                self._sorted[pk].remove(sk)
        self._vectors.clear()

    def transact(self, actions: Sequence[Action], token: str = "") -> None:  # noqa: ARG002
        """Do all of them."""
        for action in actions:
            if isinstance(action, Put):
                self.put_all([action.item])
            elif isinstance(action, Delete):
                self.delete_all(action.pk, [action.sk])
            elif isinstance(action, Update):
                item = self.get(action.pk, action.sk) or {"pk": action.pk, "sk": action.sk}
                added = {name: item.get(name, 0) + by for name, by in action.add.items()}
                self.put_all([{**item, **action.set, **added}])

    def write(self, action: Put | Update | Delete, *, returns: bool = False) -> None:
        """Do it."""
        del returns
        self.transact([action])

    def search_vectors(self, **request: Any) -> list[tuple[Item, float]]:
        """The nearest with their cosine distances, among those that are equal in what the request says."""
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        equal = {
            names[name]: values[value]["S"]
            for name, value in EQUAL.findall(request["SearchConditionExpression"])
        }
        items, matrix = self._of(equal[schema.LIBRARY])
        asked = np.array([float(number["N"]) for number in request["SearchVector"]])
        distances = 1 - matrix @ (asked / np.linalg.norm(asked))
        found = (
            (items[at], float(distances[at]))
            for at in np.argsort(distances, kind="stable")
            if all(items[at].get(name) == value for name, value in equal.items())
        )
        return list(islice(found, request["TopK"]))

    def _of(self, library_id: str) -> tuple[list[Item], np.ndarray]:
        if library_id not in self._vectors:
            items = list(self.query(schema.passages(library_id), prefix=schema.VECTOR_OF))
            matrix = np.array([[float(each) for each in item[schema.VECTOR]] for item in items])
            lengths = np.linalg.norm(matrix, axis=1, keepdims=True) if items else 1
            self._vectors[library_id] = items, matrix.reshape(len(items), schema.DIMENSIONS) / lengths
        return self._vectors[library_id]
