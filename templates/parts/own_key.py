"""How a stack uses the deployment's own key, when there is one."""

from __future__ import annotations

from troposphere import Equals, If, Not, NoValue, Template

from templates.wiring import Value

HAS_KEY = "HasOwnKey"


def own_key(t: Template, key: Value, *, otherwise: Value = NoValue) -> If:
    """The key as a property's value; when `key` is empty, the name of AWS's own or the property left out."""
    return If(has_own_key(t, key), key, otherwise)


def has_own_key(t: Template, key: Value) -> str:
    """Add the condition that `key` is not empty, once for each template, and return its name."""
    if HAS_KEY not in t.conditions:
        t.add_condition(HAS_KEY, Not(Equals(key, "")))
    return HAS_KEY
