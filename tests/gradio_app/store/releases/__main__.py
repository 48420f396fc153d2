"""Write down what the code of today stores: `python -m tests.gradio_app.store.releases`."""

import json
import subprocess
import time
from typing import Any

import anyio

from gradio_app.store.table import Table
from tests.emulator_fixture import run_emulator
from tests.gradio_app.store.releases import (
    FOLDER,
    write_conversations,
    write_library,
    write_rest_of_a_person,
    write_sign_ins,
    write_what_search_keeps,
)
from tests.gradio_app.tables import create_table


def written(dynamodb: Any, name: str) -> dict[str, Any]:
    """Everything of the story, in a table of that name that is there and empty."""
    now, table = int(time.time()), Table(dynamodb, name)
    write_conversations(table, now)
    write_rest_of_a_person(table, now)
    write_library(table)
    write_what_search_keeps(table)
    tokens = anyio.run(write_sign_ins, table)
    items = dynamodb.scan(TableName=name)["Items"]
    items.sort(key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
    return {"written_at": now, "tokens": tokens, "items": items}


def main() -> None:
    """Write the file of the last commit's day; one that is there already stays."""
    day = subprocess.run(
        ["git", "log", "-1", "--format=%cs"], check=True, capture_output=True, text=True
    ).stdout.strip()
    with run_emulator() as emulator:
        dynamodb = emulator.client("dynamodb")
        create_table(dynamodb, "release")
        stored = written(dynamodb, "release")
    path = FOLDER / f"{day}.json"
    with path.open("x", encoding="utf-8") as file:
        json.dump(stored, file, indent=1, ensure_ascii=False, sort_keys=True)
        file.write("\n")
    print(f"{len(stored['items'])} items in {path}; look at them before you commit.")


if __name__ == "__main__":
    main()
