"""What all questions and answers of this benchmark say, and whether a reader has got all of it."""

import html
import itertools
import re

SOURCE = (
    "## What was found in the {number}. part\n\n"
    "The survey of the coast was finished in spring, and **most of the harbours** were found to be deeper "
    "than the charts of the last century say. Three have silted up since; the pilots know of it, and the "
    "charts do not.\n\n"
    "- The northern harbour takes ships of any size, but at low water by daylight only and with a pilot.\n"
    "- The old quay is closed until its piles were looked at, which nobody has been asked to do so far.\n"
    "- Fishing boats use the channel behind the island, where the current is weaker than tables promise.\n\n"
    "Whoever plans a voyage should ask for the newest soundings, allow a metre more than the charts tell, "
    "and write down what was measured under way: next year's edition is made of such notes.\n\n"
)
"""As models write: no line ends inside of a paragraph."""


def pieces(count: int) -> list[str]:
    """So many tokens: words with the blanks before them."""
    parts = (SOURCE.format(number=number) for number in itertools.count(1))
    words = (word for part in parts for word in re.findall(r"\s*\S+(?:\s+\Z)?", part))
    return list(itertools.islice(words, count))


def question(tokens: int, rate: int) -> str:
    """What is asked to get so many tokens, so many a second."""
    return f"Write {tokens} tokens at {rate} a second."


def letters(text: str) -> str:
    """Letters and digits alone: what Markdown and HTML leave as it is."""
    return "".join(filter(str.isalnum, text))


def letters_of_page(markup: str) -> str:
    """The same of HTML."""
    return letters(html.unescape(re.sub(r"<[^>]*>", "", markup)))
