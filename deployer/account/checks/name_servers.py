"""Which name servers answer for a domain, as this machine's resolver tells: one question of DNS (RFC 1035).

Python's standard library asks for addresses only.
"""

from __future__ import annotations

import secrets
import socket
import struct
from pathlib import Path

RESOLVERS = Path("/etc/resolv.conf")
PORT = 53
TIMEOUT_SECONDS = 3.0
MOST_BYTES = 4096
NS, IN = 2, 1
RECURSION_DESIRED, TRUNCATED, RCODE = 0x0100, 0x0200, 0x000F
NAME_ERROR = 3
POINTER = 0xC0
MOST_JUMPS = 64
"""Of a compressed name: an answer that points in circles is none."""


class Unanswered(Exception):
    """It cannot be told from here; the message says why, as the end of a sentence."""


def ask(domain: str, resolver: tuple[str, int] | None = None) -> set[str]:
    """Return the names of the domain's name servers; none where the world knows no such domain.

    Raises Unanswered when this machine has no resolver, or it gives no usable answer.
    """
    number = secrets.randbelow(1 << 16)
    question = _name(domain) + struct.pack(">HH", NS, IN)
    request = struct.pack(">HHHHHH", number, RECURSION_DESIRED, 1, 0, 0, 0) + question
    address = resolver or (_resolver(), PORT)
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as connection:
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(address)
            connection.send(request)
            return _read(connection.recv(MOST_BYTES), number, len(question))
    except OSError as error:
        raise Unanswered("this machine's resolver does not say") from error
    except (struct.error, IndexError, ValueError) as error:
        raise Unanswered("this machine's resolver does not answer as it should") from error


def _resolver() -> str:
    try:
        lines = RESOLVERS.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for words in (line.split() for line in lines):
        if len(words) > 1 and words[0] == "nameserver":
            return words[1]
    raise Unanswered("this machine names no resolver")


def _name(domain: str) -> bytes:
    labels = domain.encode("ascii").split(b".")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _read(answer: bytes, number: int, question_bytes: int) -> set[str]:
    """The names in the answer's NS records. Raises ValueError for what is no answer to the question."""
    got, flags, _, answers, _, _ = struct.unpack_from(">HHHHHH", answer)
    code = flags & RCODE
    if got != number or flags & TRUNCATED or code not in (0, NAME_ERROR):
        raise ValueError(f"code {code}")
    names, at = set(), 12 + question_bytes
    for _ in range(answers if code == 0 else 0):
        _, at = _read_name(answer, at)
        kind, _, _, length = struct.unpack_from(">HHIH", answer, at)
        at += 10
        if kind == NS:
            names.add(_read_name(answer, at)[0])
        at += length
    return names


def _read_name(answer: bytes, at: int) -> tuple[str, int]:
    """A name, compressed or not, and where what follows it begins."""
    labels: list[str] = []
    end = 0
    for _ in range(MOST_JUMPS):
        length = answer[at]
        if length & POINTER == POINTER:
            end = end or at + 2
            at = struct.unpack_from(">H", answer, at)[0] & 0x3FFF
        elif length == 0:
            return ".".join(labels), end or at + 1
        else:
            labels.append(answer[at + 1 : at + 1 + length].decode("ascii"))
            at += 1 + length
    raise ValueError("the name does not end")
