"""A running deployment stays in its network; everything else may change."""

from __future__ import annotations

import pytest

from deployer.cloudformation.other_network import refuse_changes
from deployer.errors import UsageError

OWN = {"Egress": "nat", "VpcCidr": "10.42.0.0/16", "ExistingVpcId": "", "TaskCount": "2"}
EXISTING = OWN | {"Egress": "existing", "ExistingVpcId": "vpc-0123456789abcdef0"}


@pytest.mark.parametrize(
    ("deployed", "wanted", "sentence"),
    [
        (OWN, EXISTING, "Egress cannot be changed from nat to existing"),
        (EXISTING, OWN, "Egress cannot be changed from existing to nat"),
        (OWN, OWN | {"VpcCidr": "10.43.0.0/16"}, "VpcCidr cannot be changed, 10.42.0.0/16 is deployed"),
        (
            EXISTING,
            EXISTING | {"ExistingVpcId": "vpc-0123456789abcdef1"},
            "ExistingVpcId cannot be changed, vpc-0123456789abcdef0 is deployed",
        ),
    ],
)
def test_another_network_is_refused_with_the_ways_out(
    deployed: dict[str, str], wanted: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence) as error:
        refuse_changes(deployed, wanted)
    assert "destroy it and deploy again, or deploy beside it under another name" in str(error.value)


@pytest.mark.parametrize(
    ("deployed", "wanted"),
    [
        ({}, EXISTING),
        (OWN, OWN | {"Egress": "endpoints", "TaskCount": "3"}),
        (OWN, OWN | {"ExistingVpcId": "vpc-0123456789abcdef0"}),
        (EXISTING, EXISTING | {"VpcCidr": "10.43.0.0/16"}),
    ],
)
def test_what_leaves_the_network_alone_is_accepted(deployed: dict[str, str], wanted: dict[str, str]) -> None:
    refuse_changes(deployed, wanted)
