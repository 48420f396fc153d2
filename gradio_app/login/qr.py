"""The key of an authenticator as a picture to scan, drawn here and sent to nobody else."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

import segno
from markupsafe import Markup

ISSUER = "Asistente"
QUIET_MODULES = 4
"""The empty border that readers need (ISO/IEC 18004)."""


@dataclass(frozen=True)
class Setup:
    """What a page shows of a new authenticator: a picture, a link for a telephone, a key to type."""

    picture: Markup
    link: str
    key: str

    @classmethod
    def of(cls, account: str, secret_key: str) -> "Setup":
        """For the account's e-mail address and a key in base 32."""
        link = otpauth(account, secret_key)
        return cls(picture(link), link, in_groups(secret_key))


def otpauth(account: str, secret_key: str) -> str:
    """The address that authenticator apps understand.

    https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    """
    query = urlencode({"secret": secret_key, "issuer": ISSUER}, quote_via=quote)
    return f"otpauth://totp/{quote(ISSUER)}:{quote(account, safe='@')}?{query}"


def picture(text: str) -> Markup:
    """An `<svg>` for a page: it needs neither a script nor leave to load images.

    Black on white whatever the page's colors are, as readers want it.
    """
    code = segno.make(text, error="m", micro=False)
    return Markup(  # noqa: S704 (drawn by the library: paths and numbers, nothing of the text)
        code.svg_inline(dark="#000", light="#fff", border=QUIET_MODULES, omitsize=True, svgclass="qr")
    )


def in_groups(secret_key: str) -> str:
    """The key as people copy it by hand: four characters at a time."""
    return " ".join(secret_key[start : start + 4] for start in range(0, len(secret_key), 4))
