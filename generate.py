"""Write the CloudFormation templates as JSON: `python generate.py [--out DIR]`.

Pure and deterministic: the same source gives the same bytes, and no AWS call is made.
"""

from __future__ import annotations

import sys
from pathlib import Path

from command_line import EXIT_USAGE, Parser, path, printable
from source import image_tag
from templates import (
    alerts,
    auth,
    bootstrap,
    build,
    data,
    distribution,
    edge,
    encryption,
    firewall,
    monitoring,
    network,
    root,
    service,
    single_sign_on,
)

PROJECT = Path(__file__).resolve().parent


def render(tag: str) -> dict[str, str]:
    """Return the file name and the JSON text of every stack, for the image `tag`."""
    stacks = {
        "root": root.template(tag),
        "encryption": encryption.template(),
        "alerts": alerts.template(),
        "network": network.template(),
        "edge": edge.template(),
        "firewall": firewall.template(),
        "distribution": distribution.template(),
        "auth": auth.template(),
        "single_sign_on": single_sign_on.template(),
        "data": data.template(),
        "build": build.template(tag),
        "service": service.template(),
        "monitoring": monitoring.template(),
        "bootstrap": bootstrap.template(),
    }
    return {f"{name}.json": template.to_json() + "\n" for name, template in stacks.items()}


def write(out_dir: Path, tag: str) -> list[Path]:
    """Write every stack for the image `tag` into `out_dir`, created when missing; return the files."""
    out_dir.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in render(tag).items():
        file = out_dir / name
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written


def main() -> int:
    """Write the templates for this folder's source."""
    parser = Parser(description="Write the CloudFormation templates as JSON.")
    parser.add_argument(
        "--out", type=path, default=PROJECT / "out", metavar="DIR", help="where to (default: out/)"
    )
    options = parser.parse_args()
    try:
        tag = image_tag(PROJECT)
        for file in write(options.out, tag):
            print(file)
    except OSError as problem:
        print(f"generate.py: {printable(str(problem))}", file=sys.stderr)
        return EXIT_USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
