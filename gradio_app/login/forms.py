"""Reading what a form of ours sends. The gate has limited the body before anything is parsed."""

import re
from urllib.parse import parse_qsl

from starlette.requests import Request

FORM = "application/x-www-form-urlencoded"
"""How browsers send ours; whatever else comes has no fields."""
MOST_FIELDS = 20
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}")
ACCOUNT_LENGTH = 128
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserType.html"""


async def form(request: Request, *names: str) -> dict[str, str]:
    """Fields of a posted form, empty when missing; of several with one name the last.

    An e-mail address comes without the blanks around it: nothing but blanks is nothing.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return dict.fromkeys(names, "")
    try:
        # What is no UTF-8 becomes replacement characters, so that no value has half a character in it.
        body = (await request.body()).decode(errors="replace")
        sent = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        sent = {}
    return {name: sent.get(name, "").strip() if name == "email" else sent.get(name, "") for name in names}


def account_name(text: str) -> str:
    """The user name as Cognito compares it: without blanks around it and without regard to case."""
    return text.strip().lower()[:ACCOUNT_LENGTH]


def loggable(account: str) -> str:
    """The account for an audit line, unless it may be a password in the wrong field."""
    return account if ADDRESS.fullmatch(account) else "no e-mail address"


def code_in(values: dict[str, str]) -> str:
    """The code of a form, without the blanks that apps show and people type in it."""
    return "".join(values["code"].split())


def missing(values: dict[str, str]) -> dict[str, str]:
    """An error for each empty field."""
    return {name: "fill_in" for name, value in values.items() if not value}
