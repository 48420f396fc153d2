"""InvokeModel as Amazon Titan Text Embeddings V2 takes it, and its answer: pure translation.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.bedrock.errors import malformed
from local.bedrock.shapes import structure

MODEL_ID = "amazon.titan-embed-text-v2:0"
DIMENSIONS = (1024, 512, 256)
TYPES = ("float", "binary")
MOST_CHARACTERS = 50_000
FIELDS = {"inputText", "dimensions", "normalize", "embeddingTypes"}


@dataclass(frozen=True)
class Asked:
    """What is to be made of which text."""

    text: str
    dimensions: int
    types: tuple[str, ...]


def asked(request: object) -> Asked:
    """Read the body of a request. Raises ApiError.

    `normalize` is checked and makes no difference: the local model's vectors have length 1 by themselves.
    """
    fields = structure(request, "#")
    for name in fields.keys() - FIELDS:
        raise malformed(f"#: extraneous key [{name}] is not permitted")
    text = fields.get("inputText")
    if not isinstance(text, str):
        raise malformed(
            "#: required key [inputText] not found" if text is None else "#/inputText: not a string"
        )
    if not text:
        raise malformed("expected minLength: 1, actual: 0")
    if len(text) > MOST_CHARACTERS:
        raise malformed(f"expected maxLength: {MOST_CHARACTERS}, actual: {len(text)}")
    dimensions = fields.get("dimensions", DIMENSIONS[0])
    if isinstance(dimensions, bool) or dimensions not in DIMENSIONS:
        raise malformed(f"#/dimensions: {dimensions} is not a valid enum value")
    if not isinstance(fields.get("normalize", True), bool):
        raise malformed("#/normalize: not a boolean")
    return Asked(text, dimensions, _types(fields.get("embeddingTypes", ["float"])))


def answer(asked: Asked, vector: Sequence[float], tokens: int) -> dict[str, Any]:
    """Return the body of the answer for a vector of the local model."""
    numbers = _fitted(vector, asked.dimensions)
    by_type: dict[str, list[float] | list[int]] = {}
    if "float" in asked.types:
        by_type["float"] = numbers
    if "binary" in asked.types:
        by_type["binary"] = [int(number > 0) for number in numbers]
    plain = {"embedding": numbers} if "float" in asked.types else {}
    return {**plain, "embeddingsByType": by_type, "inputTextTokenCount": tokens}


def _types(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise malformed("#/embeddingTypes: expected minimum item count: 1")
    for each in value:
        if each not in TYPES:
            raise malformed(f"#/embeddingTypes: {each} is not a valid enum value")
    return tuple(value)


def _fitted(vector: Sequence[float], dimensions: int) -> list[float]:
    """Zeros behind a vector change no angle to another; of one that is cut the length is 1 again."""
    numbers = [*vector[:dimensions], *[0.0] * (dimensions - len(vector))]
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]
