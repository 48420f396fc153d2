"""Lines for machines: one JSON object each, on standard output, where CloudWatch Logs collects them."""

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO


def write_line(values: Mapping[str, Any], stream: TextIO | None = None) -> None:
    """Write one object as one line; JSON escapes line ends, so that no value can forge a line.

    In one piece with its end, because several threads write: `print` writes the end by itself.
    """
    output = stream or sys.stdout
    output.write(json.dumps(values) + "\n")
    output.flush()
