"""Conversations as the page's components take them: pure functions."""

from collections.abc import Sequence

from gradio.components.chatbot import Message, TextMessage

from gradio_app.chat import context
from gradio_app.chat.conversation import COMPLETE, FAILED, STOPPED, Answer, Conversation, Turn
from gradio_app.page import texts
from gradio_app.page.markup import harmless


def messages(turns: Sequence[Turn], language: str) -> list[Message]:
    """Two messages for each turn, so that the page's message 2n is always the question of turn n.

    Ready-made `Message` objects: Gradio takes them as they are, at every update of a running answer.
    """
    shown = []
    for turn in turns:
        shown.append(user_message(turn.question_text))
        shown.append(assistant_message(*_answer_parts(turn.answer, language)))
    return shown


def user_message(text: str) -> Message:
    """A question."""
    return Message(role="user", content=[TextMessage(text=harmless(text))])


def assistant_message(*parts: str) -> Message:
    """An answer of one or more Markdown texts, each for itself: an open code block ends with its part."""
    return Message(role="assistant", content=[TextMessage(text=harmless(part)) for part in parts])


def usage_line(conversation: Conversation, language: str) -> str:
    """How many tokens the last turn and the whole conversation took; empty before the first answer."""
    last = conversation.turns[-1] if conversation.turns else None
    if last is None or last.answer is None:
        return ""
    separator = "," if language == "en" else "\N{NARROW NO-BREAK SPACE}"
    counts = {
        "message": context.estimate_tokens(last.question_text),
        "input": last.answer.input_tokens,
        "output": last.answer.output_tokens,
        "total_input": conversation.input_tokens,
        "total_output": conversation.output_tokens,
    }
    return texts.USAGE[language].format(
        **{name: f"{n:,}".replace(",", separator) for name, n in counts.items()}
    )


def _answer_parts(answer: Answer | None, language: str) -> list[str]:
    reasons = texts.REASONS[language]
    if answer is None:
        return [_notice(reasons["missing"])]
    if answer.status == STOPPED:
        notice = reasons["stopped"]
    elif answer.status in (COMPLETE, FAILED):
        notice = reasons.get(answer.reason, "") if answer.reason else ""
    else:
        notice = reasons[answer.reason or "interrupted"]
    if not notice and not answer.text.strip():
        notice = reasons["empty"]
    return [part for part in (answer.text, _notice(notice) if notice else "") if part.strip()]


def _notice(text: str) -> str:
    return f"> {text}"
