"""Whether people have documents to ask: what several stacks need to know of it."""

from __future__ import annotations

from troposphere import Equals, Not, Template

from templates.wiring import Value

VECTOR_INDEX = "by-meaning"
"""The table's vector index: the data stack makes it, and the tasks may search it alone."""


def has_library(t: Template, embedding_model_id: Value) -> str:
    """Add the condition that there is a model for documents; its name."""
    return t.add_condition("HasLibrary", Not(Equals(embedding_model_id, "")))
