"""How the release before reads the table: what its code does with an item, said in a few lines.

While a deployment goes on, its tasks meet what the tasks of today have written. When today becomes the
release before, this page is written anew from the code of today.
"""

import re
from typing import Any

from gradio_app.store import schema

ANSWER = {"text", "status", "reason", "input_tokens", "output_tokens"}
SESSION = {
    "user_id",
    "email",
    "groups",
    "username",
    "access_token",
    "refresh_token",
    "access_expires_at",
    "created_at",
    "seen_at",
    "checked_at",
}
CHALLENGE = {"name", "username", "session", "secret_key", "first", "account", "ends_others", "expires_at"}
WANTED = {
    r"USER#.+ CONVERSATION#.+": {"title", "version"},
    r"USER#.+ MESSAGE#.+#0": {"role", "text"},
    r"USER#.+ MESSAGE#.+#1": {"role"} | ANSWER,
    r"USER#.+ DRAFT": {"conversation", "text", "expires_at"},
    r"SESSION#.+ SESSION": SESSION,
    r"SESSION#.+ AUTHENTICATOR": {"secret_key", "expires_at"},
    r"CHALLENGE#.+ CHALLENGE": CHALLENGE,
    r"DEPARTURE#.+ STATE#.+": {"redirect_uri", "state", "nonce", "verifier", "expires_at"},
    r"THROTTLE#.+ THROTTLE": {"count"},
    r"USER#.+ USAGE#.+": {"tokens"},
}
"""What it takes from an item without asking whether it is there."""
CONVERSATIONS = ("CONVERSATION#", "MESSAGE#")
"""The prefixes under which it reads whatever is there, every attribute for text or else a whole number."""


def read(item: dict[str, Any]) -> None:
    """Do with an item what that release does; fails where it would."""
    pk, sk = item["pk"]["S"], item["sk"]["S"]
    for keys, names in WANTED.items():
        if re.fullmatch(keys, f"{pk} {sk}"):
            assert names <= item.keys(), f"{sk} lacks {names - item.keys()}"
    if sk.startswith(CONVERSATIONS):
        assert {letters for value in item.values() for letters in value} <= {"S", "N"}, sk
    if sk.startswith("CONVERSATION#"):
        int(item["version"]["N"])
    if sk.startswith("MESSAGE#"):
        _, conversation, number, place = sk.split("#")
        assert conversation
        assert int(number) > 0
        assert item["role"]["S"] == ("user", "assistant")[int(place)]


def may_hold(kind: schema.Kind) -> None:
    """Fails where an item of this kind could break it, whether the tests write one or not."""
    if kind.sk.startswith(CONVERSATIONS):
        assert kind.name in ("conversation", "message"), "that release would take it for one of those"
        assert {letters.rstrip("?")[-1] for letters in kind.attributes.split()} <= {"S", "N"}
