"""`python -m benchmarks.answers.rivals.people PRODUCT ADDRESS COUNT`: people of a rival, in its environment.

They load their pages, say `open`, ask as each line of the standard input tells (a `Load` in JSON), and tell
in a line how the answers came; they leave when there are no more lines.
"""

import asyncio
import importlib
import json
import sys
from dataclasses import asdict

from benchmarks.answers.crowd import Load, People


async def main(product: str, address: str, count: str) -> None:
    """Until the input ends."""
    person = importlib.import_module(f"benchmarks.answers.rivals.{product}.person").Person
    people = People([person(address) for _ in range(int(count))])
    await people.open()
    print("open", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        found = await people.ask(Load(**json.loads(line)))
        print(json.dumps([each and asdict(each) for each in found]), flush=True)
    await people.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
