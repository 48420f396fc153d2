"""Which of our languages a person reads: one decision for the sign-in, the refusals and the chat.

What the person chose comes first, then what the browser asks for, then English.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from starlette.requests import HTTPConnection


@dataclass(frozen=True)
class Language:
    """How a language calls itself, and writes numbers and days.

    Numbers are written as browsers do it, so that a page has one way: https://cldr.unicode.org
    """

    name: str
    thousands: str
    decimal: str
    day: str
    """As `date.strftime` takes it, of numbers only."""
    grouped_from: int = 1_000
    """The first number whose thousands are set apart."""


KNOWN = {
    "en": Language("English", ",", ".", "%Y-%m-%d"),
    "es": Language("Español", ".", ",", "%d/%m/%Y", grouped_from=10_000),
    "pt": Language("Português", ".", ",", "%d/%m/%Y"),
}
"""By its tag without a region. The first is for whoever asks for none of them."""
LANGUAGES = tuple(KNOWN)
CHOICE = "lang"
"""Query parameter of a link to the same page in another language."""
COOKIE = "language"
"""Where that choice is kept."""
RANGE = re.compile(
    r"(?P<tag>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)"
    r"(?:[ \t]*;[ \t]*q=(?P<weight>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?",
    re.IGNORECASE | re.ASCII,
)
"""RFC 9110, section 12.5.4 with 12.4.2, and the ranges of RFC 4647, section 2.1."""

NOT_ASKED_FOR = 0.0001
"""Less than any weight but "never"."""


def language(request: HTTPConnection) -> str:
    """The language of all that this request is answered with."""
    for chosen in (request.query_params.get(CHOICE), request.cookies.get(COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return asked_for(request.headers.getlist("accept-language"))


def asked_for(headers: Sequence[str]) -> str:
    """The language that Accept-Language headers weigh highest; what is no range of a language is passed over.

    A region counts for its language, whose best weight holds. Of equal ones the first comes first, and one
    that is named before one that is meant by `*`. A weight of 0 means never, if there is anything else.
    """
    weights: dict[str, float] = {}
    for part in ",".join(headers).split(","):
        if match := RANGE.fullmatch(part.strip(" \t")):
            name = match["tag"].lower().partition("-")[0]
            weights[name] = max(weights.get(name, 0.0), float(match["weight"] or 1))
    named = [name for name in weights if name in LANGUAGES]
    unnamed = [name for name in LANGUAGES if name not in weights]
    weights |= dict.fromkeys(unnamed, weights.get("*", NOT_ASKED_FOR))
    best = max((*named, *unnamed), key=weights.__getitem__)
    return best if weights[best] else LANGUAGES[0]


def number(value: float, lang: str, decimals: int = 0) -> str:
    """A number as the language writes it."""
    known = KNOWN[lang]
    grouping = "," if abs(value) >= known.grouped_from else ""
    return f"{value:{grouping}.{decimals}f}".translate({ord(","): known.thousands, ord("."): known.decimal})


def day(value: date, lang: str) -> str:
    """A day as the language writes it."""
    return value.strftime(KNOWN[lang].day)
