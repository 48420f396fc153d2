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
_FORM = "form"
_OWNER = "owner"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Form:
    """What a person is shown of a parameter besides its description; `see` is a page that says more."""

    label: str
    example: str
    see: str


def parameter(
    cfn_type: str, description: str, *, label: str = "", example: str = "", see: str = "", **constraints: Any
) -> Any:
    """Field of an Inputs class: a template parameter. Only the root has defaults, and a form."""
    form = Form(label=label, example=example, see=see)
    return dataclasses.field(
        metadata={"Type": cfn_type, "Description": description, **constraints, _FORM: form}
    )


def same(owner: type, cfn_type: str) -> Any:
    """Field of an Inputs class: described like the field of the same name in `owner`."""
    return dataclasses.field(metadata={_OWNER: owner, "Type": cfn_type})


def output(description: str) -> Any:
    """Field of an Outputs class."""
    return dataclasses.field(metadata={"Description": description})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(parameter, same, output))
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
            field.name: Parameter(_pascal(field.name), template=t, **_declaration(field)).ref()
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shown:
    """A parameter as a person is shown it: its CloudFormation name, its declaration, its form."""

    name: str
    declaration: dict[str, Any]
    form: Form


def groups(inputs: type) -> dict[str, list[Shown]]:
    """The parameters of `inputs` by group: each of its bases is one, named by its docstring.

    Raises ValueError, which names the field, for one without a label.
    """
    return {
        str(base.__doc__): [
            Shown(name=_pascal(field.name), declaration=_declaration(field), form=_form(field))
            for field in _fields(base)
        ]
        for base in inputs.__bases__
    }


def present(t: Template, inputs: type) -> None:
    """Arrange the parameters of `inputs`, which has groups, as a form in the console."""
    arranged = groups(inputs)
    t.set_metadata(
        {
            "AWS::CloudFormation::Interface": {
                "ParameterGroups": [
                    {"Label": {"default": title}, "Parameters": [each.name for each in members]}
                    for title, members in arranged.items()
                ],
                "ParameterLabels": {
                    each.name: {"default": each.form.label}
                    for members in arranged.values()
                    for each in members
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


def _declaration(field: dataclasses.Field[Any]) -> dict[str, Any]:
    """What CloudFormation is told of an input."""
    declared = {key: value for key, value in field.metadata.items() if key not in (_FORM, _OWNER)}
    owner = field.metadata.get(_OWNER)
    if owner is None:
        return declared
    original = next((each.metadata for each in _fields(owner) if each.name == field.name), None)
    if original is None:
        raise TypeError(f"{field.name} is not in {owner.__qualname__}: describe it")
    declared["Description"] = original["Description"]
    if declared["Type"] == original["Type"] and "AllowedValues" in original:
        declared["AllowedValues"] = original["AllowedValues"]
    return declared


def _form(field: dataclasses.Field[Any]) -> Form:
    form = field.metadata.get(_FORM)
    if form is None or not form.label:
        raise ValueError(f"{field.name} has no label: give it one where it is declared")
    return form


def _pascal(field_name: str) -> str:
    return "".join(word.capitalize() for word in field_name.split("_"))
