"""Passwords that an attacker tries first: often used ones, words, dates and rows of keys, alone or in a row.

ASVS 6.2.4 wants the most used passwords refused, 6.2.11 those that the surroundings suggest. What a password
is made of stays free: many words are no worse than few signs.
"""

from zxcvbn import zxcvbn

FEWEST_GUESSES = 1_000_000
"""More than the throttle lets anybody try in years; https://github.com/dropbox/zxcvbn asks for as many."""
OUR_WORDS = ("asistente", "assistant", "cognito", "bedrock", "gradio")
LOOKED_AT = 40
"""Characters. Whoever begins with so many that are hard to guess may go on at will, and none takes long."""
LONG_ENOUGH = 12
"""The pool asks for as many. Of a shorter one, that is what there is to say."""


def fault(password: str, account: str) -> str | None:
    """What to say to a new password that somebody who knows the person's address soon guesses."""
    name, _, domain = account.partition("@")
    words = [*OUR_WORDS, account, name, *domain.split(".")]
    if zxcvbn(password[:LOOKED_AT], user_inputs=words)["guesses"] >= FEWEST_GUESSES:
        return None
    return "password_guessable" if len(password) >= LONG_ENOUGH else "password_longer"
