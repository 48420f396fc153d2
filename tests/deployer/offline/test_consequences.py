"""What changes mean for data and the bill."""

from __future__ import annotations

import pytest

from deployer.cloudformation.foreseen import Action, Change
from deployer.offline import compared, consequences
from deployer.offline.profiles import checked, rendered

TABLE, KEY = "AWS::DynamoDB::Table", "AWS::KMS::Key"


def lost(action: Action, keeps: bool | None = None, kind: str = TABLE) -> str:
    change = Change(path="Data/Table", kind=kind, action=action, keeps=keeps)
    return " ".join(loss.message for loss in consequences.losses([change]))


@pytest.mark.parametrize(
    ("action", "keeps", "words"),
    [
        (Action.ADD, None, ""),
        (Action.MODIFY, None, ""),
        (Action.REMOVE, False, "is deleted with all that is in it"),
        (Action.REMOVE, None, "is deleted with all that is in it"),
        (Action.REMOVE, True, "leaves the deployment: it stays"),
        (Action.REPLACE, False, "is replaced by an empty one, and deleted"),
        (Action.REPLACE, None, "is replaced by an empty one, and deleted"),
        (Action.REPLACE, True, "is replaced by an empty one; it stays by itself"),
        (Action.PERHAPS_REPLACE, True, "may be replaced by an empty one, and then stays"),
        (Action.PERHAPS_REPLACE, None, "may be replaced by an empty one, and then is deleted"),
    ],
)
def test_every_fate_of_data_is_told(action: Action, keeps: bool | None, words: str) -> None:
    assert words in lost(action, keeps)
    assert bool(lost(action, keeps)) == bool(words)


@pytest.mark.parametrize("kind", sorted(consequences.DATA))
def test_every_kind_of_data_counts(kind: str) -> None:
    assert lost(Action.REMOVE, False, kind)


def test_a_key_that_stays_is_no_loss_and_what_holds_no_data_neither() -> None:
    assert lost(Action.REMOVE, True, KEY) == ""
    assert lost(Action.REMOVE, False, KEY)
    assert lost(Action.REMOVE, False, "AWS::EC2::VPC") == ""


def test_the_bill_is_that_of_make_cost() -> None:
    values = checked({})
    found = consequences.costs(compared.whole(rendered(), values), values)
    assert found
    assert 80 < found.idle < found.busy < 200
    assert consequences.costs({"Resources": {}}, {}) is None
