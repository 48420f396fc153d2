"""What a call may cost at most, and what it is charged in the end: pure functions.

What is set aside before a call is an upper bound in truth, whatever the model's tokenizer makes of the text;
how much of a day's tokens is set aside and spent is in `store.usage`.
"""

import unicodedata
from collections.abc import Sequence

from gradio_app.chat import context, inputs, service_tiers
from gradio_app.chat.caching import Caching
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.inputs import Said
from gradio_app.chat.model import Counts

MESSAGE_TOKENS = 32
"""At most what a model's own template puts around a message: role, separators, blanks."""
REQUEST_TOKENS = 256
"""At most what it puts around all of them, such as the date or instructions of its own."""
COUNTED_TOKENS = 64
"""What a count by Bedrock is raised by."""


def most_tokens(text: str) -> int:
    """No tokenizer makes more tokens of a text than this.

    Each token stands for at least one byte of what is read, and that is the text or its compatibility form,
    in which a single character can become eighteen.
    """
    if text.isascii():
        return len(text)
    forms = (text, unicodedata.normalize("NFKC", text))
    return max(len(form.encode("utf-8", "replace")) for form in forms)


def most_read(system: str, parts: Sequence[tuple[str, Said]]) -> int:
    """The most tokens that a whole request can be charged for as input."""
    messages = sum(most_tokens(text) + MESSAGE_TOKENS for _, said in parts for text in inputs.words_in(said))
    # Of an image or a PDF the most is what its makers publish: nobody can tell more before the model has seen
    # it.
    files = sum(native.most + MESSAGE_TOKENS for _, said in parts for native in inputs.natives_in(said))
    return messages + files + most_tokens(system) + MESSAGE_TOKENS + REQUEST_TOKENS


def most_read_after(
    before: Conversation, oldest: int, model_id: str, system: str, parts: Sequence[tuple[str, Said]]
) -> int:
    """The same, by what Bedrock counted for the answer before: the model read nearly all of it then already.

    What is new are the last answer and the question, and maybe the instructions with their summary. `oldest`
    is the number of the oldest turn that is sent. Nothing but the bound is left where that answer is another
    model's, was not counted to its end, or was written with less of the conversation.
    """
    most = most_read(system, parts)
    last = before.turns[-1].answer if before.turns else None
    is_sent = last is not None and len(parts) > 1 and parts[-2] == ("ai", last.text)
    if last is None or not is_sent or last.model_id != model_id or not 0 < last.counted_from <= oldest:
        return most
    return min(most, last.input_tokens + most_read(system, parts[-2:]))


def least(question: str) -> int:
    """What a stored question costs in any case, so that storage is not to be had for nothing."""
    return context.estimate_tokens(question) + context.MESSAGE_TOKENS


def written(text: str, pieces: int) -> int:
    """A guess of the tokens of what a model wrote; each piece of a stream is one token or more."""
    return max(context.estimate_tokens(text), pieces)


def charge(
    reserved: int,
    least: int,
    counts: Counts | None,
    cache: Caching,
    *,
    read: int = 0,
    counted: int | None = None,
    output: int = 0,
    tier: str = "",
) -> int:
    """What a call is charged.

    Args:
        reserved: what was set aside for it.
        least: what its question costs in any case.
        counts: Bedrock's own, if the call came to its end.
        cache: what tokens count that were read from the model's prompt cache, or written to it.
        read: the most that the model can have read; 0 if it has certainly not seen the request.
        counted: what Bedrock counts for the request and what was written, if it was asked.
        output: tokens of what was written.
        tier: the service tier that was asked for; what it was served by is in `counts`.
    """
    if counts:
        read_tokens = cache.weighed(counts.input_tokens, counts.cache_read_tokens, counts.cache_write_tokens)
        served = counts.service_tier or tier
        return max(least, service_tiers.weighed(read_tokens + counts.output_tokens, served))
    if not read:
        return least
    tokens = read + output if counted is None else counted
    return min(reserved, max(least, service_tiers.weighed(tokens, tier)))
