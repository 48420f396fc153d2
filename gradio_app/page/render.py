"""Conversations as the page's components take them: pure functions."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from gradio_app.chat import context
from gradio_app.chat.attachments import CUT
from gradio_app.chat.conversation import COMPLETE, FAILED, STOPPED, Answer, Conversation, Turn, is_temporary
from gradio_app.gate.limits import FILES_PATH
from gradio_app.page import chatbot, cited, markup, summed, texts, thought

LOSSY = {"pdf", "docx", "pptx", "xlsx", "html"}
"""Kinds of files that show more than their text says."""


Standing = Mapping[tuple[str, str], str]
"""How documents stand for a reader, by library and document; one that is not there counts as deleted."""


def messages(
    conversation: Conversation,
    language: str,
    standing: Standing | None = None,
    models: Mapping[str, str] | None = None,
    thumbs: Mapping[int, bool] | None = None,
) -> list[Any]:
    """Two messages for each turn, so that the page's message 2n is always the question of turn n.

    `models` are the names of those among which there is a choice.
    """
    shown = []
    for turn in conversation.turns:
        shown.append(question(conversation.id, turn, language))
        is_last = turn is conversation.turns[-1]
        thumb = (thumbs or {}).get(turn.number)
        parts = answer_parts(
            turn,
            language,
            standing or {},
            models or {},
            is_last=is_last,
            thumb=thumb,
            is_kept=not is_temporary(conversation.id),
        )
        if turn.number == conversation.summarized_to:
            parts.append(summed.summed(conversation, language))
        shown.append(chatbot.settled("assistant", parts))
    return shown


def question(conversation_id: str, turn: Turn, language: str) -> Any:
    """What the person asked, exactly as it was typed, with what was attached to it."""
    names = texts.ACTIONS[language]
    buttons = {"edit": names["edit"], "copy": names["copy_question"]}
    parts = [_files(conversation_id, turn, language)] if turn.files else []
    if turn.question_text or not parts:
        parts.append(markup.typed(turn.question_text))
    others = markup.versions(turn.number, turn.versions, texts.VERSIONS[language])
    return chatbot.settled("user", [*parts, markup.actions(turn.number, buttons, others)])


def _files(conversation_id: str, turn: Turn, language: str) -> str:
    """Links to what is attached to a question."""
    words = texts.FILES[language]
    place = {"conversation": conversation_id, "turn": turn.number}
    shown = [
        markup.FileLink(
            address=f"{FILES_PATH}?{urlencode(place | {'id': file.id})}",
            name=file.name,
            is_image=file.is_image,
            # That a text was read as text goes without saying.
            note=words[file.read_as] if file.read_as == CUT or (file.read_as and file.kind in LOSSY) else "",
        )
        for file in turn.files
    ]
    return markup.files(shown, words["files"])


def answer_parts(
    turn: Turn,
    language: str,
    standing: Standing,
    models: Mapping[str, str] | None = None,
    *,
    is_last: bool = False,
    thumb: bool | None = None,
    is_kept: bool = True,
) -> list[str]:
    """An answer that has ended, why it is not whole, its sources, and what can be done with it.

    `models` are the names of those among which there is a choice; `thumb` is the one that was given, if any.
    What is not `is_kept` leaves nothing behind in this process.
    """
    notice = _notice(turn.answer, texts.REASONS[language])
    text = turn.answer.text if turn.answer else ""
    reasoned = turn.answer.thought if turn.answer else ""
    backing = turn.answer.backing if turn.answer else None
    if backing:
        parts = cited.answer_parts(text, backing, language, is_kept=is_kept)
        parts += [markup.notice(notice)] if notice else []
        is_whole = turn.answer is not None and not turn.answer.is_being_written(time.time())
        parts += cited.sources(backing, language, standing) if is_whole and text.strip() else []
    else:
        parts = markup.answer_parts(text, is_kept=is_kept)
        parts += [markup.notice(notice)] if notice else []
    if turn.answer and reasoned:
        parts.insert(0, thought.thought(reasoned, turn.answer.thought_ms or 1, language))
    if turn.answer is None or turn.answer.is_being_written(time.time()):
        return parts
    names = texts.ACTIONS[language]
    copies = {"copy": names["copy_answer"], "as-text": names["copy_text"]}
    buttons = copies | _thumbs(thumb, names) if text.strip() else {}
    if models:
        model = models.get(turn.answer.model_id, "")
        buttons["again"] = names["again_after"].format(model=model) if model else names["again"]
    goes_on = is_last and turn.answer.can_go_on(time.time())
    more = [markup.go_on(turn.number, turn.answer.model_id, names["go_on"])] if goes_on else []
    if buttons or more:
        parts.append(markup.actions(turn.number, buttons, *more))
    return parts


def _thumbs(given: bool | None, names: Mapping[str, str]) -> dict[str, str]:
    """The buttons that give an answer a thumb; `static/thumbs.js` knows by its class which one was given."""
    return {
        f"thumb {way}{' given' if given is (way == 'up') else ''}": names[f"thumb_{way}"]
        for way in ("up", "down")
    }


def growing_answer(
    parts: Sequence[str],
    waits_for: str,
    language: str,
    reasoned: str = "",
    *,
    in_line: int = 0,
) -> Any:
    """An answer that is being written, of `growing.LiveAnswer`, and a key of `texts.WAITS` if it has to wait.

    `reasoned` is HTML of `thought.GrowingThought`, and `in_line` its number in line while it has to wait.
    `static/announcements.js` has screen readers say the sentence, which they know by its class.
    """
    waits_for = "in_line" if in_line else waits_for
    told = (
        texts.WAITS[language][waits_for].format(number=texts.number(in_line, language)) if waits_for else ""
    )
    notices = [markup.notice(told, "waits")] if told else []
    first = [reasoned] if reasoned else []
    return chatbot.growing("assistant", [*first, *markup.open_ended(parts), *notices])


def outcome(turns: Sequence[Turn], language: str) -> str:
    """How the last turn's answer ended, for who cannot see it; empty while it is being written."""
    if not turns or (turns[-1].answer and turns[-1].answer.is_being_written(time.time())):
        return ""
    return _notice(turns[-1].answer, texts.REASONS[language]) or texts.SPOKEN[language]["complete"]


def is_whole(turns: Sequence[Turn]) -> bool:
    """Whether the last turn's answer came to its end, so that a message that waits for it may be sent."""
    answer = turns[-1].answer if turns else None
    return answer is not None and answer.status == COMPLETE


def usage_line(conversation: Conversation, language: str) -> str:
    """How many tokens the last turn and the whole conversation took; empty before the first answer."""
    last = conversation.turns[-1] if conversation.turns else None
    if last is None or last.answer is None:
        return ""
    counts = {
        "message": context.estimate_tokens(last.question_text),
        "input": last.answer.input_tokens,
        "output": last.answer.output_tokens,
        "total_input": conversation.input_tokens,
        "total_output": conversation.output_tokens,
    }
    return texts.USAGE[language].format(
        **{name: texts.number(count, language) for name, count in counts.items()}
    )


def _notice(answer: Answer | None, reasons: dict[str, str]) -> str:
    if answer is None:
        return reasons["missing"]
    if answer.is_being_written(time.time()):
        return ""
    if answer.status == STOPPED:
        notice = reasons["stopped"]
    elif answer.status in (COMPLETE, FAILED):
        notice = reasons.get(answer.reason, "") if answer.reason else ""
    else:
        notice = reasons[answer.reason or "interrupted"]
    return notice or ("" if answer.text.strip() else reasons["empty"])
