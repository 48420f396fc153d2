"""What the forms of the sign-in have in them: names of accounts, and codes."""

import re

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}")
ACCOUNT_LENGTH = 128
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserType.html"""


def account_name(text: str) -> str:
    """The user name as Cognito compares it: without blanks around it and without regard to case."""
    return text.strip().lower()[:ACCOUNT_LENGTH]


def loggable(account: str) -> str:
    """The account for an audit line, unless it may be a password in the wrong field."""
    return account if ADDRESS.fullmatch(account) else "no e-mail address"


def code_in(values: dict[str, str]) -> str:
    """The code of a form, without the blanks that apps show and people type in it."""
    return "".join(values["code"].split())
