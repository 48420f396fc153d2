"""Few combinations in which every two choices meet: most faults of combinations are faults of a pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product

Combination = dict[str, str]
"""By the name of what is chosen, the name of the choice."""


def pairwise(
    choices: Mapping[str, Sequence[str]], allowed: Callable[[Combination], bool]
) -> list[Combination]:
    """Combinations that hold every pair of choices that some allowed combination holds.

    `allowed` is asked of whole combinations, and also of a part of one. Greedy and deterministic:
    what has most choices comes first, which makes the fewest combinations.
    """
    names = sorted(choices, key=lambda name: -len(choices[name]))
    missing = {
        ((a, x), (b, y))
        for a, b in combinations(names, 2)
        for x, y in product(choices[a], choices[b])
        if allowed({a: x, b: y})
    }
    found = []
    while missing:
        combination = _grown(dict(min(missing)), names, choices, allowed, missing)
        covered = _pairs(combination, names) & missing
        if not covered:
            raise ValueError(f"no whole combination holds {min(missing)}")
        found.append(combination)
        missing -= covered
    return found


def _grown(
    combination: Combination,
    names: Sequence[str],
    choices: Mapping[str, Sequence[str]],
    allowed: Callable[[Combination], bool],
    missing: set[tuple[tuple[str, str], tuple[str, str]]],
) -> Combination:
    """Add the other choices one by one, each time the allowed one that covers most of what is missing."""
    for name in names:
        if name in combination:
            continue
        possible = [combination | {name: choice} for choice in choices[name]]
        combination = max(
            filter(allowed, possible), key=lambda candidate: len(_pairs(candidate, names) & missing)
        )
    return combination


def _pairs(combination: Combination, names: Sequence[str]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    chosen = [(name, combination[name]) for name in names if name in combination]
    return set(combinations(chosen, 2))
