"""Accept the templates as they are now as the golden ones: `python -m tests.templates.accept_golden`."""

from __future__ import annotations

import generate
from tests.templates.stacks import GOLDEN, TAG


def main() -> None:
    """Replace tests/golden by what the templates render now, and remove what they render no more."""
    written = generate.write(GOLDEN, TAG)
    for stale in set(GOLDEN.glob("*.json")) - set(written):
        stale.unlink()
    print(f"Accepted {len(written)} templates; review the diff of {GOLDEN.name}/.")


if __name__ == "__main__":
    main()
