"""Who answers for a domain, and who may certify it, as this machine's resolver tells.

One question of DNS each (RFC 1035, RFC 8659); Python's standard library asks for addresses only.
"""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RESOLVERS = Path("/etc/resolv.conf")
PORT = 53
TIMEOUT_SECONDS = 3.0
MOST_BYTES = 4096
NS, CAA, IN = 2, 257, 1
RECURSION_DESIRED, TRUNCATED, RCODE = 0x0100, 0x0200, 0x000F
NAME_ERROR = 3
HEADER_BYTES = 12
POINTER = 0xC0
MOST_JUMPS = 64
"""Of a compressed name: an answer that points in circles is none."""


class Unanswered(Exception):
    """It cannot be told from here; the message says why, as the end of a sentence."""


def name_servers(domain: str, resolver: tuple[str, int] | None = None) -> set[str]:
    """Return the names of the domain's name servers; none where the world knows no such domain.

    Raises Unanswered when this machine has no resolver, or it gives no usable answer.
    """
    with _usable():
        answer = _asked(domain, NS, resolver)
        return {_read_name(answer, at)[0] for at, _ in _records(answer, NS)}


def certification(domain: str, resolver: tuple[str, int] | None = None) -> list[tuple[str, str]]:
    """Return the CAA records of exactly this name, each as its tag and value; raises Unanswered."""
    with _usable():
        answer = _asked(domain, CAA, resolver)
        return [_read_caa(answer[at : at + length]) for at, length in _records(answer, CAA)]


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unanswered("this machine's resolver does not say") from error
    except (struct.error, IndexError, ValueError) as error:
        raise Unanswered("this machine's resolver does not answer as it should") from error


def _asked(domain: str, kind: int, resolver: tuple[str, int] | None) -> bytes:
    """The answer to one question, which was found to be one. Raises OSError, ValueError and struct.error."""
    number = secrets.randbelow(1 << 16)
    question = _name(domain) + struct.pack(">HH", kind, IN)
    request = struct.pack(">HHHHHH", number, RECURSION_DESIRED, 1, 0, 0, 0) + question
    address = resolver or (_resolver(), PORT)
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(address)
        connection.send(request)
        answer = connection.recv(MOST_BYTES)
    got, flags = struct.unpack_from(">HH", answer)
    if got != number or flags & TRUNCATED or flags & RCODE not in (0, NAME_ERROR):
        raise ValueError(f"code {flags & RCODE}")
    return answer


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


def _records(answer: bytes, wanted: int) -> Iterator[tuple[int, int]]:
    """Where the contents of the answer's records of that kind are, and how long."""
    _, flags, _, answers, _, _ = struct.unpack_from(">HHHHHH", answer)
    at = _read_name(answer, HEADER_BYTES)[1] + 4
    for _ in range(answers if flags & RCODE == 0 else 0):
        _, at = _read_name(answer, at)
        kind, _, _, length = struct.unpack_from(">HHIH", answer, at)
        at += 10
        if at + length > len(answer):
            raise ValueError("the record does not end")
        if kind == wanted:
            yield at, length
        at += length


def _read_caa(content: bytes) -> tuple[str, str]:
    """Tag and value of a CAA record (RFC 8659, section 4.1)."""
    end = 2 + content[1]
    return content[2:end].decode("ascii"), content[end:].decode("utf-8")


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
