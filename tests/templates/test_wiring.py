"""The seam between stacks: a slip is an error on the line where it was made."""

from __future__ import annotations

import pytest
from troposphere import Template

from templates.wiring import Value, add_child, declare, output, parameter, present, publish, seam


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
    child = add_child(root, "Service", Inputs(vpc_id="vpc-1", task_count="2"), Outputs, purpose="A test.")
    publish(root, Outputs(service_url=child.service_url))
    resource = root.to_dict()["Resources"]["Service"]
    assert resource["Properties"] == {
        "TemplateURL": "service.json",
        "Parameters": {"VpcId": "vpc-1", "TaskCount": "2"},
    }
    assert root.to_dict()["Outputs"]["ServiceUrl"]["Value"] == {
        "Fn::GetAtt": ["Service", "Outputs.ServiceUrl"]
    }


def test_a_forgotten_input_is_named() -> None:
    with pytest.raises(TypeError, match="task_count"):
        Inputs(vpc_id="vpc-1")  # pyright: ignore[reportCallIssue]


def test_a_mistyped_input_is_named() -> None:
    with pytest.raises(TypeError, match="task_cuont"):
        Inputs(vpc_id="vpc-1", task_count="1", task_cuont="1")  # pyright: ignore[reportCallIssue]


def test_a_form_that_forgets_a_parameter_is_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        present(Template(), Inputs, {"Network": {"vpc_id": "VPC"}})
