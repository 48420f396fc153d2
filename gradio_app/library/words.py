"""Words of documents and questions, in the form in which they are looked up.

A word is looked up by its stem in the language of its passage, English or Spanish; in any other language,
as it stands. What identifies something (a part number, a date, an address, a path) counts as a whole
besides, because no stem and no vector tells `ORA-00942` from `ORA-00943`. Text without blanks between its
words, such as Chinese, is found by its meaning alone.
"""

import re
from collections import Counter
from functools import lru_cache

from snowballstemmer import stemmer

from gradio_app.folding import folded

ENGLISH, SPANISH = "en", "es"
LONGEST = 64
"""Characters of a word that is looked up; what is longer was not written by people."""
ASKED = 16
"""Words of a question that are looked up: each costs some reads, whatever the library's size."""

_SMALL_ENGLISH_WORDS = """
    a about after all also am an and any are as at be been but by can could did do does doesn don
    for from had has have he her his how i if in into is isn it its just ll me my no not of on or
    our out re s she so some such t than that the their them then there these they this to up ve was
    we were what when where which who whom whose why will with would you your
"""
_SMALL_SPANISH_WORDS = """
    a al algo ante como con cual cuando cuanto de del desde donde e el ella ellas ellos en entre era
    eran es esa ese eso esta estan estas este esto estos fue ha han hasta hay la las le les lo los
    mas me mi mis muy ni no nos o para pero por porque que quien se ser si sin sobre son su sus
    tambien te tiene tu tus u un una unas uno unos y ya yo
"""
"""Without accents. They tell the language of a text, and nothing is looked up by them."""
_STOP_WORDS = {
    ENGLISH: frozenset(_SMALL_ENGLISH_WORDS.split()),
    SPANISH: frozenset(_SMALL_SPANISH_WORDS.split()),
}
_EVERY_STOP_WORD = frozenset().union(*_STOP_WORDS.values())
_STEMMERS = {ENGLISH: stemmer("english"), SPANISH: stemmer("spanish")}
_TOKEN = re.compile(r"\w+(?:[-.:/@]\w+)*[+#]*")
_PART = re.compile(r"[^\W_]+")
_SURE = 3
"""So many more small words of one language than of the other a text must have to be in it; one, if of the
other it has none."""


def language(text: str) -> str:
    """The language of a text, ENGLISH or SPANISH, by its small words; empty for any other or too few."""
    words = Counter(_PART.findall(folded(text)))
    seen = {each: sum(words[word] for word in stop) for each, stop in _STOP_WORDS.items()}
    first, second = sorted(seen, key=lambda each: -seen[each])
    return first if seen[first] >= seen[second] + min(_SURE, 1 + seen[second]) else ""


def words(text: str, spoken: str) -> Counter[str]:
    """What a passage in this language is looked up by, and how often it stands there."""
    found: Counter[str] = Counter()
    for token in _tokens(text):
        found.update(_of_token(token, spoken))
    return found


def asked(question: str) -> list[frozenset[str]]:
    """The words of a question, each in the forms that it may have; those that identify something first."""
    tokens = dict.fromkeys(part for token in _tokens(question) for part in _asked_for(token))
    ordered = sorted(tokens, key=lambda token: (not identifies(token), -len(token)))
    forms = [
        frozenset(form for spoken in (ENGLISH, SPANISH, "") for form in _forms(token, spoken))
        for token in ordered
    ]
    return [each for each in dict.fromkeys(forms) if each][:ASKED]


def named(question: str) -> list[frozenset[str]]:
    """Those of a question's words that identify something, as they are looked up."""
    return [frozenset([_key(token)]) for token in dict.fromkeys(_tokens(question)) if identifies(token)][
        :ASKED
    ]


def identifies(token: str) -> bool:
    """Whether a word is a name for one thing: it has a digit, or signs in its midst."""
    return any(map(str.isdigit, token)) or not token.isalpha()


def _tokens(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(folded(text)) if len(token) <= LONGEST]


def _of_token(token: str, spoken: str) -> list[str]:
    """The token, as a whole where it identifies something, and its parts."""
    whole = [_key(token)] if identifies(token) else []
    parts = _PART.findall(token)
    if whole and parts == [token]:
        return whole
    return whole + [_stem(part, spoken) for part in parts if part not in _EVERY_STOP_WORD]


def _asked_for(token: str) -> list[str]:
    """A word with signs in its midst may be meant by its parts; what has a digit is meant as a whole."""
    return [token] if any(map(str.isdigit, token)) else [token, *_PART.findall(token)]


def _forms(token: str, spoken: str) -> list[str]:
    """What a token of a question may stand for: as a whole where it identifies something, else its stem."""
    if identifies(token):
        return [_key(token)]
    return [] if token in _EVERY_STOP_WORD else [_stem(token, spoken)]


@lru_cache(maxsize=20_000)
def _stem(word: str, spoken: str) -> str:
    if not spoken or not word.isalpha():
        return word
    # Accents are left out when people type: the one that Spanish stems hang on is put back.
    accented = re.sub(r"([cs])ion$", r"\1ión", word) if spoken == SPANISH else word
    return folded(_STEMMERS[spoken].stemWord(accented)) or word


def _key(token: str) -> str:
    """Keys of the table have # between their parts."""
    return token.replace("#", "♯")
