"""AWS Budgets: MiniStack serves them, its CloudFormation cannot create them."""

from ministack.services import budgets

from local.emulator.registry import Attributes, Properties, add, succeeded


def install() -> None:
    add("AWS::Budgets::Budget", _create, _delete, _update)


def _create(logical_id: str, properties: Properties, stack: str) -> tuple[str, Attributes]:
    name = properties["Budget"].get("BudgetName") or f"{stack}-{logical_id}"
    succeeded(budgets._create_budget({**properties, "Budget": _named(properties, name)}))
    return name, {}


def _update(physical_id: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, Attributes]:
    """Its notifications are replaced with it, as CloudFormation does."""
    _delete(physical_id, {})
    succeeded(budgets._create_budget({**new, "Budget": _named(new, physical_id)}))
    return physical_id, {}


def _delete(physical_id: str, _properties: Properties) -> None:
    if physical_id in budgets._budgets:
        succeeded(budgets._delete_budget({"BudgetName": physical_id}))


def _named(properties: Properties, name: str) -> Properties:
    budget = properties["Budget"]
    limit = budget["BudgetLimit"]
    return budget | {"BudgetName": name, "BudgetLimit": limit | {"Amount": str(limit["Amount"])}}
