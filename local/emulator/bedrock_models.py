"""Bedrock's catalog: MiniStack's ends with the models of 2024, and knows none that this machine serves.

The local mode's own models bear the prefix `local.`; a server beside this one answers for them
(`local/bedrock`), and there are no terms to agree to.
"""

from typing import Any

from ministack.services import bedrock

LOCAL = "local."
NEWER = (
    ("amazon.nova-2-lite-v1:0", "Nova 2 Lite", "Amazon", ["TEXT", "IMAGE", "VIDEO"], ["TEXT"], True),
    (
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        "Claude Haiku 4.5",
        "Anthropic",
        ["TEXT", "IMAGE"],
        ["TEXT"],
        True,
    ),
)
PREFIXES = ("global",)

Entry = tuple[str, str, str, list[str], list[str], bool]


def install() -> None:
    bedrock._CATALOG.extend(entry for entry in NEWER if entry not in bedrock._CATALOG)
    bedrock._INFERENCE_PROFILE_PREFIXES = (*bedrock._INFERENCE_PROFILE_PREFIXES, *PREFIXES)
    find = bedrock._find_model
    bedrock._find_model = lambda identifier: _local(identifier) or find(identifier)


def _local(identifier: Any) -> Entry | None:
    """A model of this machine; named as Amazon's, whose models need no agreement."""
    if not isinstance(identifier, str) or not identifier.startswith(LOCAL):
        return None
    return (identifier, identifier, "Amazon", ["TEXT"], ["TEXT"], True)
