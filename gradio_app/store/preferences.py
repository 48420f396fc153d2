"""What a person chose last, the default of the next conversation."""

from dataclasses import dataclass

from gradio_app.store import schema
from gradio_app.store.table import Table

RARE = ("effort", "service_tier")
"""What most people never choose, and an item has only where they did."""


@dataclass(frozen=True)
class Preferred:
    """A model and its settings; whether they are still on offer is the reader's to check."""

    model_id: str
    temperature: float
    max_tokens: int
    effort: str = ""
    service_tier: str = ""


class Preferences:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, user_id: str, preferred: Preferred) -> None:
        """Remember a choice in place of the one before."""
        key = {"pk": schema.person(user_id), "sk": schema.PREFERENCES}
        self._table.put(
            {
                **key,
                "model_id": preferred.model_id,
                "temperature": preferred.temperature,
                "max_tokens": preferred.max_tokens,
                **{name: value for name in RARE if (value := getattr(preferred, name))},
            }
        )

    def find(self, user_id: str) -> Preferred | None:
        """The last choice, if there was one."""
        item = self._table.get(schema.person(user_id), schema.PREFERENCES)
        if item is None:
            return None
        rare = {name: item.get(name, "") for name in RARE}
        return Preferred(item["model_id"], float(item["temperature"]), item["max_tokens"], **rare)
