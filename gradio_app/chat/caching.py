"""Bedrock's prompt cache: where a request is marked for it, and what its tokens then count: pure functions.

Bedrock keeps what a model made of a request up to a marked place for five minutes after it was last read, and
finds it again when another request begins with exactly the same. So the places are those up to which the next
question's request will be the same: behind this question, and behind the one before, where the last request
was marked. What is marked too early, below a model's least number of tokens, is read as if it were not:
https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gradio_app.chat import inputs
from gradio_app.chat.conversation import Turn
from gradio_app.chat.inputs import Said

LOCAL_PREFIX = "local."
CLAUDE = re.compile(r"anthropic\.claude-(?:3-7|3-5-haiku|(?:opus|sonnet|haiku|fable)-[4-9])")
NOVA = re.compile(r"amazon\.nova-(?:2-lite|micro|lite|pro|premier)-")
"""The models that take cache points in Converse, by their model cards of November 2026; others refuse them:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-cards.html"""
POINT = {"cachePoint": {"type": "default"}}
"""The block of Converse that marks a place; what is kept is kept for five minutes."""


@dataclass(frozen=True)
class Caching:
    """How a model's prompt cache works; all weights are in percent of a token that is read without it.

    Attributes:
        is_marked: whether requests are marked for it; some models cache without.
        takes_files: whether images and documents may be in what is kept.
        read: what a token counts that is read from it.
        written: what a token counts that is written to it.
    """

    is_marked: bool = False
    takes_files: bool = True
    read: int = 100
    written: int = 100

    def weighed(self, tokens: int, read: int, written: int) -> int:
        """What so many tokens of input count, of which so many were read from the cache and written to it."""
        plain = max(0, tokens - read - written)
        return -(-(100 * plain + self.read * read + self.written * written) // 100)

    def saved(self, read: int, written: int) -> int:
        """How many tokens less than without the cache count, of what was read from it and written to it.

        Less than nothing where more was written than read.
        """
        return read + written - self.weighed(read + written, read, written)

    def most(self, tokens: int) -> int:
        """The most that so many tokens of input can count."""
        return self.weighed(tokens, 0, tokens) if self.is_marked else tokens


NONE = Caching()
OF_CLAUDE = Caching(is_marked=True, read=10, written=125)
OF_NOVA = Caching(is_marked=True, takes_files=False, read=25)
"""By the prices of both in https://aws.amazon.com/bedrock/pricing/, the same for each model of a maker."""


def caching(model_id: str) -> Caching:
    """The prompt cache of a foundation model, or of a local one, whose server counts as Claude's does."""
    if CLAUDE.search(model_id) or model_id.startswith(LOCAL_PREFIX):
        return OF_CLAUDE
    return OF_NOVA if NOVA.search(model_id) else NONE


def points(
    cache: Caching, unsummed: Sequence[Turn], parts: Sequence[tuple[str, Said]], *, grounded: bool
) -> frozenset[int]:
    """Behind which messages of a request to mark it: (role, said) from `context.messages`.

    Not where turns were left out at the beginning, for then it begins otherwise the next time. Passages go
    along with their own question only: what is the same the next time then ends with the answer before.
    """
    kept = len(parts) // 2
    if not cache.is_marked or kept < len(unsummed):
        return frozenset()
    if not cache.takes_files and any(inputs.natives_in(said) for _, said in parts):
        return frozenset()
    asked = [(2 * number, bool(turn.answer and turn.answer.backing)) for number, turn in enumerate(unsummed)]
    ends = [index - 1 if with_passages else index for index, with_passages in [*asked, (2 * kept, grounded)]]
    return frozenset(index for index in ends[-2:] if index >= 0)
