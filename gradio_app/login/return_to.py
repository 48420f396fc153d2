"""The conversation that was open when a session ended, in a cookie until its person is in again.

Only an id goes into it, and never an address: whatever else a cookie holds leads nowhere.
"""

import re

from starlette.datastructures import QueryParams
from starlette.requests import Request

PLACE = re.compile(r"(?:c|new)=[0-9a-ft][0-9a-f]{31}")


def is_place(text: str) -> bool:
    """Whether this is the query of a conversation's page and nothing besides."""
    return PLACE.fullmatch(text) is not None


def place_of(request: Request) -> str:
    """The conversation that a request for the chat's page names, or an empty string."""
    if request.scope["path"] != "/":
        return ""
    query = QueryParams(request.scope["query_string"])
    places = (f"{name}={query[name]}" for name in ("c", "new") if name in query)
    return next(filter(is_place, places), "")
