"""Text as it is compared and looked up."""

import unicodedata


def folded(text: str) -> str:
    """Without case, accents and the many forms of one character."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in decomposed if not unicodedata.combining(each))
