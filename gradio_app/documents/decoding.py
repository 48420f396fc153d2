"""Bytes that are text, in whatever encoding."""

import codecs
import re

from charset_normalizer import from_bytes

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROLS = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f]")
"""What no text holds: all control characters but tab, line ends and the form feed."""

SAMPLE = 64 * 1024
"""Bytes that the detector of encodings looks at; it is slow."""

LEGACY = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "gb18030", "big5", "cp949",
    "koi8_r", "mac_roman",
]  # fmt: skip
"""Encodings of before Unicode that people's files are in."""

ENCODINGS = (*LEGACY, *(name for _, name in BOMS))
"""All that is decoded here."""

WESTERN_LETTERS = "áàâãäéèêëíìîïóòôõöúùûüñçßÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÑÇ"
NOT_WESTERN = re.compile(
    f"[^\0-\x7f¿¡ºª«»€£§°·©®\u2013\u2014…\u2018\u2019“”•\xa0{WESTERN_LETTERS}]|[{WESTERN_LETTERS}]{{3}}"
)
"""What Windows' encoding of Western Europe never gives in the languages that it is for, whose letters with
marks stand alone. The detector takes short Spanish texts for Polish ones."""


def decoded(content: bytes) -> str | None:
    """The text, or None where the bytes are none: UTF by its mark, UTF-8, or else what the detector finds."""
    encoding = next((name for mark, name in BOMS if content.startswith(mark)), "utf-8")
    text = _decode(content, encoding)
    if text is None and encoding == "utf-8":
        # A cheap refusal first: an encoding of before Unicode leaves the control characters alone.
        if re.search(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]", content):
            return None
        western = _decode(content, "cp1252")
        if western is not None and not NOT_WESTERN.search(western):
            return western
        best = from_bytes(content[:SAMPLE], cp_isolation=LEGACY).best()
        text = _decode(content, best.encoding) if best else None
    return None if text is None or CONTROLS.search(text) else text


def _decode(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
