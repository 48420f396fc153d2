"""Passwords that an attacker tries first: often used ones, words, dates and rows of keys, alone or in a row.

ASVS 6.2.4 wants the most used passwords refused, 6.2.11 those that the surroundings suggest. What a password
is made of stays free: many words are no worse than few signs.
"""

from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE, enumerate_l33t_subs, relevant_l33t_subtable

FEWEST_GUESSES = 1_000_000
"""More than the throttle lets anybody try in years; https://github.com/dropbox/zxcvbn asks for as many."""
OUR_WORDS = ("asistente", "assistant", "cognito", "bedrock", "gradio")
SPANISH_WORDS = (
    "contraseña", "contrasena", "clave", "acceso", "entrar", "usuario", "usuaria", "administrador",
    "administradora", "bienvenido", "bienvenida", "hola", "mundo", "teamo", "tequiero", "amor", "mucho",
    "siempre", "princesa", "princesita", "familia", "dios", "virgen", "guadalupe", "cielo", "españa",
    "mexico", "argentina", "colombia", "chile", "peru", "venezuela", "madrid", "barcelona",
    "realmadrid", "primavera", "verano", "otoño", "invierno", "enero", "febrero", "marzo", "abril",
    "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre", "lunes",
    "martes", "miercoles", "jueves", "viernes", "sabado", "domingo",
)  # fmt: skip
"""What people begin with; zxcvbn knows English alone."""
LOOKED_AT = 40
"""Characters. Whoever begins with so many that are hard to guess may go on at will."""
MOST_READINGS = 64
"""zxcvbn reads p@$$w0rd as words in each way that its signs allow, milliseconds each. Brackets and signs of
all kinds allow hundreds, seconds of work for whoever sends them on purpose, and are no word anyway."""
LONG_ENOUGH = 12
"""The pool asks for as many. Of a shorter one, that is what there is to say."""


def fault(password: str, account: str) -> str | None:
    """What to say to a new password that somebody who knows the person's address soon guesses.

    In one thread at a time: zxcvbn keeps the words about a person in a global variable.
    """
    name, _, domain = account.partition("@")
    words = [*OUR_WORDS, *SPANISH_WORDS, account, name, *domain.split(".")]
    beginning = password[:LOOKED_AT]
    if len(enumerate_l33t_subs(relevant_l33t_subtable(beginning, L33T_TABLE))) > MOST_READINGS:
        return None
    if zxcvbn(beginning, user_inputs=words)["guesses"] >= FEWEST_GUESSES:
        return None
    return "password_guessable" if len(password) >= LONG_ENOUGH else "password_longer"
