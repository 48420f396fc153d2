"""AWS::LanguageExtensions: the transform also resolves DeletionPolicy and UpdateReplacePolicy.

MiniStack resolves them only when it acts on them, so that GetTemplate's processed stage and change sets show
expressions where AWS shows values.
"""

from typing import Any

from ministack.services.cloudformation import engine, language_extensions

POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
Template = dict[str, Any]


def install() -> None:
    original = language_extensions.apply

    def apply(template: Template, parameters: dict[str, Any]) -> Template:
        processed = original(template, parameters)
        values = {name: {"Value": value} for name, value in parameters.items()}
        conditions = engine._evaluate_conditions(processed, values)
        for resource in processed["Resources"].values():
            for name in POLICIES:
                if isinstance(resource.get(name), dict):
                    resource[name] = engine._resolve_refs(
                        resource[name], {}, values, conditions, processed.get("Mappings", {}), "", ""
                    )
        return processed

    language_extensions.apply = apply
