"""How full the room for what was said is, and what the last request consisted of: HTML, a pure function."""

from gradio_app.chat import filling
from gradio_app.chat.caching import Caching
from gradio_app.chat.conversation import Answer, Conversation
from gradio_app.chat.filling import Filling
from gradio_app.page import texts
from gradio_app.page.encoding import encoded
from gradio_app.page.meter_texts import METER


def meter(conversation: Conversation, window: int, cache: Caching, language: str) -> str:
    """The meter behind the last answer; empty where nothing is known of its request.

    `window` is how many tokens the model takes, 0 where that is not known, and `cache` how the prompt cache
    works of the one that answered.
    """
    answer = conversation.turns[-1].answer if conversation.turns else None
    if answer is None or not answer.made_of or not answer.input_tokens:
        return ""
    told, words = filling.from_json(answer.made_of), METER[language]
    percent = min(told.percent, 100)
    is_old = told.summarized_to != conversation.summarized_to
    name = words["new"] if is_old else words["name"].format(percent=percent)
    bar = (
        "" if is_old else f'<meter min="0" max="100" high="80" value="{percent}" aria-hidden="true"></meter>'
    )
    told_of = _sentences(conversation, answer, window, cache, language)
    sentences = "".join(f"<p>{encoded(each)}</p>" for each in told_of)
    return (
        f"<details><summary>{bar}<span>{encoded(name)}</span></summary>"
        f'<div class="inside">{sentences}{_parts(answer, told, window, language)}</div></details>'
    )


def _sentences(
    conversation: Conversation, answer: Answer, window: int, cache: Caching, language: str
) -> list[str]:
    words, read, written = METER[language], answer.cache_read_tokens, answer.cache_write_tokens
    saved = conversation.cache_saved_tokens
    told: list[tuple[str, dict[str, int]]] = [
        (
            "counted" if answer.counted_from else "guessed",
            {"input": answer.input_tokens, "output": answer.output_tokens},
        )
    ]
    if read or written:
        weighed = cache.weighed(read + written, read, written)
        told.append(("cache", {"read": read, "written": written, "counted": weighed}))
    if saved:
        told.append(("cache_saved" if saved > 0 else "cache_cost", {"saved": abs(saved)}))
    if answer.service_tier:
        told.append((answer.service_tier, {}))
    told.append(("window", {"window": window}) if window else ("unknown_window", {}))
    told.append(("limit", {}))
    return [_filled(words[key], language, **counts) for key, counts in told]


def _parts(answer: Answer, told: Filling, window: int, language: str) -> str:
    words = METER[language]
    rows = [(words[name], tokens) for name, tokens in told.shares(answer.input_tokens).items()]
    if window and answer.max_tokens:
        rows.append((words["answer"], answer.max_tokens))
    cells = "".join(
        f'<tr><th scope="row">{encoded(name)}</th><td>{texts.number(tokens, language)}</td></tr>'
        for name, tokens in rows
    )
    return f"<table><caption>{encoded(words['parts'])}</caption><tbody>{cells}</tbody></table>"


def _filled(sentence: str, language: str, **counts: int) -> str:
    return sentence.format(**{name: texts.number(count, language) for name, count in counts.items()})
