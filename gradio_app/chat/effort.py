"""How much a model reasons before it answers, where a person may choose that: as langchain's profiles say.

What is reasoned is charged as what is written, and is part of the answer's maximum:
https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
"""

import re
from collections.abc import Mapping
from typing import Any

LEVELS = ("none", "low", "medium", "high", "xhigh", "max")
"""All that there are; empty is what a model does when it is told nothing."""
WITHOUT_MAXIMUM = re.compile(r"amazon\.nova-2")
"""The models that take no maximum of tokens with "high": nobody could say what to set aside for an answer.
https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html"""
NOT_ADAPTIVE = re.compile(r"anthropic\.claude-opus-4-5")
"""The one whose profile has levels and that takes no adaptive thinking, by which they are told."""


def efforts(model_behind: str, profile: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The levels on offer for a foundation model, the lowest first; none for most."""
    if NOT_ADAPTIVE.search(model_behind):
        return ()
    told = (profile or {}).get("reasoning_effort_levels") or ()
    found = [level for level in LEVELS if level in told]
    if not found:
        return ()
    if WITHOUT_MAXIMUM.search(model_behind):
        found = [level for level in found if level != "high"]
    from langchain_aws.utils import reasoning_effort_additional_fields  # see `late`

    return tuple(level for level in found if reasoning_effort_additional_fields(model_behind, level))


def takes_temperature(model_behind: str, effort: str) -> bool:
    """Whether a model takes a temperature when it is told how much to reason; Claude's refuse it then.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    """
    return not effort or "anthropic.claude" not in model_behind
