"""A stand-in for ECR: Debian's docker-registry on loopback, with a user and a password as ECR's token has."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PASSWORD = "only-on-loopback"
PASSWORD_BCRYPT = "$2b$04$LepojTat2DKO03lYo5nO0eAvkN3nMnLI3sCMDVGvPbyocv/B9Eomm"

SETTINGS = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/images}}}}
http: {{addr: '127.0.0.1:0'}}
auth: {{htpasswd: {{realm: registry, path: {folder}/htpasswd}}}}
"""


@dataclass(frozen=True)
class Registry:
    """A running registry; `host` is its address and port, as in an image's name."""

    host: str

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository; none when it does not exist."""
        url = f"http://{self.host}/v2/{repository}/tags/list"
        answer = httpx.get(url, auth=("AWS", PASSWORD), trust_env=False)
        return [] if answer.status_code == 404 else answer.raise_for_status().json()["tags"]


@contextmanager
def running_registry(folder: Path) -> Iterator[Registry]:
    """An empty registry on a free port that keeps its images in the new folder `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "htpasswd").write_text(f"AWS:{PASSWORD_BCRYPT}\n")
    (folder / "config.yml").write_text(SETTINGS.format(folder=folder))
    log = folder / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["docker-registry", "serve", folder / "config.yml"], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield Registry(f"127.0.0.1:{_port(process, log)}")
    finally:
        process.terminate()
        process.wait(timeout=10)


def _port(process: subprocess.Popen[bytes], log: Path) -> str:
    """The port that the registry writes to its log; it took a free one."""
    with log.open() as lines:
        while process.poll() is None:
            found = re.search(r"listening on 127\.0\.0\.1:(\d+)", lines.readline())
            if found:
                return found[1]
    raise AssertionError(f"the registry did not start: {log.read_text()}")
