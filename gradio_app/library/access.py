"""Which libraries a person may open: their own, everybody's, and those of the groups that they are in.

The groups are those of the session, which the user pool confirms every five minutes.
"""

from dataclasses import dataclass, field

from gradio_app.chat.lookup import Asker
from gradio_app.identity import Identity
from gradio_app.library.document import EVERYBODY, group_library
from gradio_app.store.schema import own_library

ADMINISTRATORS = "admins"
"""The group that the user pool is made with."""


@dataclass(frozen=True)
class Shelf:
    """A library as one person sees it; `group` is the name of the group that it belongs to, if to one."""

    id: str
    is_own: bool
    may_change: bool
    group: str = field(default="", repr=False)


def own_shelf(identity: Identity) -> Shelf:
    """A person's own library."""
    return Shelf(own_library(identity.user_id), is_own=True, may_change=True)


def administers(person: Identity | Asker) -> bool:
    """Whether the person looks after what is shared."""
    return ADMINISTRATORS in person.groups


def shelf(identity: Identity, library_id: str, shared_groups: dict[str, str]) -> Shelf | None:
    """The library with this id, if the person may open it; None for any other, whether there is one or not.

    `shared_groups` are the groups that have a library, by its id.
    """
    own = own_shelf(identity)
    if library_id in ("", own.id):
        return own
    group = shared_groups.get(library_id, "")
    is_admin = administers(identity)
    if library_id == EVERYBODY:
        return Shelf(EVERYBODY, is_own=False, may_change=is_admin)
    if group and (is_admin or group in identity.groups):
        return Shelf(library_id, is_own=False, may_change=is_admin, group=group)
    return None


def own_groups(identity: Identity) -> dict[str, str]:
    """The libraries that the person's groups would have, by id."""
    return {group_library(group): group for group in identity.groups}
