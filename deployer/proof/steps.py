"""What is proved, in the order in which a new person meets it."""

from __future__ import annotations

import time
from collections.abc import Callable

from deployer.proof import documents
from deployer.proof.conversation import Answer, Conversation, read_back
from deployer.proof.faults import NotAsPromised
from deployer.proof.visitor import Authenticator, Visitor

Tell = Callable[[str], None]
"""Is given each thing that was seen to work."""


def prove(url: str, email: str, temporary: str, chosen: str, tell: Tell) -> list[str]:
    """Go through the service as somebody with a `temporary` password, who then takes the `chosen` one.

    Returns why models besides the first, with which everybody begins, do not answer, and why documents cannot
    be asked. Raises NotAsPromised at the first thing else that is not as it should be.
    """
    authenticator = Authenticator(time.sleep)
    with Visitor(url, authenticator) as first:
        asked = first.sign_in(email, temporary, chosen)
        tell(f"signed in as somebody new, who was asked for {asked or 'nothing more'}")
        held, silent = _answers(first, tell)
        silent += _documents(first, tell)
        with Visitor(url, authenticator) as second:
            second.sign_in(email, chosen)
            _read_back(second, held)
            tell("what was answered is there in another session")
            second.sign_out()
        _leave(first, authenticator)
        tell("signed out, and the cookie from before is refused")
    return silent


def _answers(visitor: Visitor, tell: Tell) -> tuple[dict[str, Answer], list[str]]:
    """Have each model answer once; return the answers by model, and why others but the first gave none."""
    held: dict[str, Answer] = {}
    silent: list[str] = []
    for model_id in Conversation(visitor).models():
        try:
            held[model_id] = answer = Conversation(visitor).ask(model_id)
        except NotAsPromised as error:
            why = f"the model {model_id}: {error}"
            if not held:
                raise NotAsPromised(why) from error
            silent.append(why)
            continue
        except (LookupError, ValueError, TypeError) as error:
            raise NotAsPromised(
                "the page's events are not those of this version: verify with the one that was deployed"
            ) from error
        tell(f"{model_id} answers, shown in {answer.pieces} piece{'' if answer.pieces == 1 else 's'}")
    return held, silent


def _documents(visitor: Visitor, tell: Tell) -> list[str]:
    """Bring a document and ask it; return why that does not work, which nothing else depends on."""
    try:
        tell(documents.proved(visitor))
    except NotAsPromised as error:
        return [f"documents to ask: {error}"]
    return []


def _read_back(visitor: Visitor, held: dict[str, Answer]) -> None:
    for model_id, answer in held.items():
        if read_back(visitor, answer.conversation_id, answer.turn) != answer.text:
            raise NotAsPromised(f"what {model_id} answered is not there when the person comes back")


def _leave(visitor: Visitor, authenticator: Authenticator) -> None:
    """Sign out, and come back with the cookies from before."""
    with Visitor(visitor.url, authenticator, visitor.cookies) as copy:
        if _leads_to_sign_in(copy):
            raise NotAsPromised("the cookie of an open session is refused")
        visitor.sign_out()
        if not _leads_to_sign_in(copy):
            raise NotAsPromised("the cookie of a session that was ended still lets somebody in")


def _leads_to_sign_in(visitor: Visitor) -> bool:
    return visitor.get("/").headers.get("location", "").startswith("/login")
