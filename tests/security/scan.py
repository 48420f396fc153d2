"""`make scan-app`: the HTTP observatory and wapiti on the running application, signed in and not.

    python -m tests.security.scan FOLDER

FOLDER holds `observatory/node_modules` and `wapiti/bin/wapiti`, as `make scan-app` puts them there. Exit
codes: 0 graded A+ with nothing found at medium or above, 1 otherwise, 2 a scanner is missing. All of it stays
on this machine: modules of wapiti that need a host on the internet to answer are left out, and the
observatory's list of preloaded domains, which it would download, is empty.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from gradio_app.login import services
from gradio_app.sessions import throttle
from tests.emulator_fixture import run_emulator
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.tables import create_table
from tests.security.certificates import Certificate, make_certificate
from tests.security.site import Site, running_site, serve_tls

GRADE = "A+"
MEDIUM = 2
"""wapiti's levels: 1 low, 2 medium, 3 high, 4 critical."""
# All that can tell something here without the internet. Not `csrf`: it looks for a token in each form and
# knows nothing of Fetch Metadata; tests/gradio_app/test_every_route.py sends what another site could send to
# every route. Not `log4shell`, `ssrf`, `xxe`: they wait for a call to their makers' host. Not `ssl`: the
# certificate is ours.
MODULES = (
    "backup,cookieflags,crlf,csp,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,"
    "shellshock,sql,upload,xss"
)
SCAN_SECONDS = 300
ATTACK_SECONDS = 60
EMAIL = "ana@example.com"


@dataclass(frozen=True)
class Target:
    """The application as one kind of visitor sees it: an address, and pages to begin at."""

    name: str
    url: str
    pages: tuple[str, ...]
    left_alone: tuple[str, ...] = ()


def main(folder: Path) -> int:
    """Scan; return the exit code."""
    observatory = folder / "observatory/node_modules/@mdn/mdn-http-observatory"
    wapiti = folder / "wapiti/bin/wapiti"
    for tool in (observatory, wapiti):
        if not tool.exists():
            print(f"{tool} is missing: run make scan-app, which installs it.", file=sys.stderr)
            return 2
    (observatory / "conf/hsts-preload.json").write_text("{}")
    problems: list[str] = []
    log = folder / "application.log"
    terminal, certificate = sys.stdout, make_certificate(folder)
    with log.open("w") as lines, redirect_stdout(lines), application(certificate) as targets:
        for target in targets:
            grade, reasons = graded(target, observatory, certificate)
            found = attacked(target, wapiti, folder)
            print(
                f"{target.name}: observatory {grade}, wapiti {len(found)} at medium or above", file=terminal
            )
            problems += [f"{target.name}: {problem}" for problem in reasons + found]
    print(*problems, f"The reports are in {folder}; the application's own lines in {log}.", sep="\n")
    return 1 if problems else 0


@contextmanager
def application(certificate: Certificate) -> Iterator[list[Target]]:
    """The application over HTTPS for a stranger, and once more for a browser that is signed in."""
    with run_emulator("--play-builds") as emulator, FakeBedrock() as fake:
        client, table = emulator.client("dynamodb"), f"scan-{uuid4().hex}"
        create_table(client, table)
        bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
        with running_site(table, client, bedrock, certificate) as site:
            site.add_user(EMAIL)
            # An attacker who is slowed down finds less; what slows it has tests of its own.
            throttle.FAILURES_PER_ACCOUNT = throttle.FAILURES_PER_ADDRESS = sys.maxsize
            services.SAME_PACE_SECONDS = 0
            with serve_tls(signed_in(site), certificate) as inside:
                yield [
                    Target(
                        "signed out",
                        site.url,
                        (
                            "/login",
                            "/login/callback?code=one&state=two",
                            "/login/callback?error=three&state=four",
                            "/forgot-password",
                            "/reset-password",
                            "/",
                        ),
                    ),
                    Target(
                        "signed in",
                        inside,
                        ("/", "/account", "/account/password"),
                        ("/logout", "/logout/everywhere"),
                    ),
                ]


def signed_in(site: Site) -> Any:
    """The application in front of which every request gets a session's cookie."""
    token = site.client(EMAIL).cookies["__Host-session"]

    async def with_cookie(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"cookie", f"__Host-session={token}".encode())]}
        await site.gate(scope, receive, send)

    return with_cookie


def graded(target: Target, observatory: Path, certificate: Certificate) -> tuple[str, list[str]]:
    """The observatory's grade, and what keeps it from being the best."""
    host = target.url.removeprefix("https://")
    command = ["node", str(observatory / "src/scan.js"), host]
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": str(certificate.authority)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    try:
        report = json.loads(done.stdout)
        scan, tests = report["scan"], report["tests"]
    except (ValueError, KeyError):
        return "none", [f"the observatory failed: {done.stdout[:500]}{done.stderr[-500:]}"]
    grade = f"{scan['grade']} ({scan['score']})"
    if scan["grade"] == GRADE:
        return grade, []
    return grade, [f"observatory: {test['result']}" for test in tests.values() if not test["pass"]]


def attacked(target: Target, wapiti: Path, folder: Path) -> list[str]:
    """What wapiti finds at medium or above."""
    report = folder / f"wapiti {target.name}.json"
    report.unlink(missing_ok=True)
    command = [str(wapiti), "-u", target.url + target.pages[0], "--scope", "domain", "--verify-ssl", "0"]
    command += [part for page in target.pages[1:] for part in ("-s", target.url + page)]
    command += [part for page in target.left_alone for part in ("-x", target.url + page)]
    command += ["-H", "Sec-Fetch-Site: same-origin", "-m", MODULES, "-d", "5", "--flush-session"]
    command += ["--max-scan-time", str(SCAN_SECONDS), "--max-attack-time", str(ATTACK_SECONDS)]
    command += ["--store-session", str(folder / "session"), "--store-config", str(folder / "config")]
    command += ["--no-bugreport", "-f", "json", "-o", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not report.exists():
        return [f"wapiti failed: {done.stdout[-500:]}{done.stderr[-500:]}"]
    found = json.loads(report.read_text())
    crawled = found["infos"]["crawled_pages_nbr"]
    issues = [
        f"wapiti: {kind}, level {issue['level']}: {issue['method']} {issue['path']} {issue['info'][:200]}"
        for section in ("vulnerabilities", "anomalies", "additionals")
        for kind, each in found[section].items()
        for issue in each
        if issue["level"] >= MEDIUM
    ]
    if crawled < len(target.pages):
        issues.append(f"wapiti saw {crawled} pages only")
    return issues


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(Path(sys.argv[1]).resolve()))
