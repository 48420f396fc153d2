"""Reading what a form of ours sends. The gate has limited the body before anything is parsed."""

from urllib.parse import parse_qsl

from starlette.requests import Request

FORM = "application/x-www-form-urlencoded"
"""How browsers send ours; whatever else comes has no fields."""
MOST_FIELDS = 20


async def form(request: Request, *names: str) -> dict[str, str]:
    """Fields of a posted form, empty when missing; of several with one name the last.

    An e-mail address comes without the blanks around it: nothing but blanks is nothing.
    """
    sent = dict(await fields(request))
    return {name: sent.get(name, "").strip() if name == "email" else sent.get(name, "") for name in names}


async def fields(request: Request, most: int = MOST_FIELDS) -> list[tuple[str, str]]:
    """All fields of a posted form in their order; none of a form with more than `most`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return []
    try:
        # What is no UTF-8 becomes replacement characters, so that no value has half a character in it.
        body = (await request.body()).decode(errors="replace")
        return parse_qsl(body, keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return []


def missing(values: dict[str, str]) -> dict[str, str]:
    """An error for each empty field."""
    return {name: "fill_in" for name, value in values.items() if not value}


def wants_json(request: Request) -> bool:
    """Whether our script asks, and no browser that looks at pages."""
    return "text/html" not in request.headers.get("accept", "")
