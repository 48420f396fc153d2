"""What changes mean for whoever uses and pays for the deployment: data at stake, and USD a month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from deployer.cloudformation.foreseen import Action, Change
from deployer.cloudformation.intrinsics import Json
from deployer.offline import cost

KEY = "AWS::KMS::Key"
DATA = {
    "AWS::DynamoDB::Table": "conversations, sessions and budgets",
    "AWS::Cognito::UserPool": "users and their passwords",
    "AWS::S3::Bucket": "files",
    KEY: "the key without which nothing that it encrypted can be read",
}
"""By type, what a resource holds that no deployment brings back."""


@dataclass(frozen=True)
class Loss:
    """Data that a change takes away, or that the deployment will not see any more."""

    path: str
    message: str


@dataclass(frozen=True)
class Costs:
    """USD a month, idle and with traffic."""

    idle: float
    busy: float


def losses(changes: Iterable[Change]) -> Iterator[Loss]:
    """Yield what is lost. A key that stays by itself is no loss: what it encrypted can still be read."""
    for change in changes:
        held = DATA.get(change.kind)
        if held and (fate := _fate(change)) and not (change.kind == KEY and change.keeps):
            yield Loss(change.path, f"{change.path} ({held}) {fate}.")


def _fate(change: Change) -> str:
    match change.action, bool(change.keeps):
        case Action.REMOVE, False:
            return "is deleted with all that is in it"
        case Action.REMOVE, True:
            return "leaves the deployment: it stays, and nobody sees it there any more"
        case Action.REPLACE, False:
            return "is replaced by an empty one, and deleted with all that is in it"
        case Action.REPLACE, True:
            return "is replaced by an empty one; it stays by itself, and nobody sees it there any more"
        case Action.PERHAPS_REPLACE, keeps:
            after = "stays by itself" if keeps else "is deleted with all that is in it"
            return f"may be replaced by an empty one, and then {after}"
    return ""


def costs(template: Json, values: Mapping[str, str]) -> Costs | None:
    """What these templates cost; None when they are not this product's, or too old to be told."""
    try:
        return Costs(*cost.total(cost.estimate(template, values)))
    except (LookupError, TypeError, ValueError):
        return None
