r"""Formulas in what a model writes: where they are, and their MathML.

`\(x\)` stands in a line, `\[x\]` by itself, and so does `$$x$$` when it begins a line and ends one. A single
`$` is money, and two in a line are a shell's process number. The parser of Markdown would take backslashes
and underscores for its own, so that formulas are taken out before it and put back after.
"""

import html
import re

import nh3
from latex2mathml import converter

from gradio_app.page.encoding import encoded

MOST_CHARACTERS = 2_000
MOST_MATHML = 60_000
MOST_DEPTH = 60
"""Elements inside of elements: cleaning takes time in its square."""
MOST_EM = 4.0
"""The widest space: with more, a formula could push itself out of sight."""

OPENERS = {r"\(": r"\)", r"\[": r"\]", "$$": "$$"}
PREFIX = r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*"
"""What may stand before the first thing in a line: quotes and list items."""
SIGN = re.compile(
    rf"^{PREFIX}(?P<fence>`{{3,}}(?=[^`\n]*$)|~{{3,}})|(?P<escape>\\[^\n]?)|(?P<dollars>\$\$)"
    r"|(?P<end>`|\n[ \t>]*(?=\n))",
    re.MULTILINE,
)
ESCAPED = re.compile(r"\\.", re.DOTALL)
LINE_BEGINS = re.compile(rf"{PREFIX}\Z")
LINE_ENDS = re.compile(r"[ \t.,;]*(?:\n|\Z)")

# Environments that the converter knows under another name only.
ALIASES = re.compile(
    r"\\(begin|end)\{(aligned|alignat\*?|align|split|eqnarray\*?|gathered|gather\*?|equation\*?)\}"
)
MATRIX = ("gather", "equation")
LESS, AND = "\N{SMALL LESS-THAN SIGN}", "\N{SMALL AMPERSAND}"

ELEMENTS = {
    *(
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "ms",
        "mtext",
        "mspace",
        "mfrac",
        "msqrt",
        "mroot",
        "mstyle",
        "mpadded",
    ),
    *("mphantom", "menclose", "merror", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
    *("mtable", "mtr", "mtd"),
}
ATTRIBUTES = {
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {"stretchy", "fence", "form", "largeop", "movablelimits", "maxsize", "minsize"},
    "mspace": {"width"},
    "mfrac": {"linethickness"},
    "menclose": {"notation"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"displaystyle", "columnlines", "rowlines"},
    "mtd": {"columnalign"},
    "mover": {"accent"},
}
VALUE = re.compile(r"[a-z0-9 -]{1,200}")
LENGTH = re.compile(r"(-?\d{1,3}(?:\.\d{1,5})?)(em|ex|px|pt)?")
LENGTHS = {"width", "linethickness", "maxsize", "minsize"}
TAG = re.compile(r"<(/?)[a-z]+[^<>]*?(/?)>")


def found(text: str) -> list[tuple[int, int]]:
    """Where formulas begin and end, delimiters included, in the order of the text.

    None has an empty line in it, nor a backtick, nor stands in fenced code.
    """
    spans: list[tuple[int, int]] = []
    fence, opener, start = "", "", 0
    for sign in SIGN.finditer(text):
        if mark := sign["fence"]:
            fence = mark if not fence else "" if mark.startswith(fence) else fence
            opener = ""
        elif fence:
            continue
        elif sign["end"]:
            opener = ""
        elif opener and sign[0] == OPENERS[opener]:
            if _is_formula(text, opener, start, sign.end()):
                spans.append((start, sign.end()))
            opener = ""
        elif sign[0] in OPENERS:
            opener, start = sign[0], sign.start()
    return spans


def _is_formula(text: str, opener: str, start: int, end: int) -> bool:
    before = text[text.rfind("\n", 0, start) + 1 : start]
    inside = text[start + 2 : end - 2]
    if not inside.strip() or len(inside) > MOST_CHARACTERS:
        return False
    if "\n" in inside and ">" in before:  # each of its lines begins with the mark of the quote
        return False
    return opener != "$$" or (
        LINE_BEGINS.match(before) is not None and LINE_ENDS.match(text, end) is not None
    )


def is_display(source: str) -> bool:
    """Whether a formula stands by itself."""
    return not source.startswith(r"\(")


def mathml(source: str) -> str | None:
    """A formula with its delimiters as HTML in one line; None where the converter cannot do it."""
    latex = source[2:-2].strip()
    braces = ESCAPED.sub("", latex)
    if braces.count("{") != braces.count("}"):
        return None
    display = is_display(source)
    try:
        raw = converter.convert(_prepared(latex), display="block" if display else "inline")
    except Exception:  # noqa: BLE001 (it raises whatever comes: RecursionError, IndexError, its own)
        return None
    raw = raw.replace(f"<mi>{LESS}</mi>", "<mo>&lt;</mo>").replace(LESS, "&lt;").replace(AND, "&amp;")
    if len(raw) > MOST_MATHML or _depth(raw) > MOST_DEPTH:
        return None
    cleaned = _cleaner.clean(raw)
    if not cleaned.startswith("<math"):
        return None
    kind = "formula block" if display else "formula"
    return f'<span class="{kind}" dir="ltr">{encoded_html(cleaned)}</span>'


def encoded_html(cleaned: str) -> str:
    """HTML of the cleaner's with the signs in its texts as references."""
    pieces = re.split(r"(<[^<>]*>)", cleaned)
    return "".join(
        piece if number % 2 else encoded(html.unescape(piece)) for number, piece in enumerate(pieces)
    )


def _prepared(latex: str) -> str:
    latex = ALIASES.sub(_alias, latex)
    # The converter writes what is in \text{...} as it stands, tags too.
    return latex.replace("<", LESS).replace(r"\&", AND)


def _alias(environment: re.Match[str]) -> str:
    name = "matrix" if environment[2].startswith(MATRIX) else "align*"
    return f"\\{environment[1]}{{{name}}}"


def _depth(raw: str) -> int:
    depth = deepest = 0
    for tag in TAG.finditer(raw):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        deepest = max(deepest, depth)
    return deepest


def _value(_: str, attribute: str, value: str) -> str | None:
    """An attribute's value, if it is a plain word, a number, or a length that stays in sight."""
    if attribute in LENGTHS:
        length = LENGTH.fullmatch(value)
        return value if length and -1 <= float(length[1]) <= MOST_EM else None
    return value if VALUE.fullmatch(value) else None


_cleaner = nh3.Cleaner(
    tags=ELEMENTS,
    attributes=ATTRIBUTES,
    attribute_filter=_value,
    clean_content_tags=set(),
    link_rel=None,
)
