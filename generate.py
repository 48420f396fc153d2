"""Write the CloudFormation templates as JSON: `python generate.py [--out DIR] [--keep-data no]`.

Pure and deterministic: the same source gives the same bytes, and no AWS call is made.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from command_line import EXIT_USAGE, Parser, path, printable
from source import image_tag
from templates import root
from templates.parts.deletion_policies import KEEP_DATA_VALUES
from templates.stacks import (
    alerts,
    auth,
    bootstrap,
    build,
    data,
    distribution,
    edge,
    encryption,
    firewall,
    flow_logs,
    monitoring,
    network,
    service,
    single_sign_on,
)

PROJECT = Path(__file__).resolve().parent


def render(tag: str, keep_data: str = KEEP_DATA_VALUES[0]) -> dict[str, str]:
    """Return the file name and the JSON text of every stack, for the image `tag`.

    They are made for one value of the parameter KeepData; `templates.parts.deletion_policies` says why.
    """
    stacks = {
        "root": root.template(tag, keep_data),
        "encryption": encryption.template(keep_data),
        "alerts": alerts.template(),
        "network": network.template(),
        "flow_logs": flow_logs.template(),
        "edge": edge.template(),
        "firewall": firewall.template(),
        "distribution": distribution.template(),
        "auth": auth.template(keep_data),
        "single_sign_on": single_sign_on.template(),
        "data": data.template(keep_data),
        "build": build.template(tag),
        "service": service.template(),
        "monitoring": monitoring.template(),
        "bootstrap": bootstrap.template(),
    }
    return {f"{name}.json": template.to_json() + "\n" for name, template in stacks.items()}


def write(out_dir: Path, tag: str, keep_data: str = KEEP_DATA_VALUES[0]) -> list[Path]:
    """Write every stack, as `render` makes it, into `out_dir`, created when missing; return the files."""
    out_dir.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in render(tag, keep_data).items():
        file = out_dir / name
        _replace(file, text)
        written.append(file)
    return written


def _replace(file: Path, text: str) -> None:
    """Write a file at once: a deployment that reads it meanwhile has the old one or the new one."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def main() -> int:
    """Write the templates for this folder's source."""
    parser = Parser(description="Write the CloudFormation templates as JSON.")
    parser.add_argument(
        "--out", type=path, default=PROJECT / "out", metavar="DIR", help="where to (default: out/)"
    )
    parser.add_argument(
        "--keep-data",
        choices=KEEP_DATA_VALUES,
        default=KEEP_DATA_VALUES[0],
        help="what the parameter KeepData will be (default: yes)",
    )
    options = parser.parse_args()
    try:
        tag = image_tag(PROJECT)
        for file in write(options.out, tag, options.keep_data):
            print(file)
    except OSError as problem:
        print(f"generate.py: {printable(str(problem))}", file=sys.stderr)
        return EXIT_USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
