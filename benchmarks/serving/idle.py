"""The part `idle`: what signed-in people leave on a task who have the page open and do nothing."""

import asyncio
import resource
import time
from typing import Any

from benchmarks.answers.person import Person
from benchmarks.answers.running import world
from benchmarks.processes import processor_seconds, resident_bytes

WARM_PAGES = 200
"""After which whatever is made once is made."""
WATCH_SECONDS = 30
MIB = 1024 * 1024


def run(pages: int) -> dict[str, Any]:
    """Open so many pages, each of another person: what they hold in memory, and take while they idle."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection for each page, there and here
    with world() as around, around.application() as (address, pid):
        people = [Person(address, around.signed_in(f"idle-{number}")) for number in range(WARM_PAGES + pages)]

        async def open_pages() -> dict[str, Any]:
            for person in people[:WARM_PAGES]:
                await person.open()
            before, alone = resident_bytes(pid), await _idle_share(pid)
            for person in people[WARM_PAGES:]:
                await person.open()
            found = {"pages": pages, "resident bytes": [before, resident_bytes(pid)]}
            return found | {"share of a processor": [alone, await _idle_share(pid)]}

        found = asyncio.run(open_pages())
    before, after = found["resident bytes"]
    alone, idle = found["share of a processor"]
    print(
        f"{pages} idle pages hold {(after - before) / pages / 1024:.1f} KiB each: "
        f"{before / MIB:.1f} MiB before, {after / MIB:.1f} MiB after"
    )
    print(f"they take {100 * idle:.2f} % of a processor, {WARM_PAGES} of them {100 * alone:.2f} %")
    return found


async def _idle_share(pid: int) -> float:
    before, begun = processor_seconds(f"{pid}"), time.monotonic()
    await asyncio.sleep(WATCH_SECONDS)
    return (processor_seconds(f"{pid}") - before) / (time.monotonic() - begun)
