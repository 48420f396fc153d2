"""The seam between stacks: a slip is an error on the line where it was made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from troposphere import Template

from templates.wiring import Value, add_child, declare, output, parameter, publish, seam, take


@seam
class Inputs:
    vpc_id: Value = parameter("AWS::EC2::VPC::Id", "Where it runs.")
    task_count: Value = parameter("Number", "How many.", MinValue=1)


@seam
class Outputs:
    service_url: Value = output("Where it answers.")


def test_fields_become_parameters_with_their_constraints() -> None:
    t = Template()
    inputs = declare(t, Inputs)
    assert t.to_dict()["Parameters"]["TaskCount"] == {
        "Type": "Number",
        "Description": "How many.",
        "MinValue": 1,
    }
    publish(t, Outputs(service_url=inputs.vpc_id))
    assert t.to_dict()["Outputs"]["ServiceUrl"] == {
        "Description": "Where it answers.",
        "Value": {"Ref": "VpcId"},
    }


def test_a_child_is_given_its_inputs_and_gives_its_outputs() -> None:
    root = Template()
    module: Any = SimpleNamespace(__name__="stacks.chat_service", Inputs=Inputs, Outputs=Outputs)
    inputs = Inputs(vpc_id="vpc-1", task_count="2")
    child = add_child(root, "Service", module, inputs, purpose="A test.", condition="HasService")
    publish(root, Outputs(service_url=child.service_url))
    resource = root.to_dict()["Resources"]["Service"]
    assert resource["Properties"] == {
        "TemplateURL": "chat_service.json",
        "Parameters": {"VpcId": "vpc-1", "TaskCount": "2"},
    }
    assert resource["Condition"] == "HasService"
    assert root.to_dict()["Outputs"]["ServiceUrl"]["Value"] == {
        "Fn::GetAtt": ["Service", "Outputs.ServiceUrl"]
    }


def test_a_forgotten_input_is_named() -> None:
    with pytest.raises(TypeError, match="task_count"):
        Inputs(vpc_id="vpc-1")  # pyright: ignore[reportCallIssue]


def test_a_mistyped_input_is_named() -> None:
    with pytest.raises(TypeError, match="task_cuont"):
        Inputs(vpc_id="vpc-1", task_count="1", task_cuont="1")  # pyright: ignore[reportCallIssue]


@seam
class Network:
    vpc_id: Value = output("The VPC.")
    vpc_cidr: Value = output("Its addresses.")


NETWORK = Network(vpc_id="vpc-1", vpc_cidr="10.0.0.0/16")


def test_inputs_are_taken_by_their_names_from_who_has_them() -> None:
    assert take(Inputs, NETWORK, task_count="2") == Inputs(vpc_id="vpc-1", task_count="2")


def test_what_is_given_goes_over_what_a_source_has() -> None:
    other = Network(vpc_id="vpc-2", vpc_cidr="10.1.0.0/16")
    chosen = take(Network, NETWORK, vpc_id=other.vpc_id)
    assert chosen == Network(vpc_id="vpc-2", vpc_cidr="10.0.0.0/16")


def test_an_input_that_nobody_has_is_named() -> None:
    with pytest.raises(TypeError, match="task_count"):
        take(Inputs, NETWORK)


def test_what_is_no_input_is_named() -> None:
    with pytest.raises(TypeError, match="task_cuont"):
        take(Inputs, NETWORK, task_count="1", task_cuont="1")


def test_an_input_that_two_have_is_not_chosen_by_chance() -> None:
    with pytest.raises(ValueError, match="vpc_id"):
        take(Inputs, NETWORK, Inputs(vpc_id="vpc-2", task_count="1"))


def test_a_source_that_has_nothing_is_named() -> None:
    with pytest.raises(ValueError, match="Outputs has nothing for Inputs"):
        take(Inputs, NETWORK, Outputs(service_url="https://example.com"), task_count="1")
