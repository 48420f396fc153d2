"""HAProxy before some tasks: whoever has asked one stays with it, by the session that a cookie names."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import CannotMeasure
from benchmarks.processes import ended, free_port, until_it_answers

SETTINGS = """
defaults
  mode http
  timeout connect 10s
  timeout client 600s
  timeout server 600s

listen tasks
  bind 127.0.0.1:{port}
  maxconn 4096
  balance roundrobin
  stick-table type string len 256 size 100k
  stick on req.cook({cookie})
  {checks}
  {servers}
"""
CHECKS = """option httpchk GET /healthz
  option redispatch 1
  timeout check 2s
  default-server inter 250ms fall 1 rise 1
"""
"""As a load balancer notices that a task goes: what cannot be asked is asked of no more."""


@contextmanager
def balanced(addresses: Sequence[str], cookie: str, next_one: str = "") -> Iterator[str]:
    """The address in front of these, until the block ends; `next_one` serves when they are gone.

    Raises CannotMeasure.
    """
    haproxy = shutil.which("haproxy")
    if not haproxy:
        raise CannotMeasure("There is no balancer: apt-get install haproxy.")
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        file = Path(folder) / "haproxy.cfg"
        checked = " check" if next_one else ""
        servers = [
            f"server task{number} {each.removeprefix('http://')}{checked}"
            for number, each in enumerate(addresses)
        ]
        if next_one:
            servers.append(f"server next {next_one.removeprefix('http://')} check backup")
        told = {"port": port, "cookie": cookie, "checks": CHECKS if next_one else ""}
        file.write_text(SETTINGS.format(**told, servers="\n  ".join(servers)))
        with ended(subprocess.Popen([haproxy, "-q", "-db", "-f", str(file)])) as process:  # noqa: S603
            until_it_answers(process, f"http://127.0.0.1:{port}/healthz", "HAProxy did not start.")
            yield f"http://127.0.0.1:{port}"
