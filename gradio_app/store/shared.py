"""Which groups of the user pool have a library of their own: administrators say so."""

from collections.abc import Iterable
from itertools import islice

from gradio_app.library.document import group_library
from gradio_app.store import schema
from gradio_app.store.table import Table

MOST_GROUPS = 100
"""With a library, in a deployment."""


class TooManyGroupsError(Exception):
    """As many groups have a library as may."""


class SharedLibraries:
    """The store. Every method blocks, and raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, library_ids: Iterable[str]) -> dict[str, str]:
        """The groups whose libraries these are, by library; only those that have one."""
        keys = [schema.group(each) for each in list(library_ids)[:MOST_GROUPS]]
        found = self._table.get_many(schema.LIBRARIES, keys)
        return {sk.removeprefix(schema.GROUP): item["name"] for sk, item in found.items()}

    def all(self) -> dict[str, str]:
        """Every group with a library, by library."""
        found = self._table.query(schema.LIBRARIES, prefix=schema.GROUP, at_once=MOST_GROUPS)
        return {item["sk"].removeprefix(schema.GROUP): item["name"] for item in islice(found, MOST_GROUPS)}

    def add(self, group: str) -> str:
        """Give a group a library, and return its id; one that has one keeps it. Raises TooManyGroupsError."""
        library_id = group_library(group)
        present = self.all()
        if library_id not in present and len(present) >= MOST_GROUPS:
            raise TooManyGroupsError
        self._table.put({"pk": schema.LIBRARIES, "sk": schema.group(library_id), "name": group})
        return library_id

    def end(self, library_id: str) -> None:
        """Take a group's library away from it: nobody but its documents' deletion needs it any more."""
        self._table.take(schema.LIBRARIES, schema.group(library_id))
