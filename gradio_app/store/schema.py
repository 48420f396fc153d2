"""Keys of all that lies in the table, and when it ends: nobody else puts a key together."""

import hashlib

BY_CHANGE = "by-change"
"""The index of what has `updated_at`, which only heads of conversations have: a user's, in its order."""

ROLES = ("user", "assistant")
"""In the order in which a turn's messages are sorted."""

CONVERSATION = "CONVERSATION#"
MESSAGE = "MESSAGE#"
DELETED = "DELETED#"
DRAFT = "DRAFT#"
DRAFT_BEFORE = "DRAFT"
"""The one draft of a user, as the releases wrote it whose drafts did not belong to a conversation."""
PREFERENCES = "PREFERENCES"
STORAGE = "STORAGE"
USAGE = "USAGE#"
RESERVATION = "RESERVATION#"
SIGNED_IN = "SESSION#"
SESSION = "SESSION"
AUTHENTICATOR = "AUTHENTICATOR"
CHALLENGE = "CHALLENGE"
THROTTLE = "THROTTLE"
KNOWN = "KNOWN"
HEALTH = "HEALTH"

NUMBER_DIGITS = 15


def person(user_id: str) -> str:
    """The partition of all that belongs to a user."""
    return f"USER#{user_id}"


def conversation(conversation_id: str) -> str:
    """The sort key of a conversation's head."""
    return f"{CONVERSATION}{conversation_id}"


def message(conversation_id: str, number: int, role: str) -> str:
    """The sort key of a message: by turn, and in a turn the question before the answer."""
    return f"{MESSAGE}{conversation_id}#{number:0{NUMBER_DIGITS}d}#{ROLES.index(role)}"


def messages(conversation_id: str, first: int = 0, last: int = 10**NUMBER_DIGITS - 1) -> tuple[str, str]:
    """The sort keys between which the messages of these turns lie, both included."""
    return message(conversation_id, max(first, 0), ROLES[0]), message(conversation_id, last, ROLES[-1])


def turn_number(message_key: str) -> int:
    """The turn of a message, from its sort key."""
    return int(message_key.split("#")[2])


def deleted(conversation_id: str) -> str:
    """The sort key of what remembers that a conversation was deleted."""
    return f"{DELETED}{conversation_id}"


def draft(conversation_id: str) -> str:
    """The sort key of what stands in the box of a conversation."""
    return f"{DRAFT}{conversation_id}"


def usage(day: str) -> str:
    """The sort key of a day's tokens."""
    return f"{USAGE}{day}"


def reservation(reservation_id: str) -> str:
    """The sort key of tokens that are set aside for a call."""
    return f"{RESERVATION}{reservation_id}"


def signed_in(session_key: str) -> str:
    """The sort key of a session in the list of its user's."""
    return f"{SIGNED_IN}{session_key}"


def session(session_key: str) -> str:
    """The partition of a session and of what hangs on it; the key is the hash of the cookie's value."""
    return f"SESSION#{session_key}"


def challenge(step_key: str) -> str:
    """The partition of a sign-in's next step, by the hash of its cookie's value."""
    return f"CHALLENGE#{step_key}"


def departure(departure_key: str) -> str:
    """The partition of a browser on its way through single sign-on."""
    return f"DEPARTURE#{departure_key}"


def state(state_key: str) -> str:
    """The sort key of that way, by the hash of its state."""
    return f"STATE#{state_key}"


def throttle(kind: str, value: str, window: int) -> str:
    """The partition of a count of failures; a name that nobody has gives a key like any other."""
    return "THROTTLE#" + hashlib.sha256(f"{kind}\0{value}\0{window}".encode()).hexdigest()


def known(place_key: str) -> str:
    """The partition of a browser from which somebody signed in, or of an address with a name: by its hash."""
    return f"KNOWN#{place_key}"
