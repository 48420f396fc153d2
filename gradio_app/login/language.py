"""Which of the two languages a page speaks."""

from starlette.requests import Request

LANGUAGES = ("en", "es")
COOKIE = "language"


def language(request: Request) -> str:
    """What the link asked for, or was chosen before, or the browser prefers, or English."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return max(LANGUAGES, key=lambda name: _preference(request.headers.get("accept-language", ""), name))


def _preference(header: str, wanted: str) -> float:
    """The weight of a language in Accept-Language (RFC 9110, section 12.5.4), 0 if it is not there."""
    best = 0.0
    for part in header.split(","):
        tag, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=") or "1"
        if tag.lower().split("-")[0] == wanted:
            best = max(best, _number(weight))
    return best


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
