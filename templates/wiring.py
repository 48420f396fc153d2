"""The seam between stacks: dataclass fields become Parameters, Outputs and `Fn::GetAtt Child.Outputs.X`.

A child declares what it takes and what it gives as two classes marked with `@seam`. This is the only module
that turns their field names into CloudFormation names, so a mistyped name is an AttributeError (and a pyright
error) and a forgotten one a TypeError, long before CloudFormation sees it.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol, TypeVar, dataclass_transform

from troposphere import AWSHelperFn, GetAtt, Output, Parameter, Template
from troposphere import cloudformation as cfn

Value = AWSHelperFn | str
"""What a stack input or output can be: an intrinsic function or a literal."""

S = TypeVar("S")


def parameter(cfn_type: str, description: str, **constraints: Any) -> Any:
    """Field of an Inputs class: a template parameter without a default (only the root has defaults)."""
    return dataclasses.field(metadata={"Type": cfn_type, "Description": description, **constraints})


def output(description: str) -> Any:
    """Field of an Outputs class."""
    return dataclasses.field(metadata={"Description": description})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(parameter, output))
def seam(cls: type[S]) -> type[S]:
    """Make `cls` a frozen dataclass with keyword arguments, each one required."""
    return dataclasses.dataclass(frozen=True, kw_only=True)(cls)


def new_template(description: str) -> Template:
    """An empty template with its description."""
    t = Template(Description=description)
    t.set_version()
    return t


def declare(t: Template, inputs: type[S]) -> S:
    """Add a Parameter to `t` for every field of `inputs`; the result's fields refer to them."""
    return inputs(
        **{
            field.name: Parameter(_pascal(field.name), template=t, **field.metadata).ref()
            for field in _fields(inputs)
        }
    )


def take(fields: type[S], *sources: object, **given: Value) -> S:
    """Fill the fields of an Inputs or Outputs class: with what is `given`, or what a source calls the same.

    A source is an instance of such a class too: parameters, or what a child gives. Raises TypeError for a
    field that nobody fills and for what is no field; ValueError for one that two sources fill, and for a
    source that fills none.
    """
    open_fields = {field.name for field in _fields(fields)} - given.keys()
    filled: dict[str, Value] = {}
    for source in sources:
        here = {field.name for field in _fields(source)} & open_fields
        if not here:
            raise ValueError(f"{type(source).__qualname__} has nothing for {fields.__qualname__}")
        if twice := sorted(here & filled.keys()):
            raise ValueError(f"more than one source has {', '.join(twice)}: say which")
        filled |= {name: getattr(source, name) for name in here}
    return fields(**filled, **given)


def pin(t: Template, field_name: str, value: str) -> None:
    """Let `t` accept no other value of a parameter than the one that its text was written for."""
    declared = t.parameters[_pascal(field_name)]
    declared.AllowedValues = [value]
    if "Default" in declared.properties:
        declared.Default = value


def publish(t: Template, outputs: object, *, condition: str | None = None) -> None:
    """Add an Output to `t` for every field of `outputs`; with a condition, only while it holds."""
    only_if = {} if condition is None else {"Condition": condition}
    for field in _fields(outputs):
        Output(
            _pascal(field.name),
            template=t,
            Description=field.metadata["Description"],
            Value=getattr(outputs, field.name),
            **only_if,
        )


class Child(Protocol[S]):
    """What the module of a stack looks like to its parent."""

    __name__: str
    Inputs: type
    Outputs: type[S]


def add_child(
    t: Template, title: str, child: Child[S], inputs: object, *, purpose: str, condition: str | None = None
) -> S:
    """Nest the stack of the module `child`; the result is what it gives.

    The TemplateURL is the name of the file beside the root's own: cfn-lint follows it to check parent against
    child, and the deployer replaces it by the address of the uploaded file.
    """
    only_if: dict[str, Any] = {} if condition is None else {"Condition": condition}
    stack = cfn.Stack(
        title,
        t,
        TemplateURL=f"{child.__name__.rpartition('.')[-1]}.json",
        Parameters={_pascal(field.name): getattr(inputs, field.name) for field in _fields(inputs)},
        # The child goes with its parent; what it retains stays behind, child or not.
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=describe(purpose),
        **only_if,
    )
    outputs = child.Outputs
    return outputs(
        **{field.name: GetAtt(stack, f"Outputs.{_pascal(field.name)}") for field in _fields(outputs)}
    )


def present(t: Template, inputs: type, groups: dict[str, dict[str, str]]) -> None:
    """Arrange the parameters of `inputs` as a form in the console: group title -> field name -> label.

    Raises ValueError unless every field stands in exactly one group.
    """
    arranged = [name for labels in groups.values() for name in labels]
    if sorted(arranged) != sorted(field.name for field in _fields(inputs)):
        raise ValueError("the groups of the form and the fields of the parameters differ")
    t.set_metadata(
        {
            "AWS::CloudFormation::Interface": {
                "ParameterGroups": [
                    {"Label": {"default": title}, "Parameters": [_pascal(name) for name in labels]}
                    for title, labels in groups.items()
                ],
                "ParameterLabels": {
                    _pascal(name): {"default": label}
                    for labels in groups.values()
                    for name, label in labels.items()
                },
            }
        }
    )


def describe(purpose: str) -> dict[str, dict[str, str]]:
    """Resource metadata that tells a reader of the console, in plain English, what the resource is for.

    CloudFormation's own schema for it:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-metadata.html
    """
    return {"com.aws.cloudformation.Context": {"why": purpose}}


def _fields(seam_class: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(seam_class)


def _pascal(field_name: str) -> str:
    return "".join(word.capitalize() for word in field_name.split("_"))
