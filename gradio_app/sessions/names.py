"""What accounts are called where they are only counted or known again: by no name that could be read."""

import hashlib
import unicodedata


def canonical(account: str) -> str:
    """One way to write an account, however it was typed: only what is counted goes by it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", account).strip().casefold())


def known_name(account: str) -> str:
    """What a known browser remembers of an account: a hash in hexadecimal digits."""
    return hashlib.sha256(canonical(account).encode()).hexdigest()
