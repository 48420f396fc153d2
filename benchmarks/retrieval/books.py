"""The book that is asked: some pages of the Debian Administrator's Handbook, from Debian's package of it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.errors import CannotMeasure

PACKAGE = "debian-handbook"
FOLDERS = {"en": "en-US", "es": "es-ES"}
WITHIN = Path("usr/share/doc/debian-handbook/html")
PAGES = tuple(
    """
    apt basic-configuration packaging-system security unix-services
    sect.administration-interfaces sect.after-first-boot sect.apparmor sect.apt-cache sect.apt-file
    sect.apt-frontends sect.apt-get sect.asynchronous-task-scheduling-anacron sect.automatic-upgrades
    sect.backup sect.coexistence-with-other-packaging-systems sect.common-procedures sect.computer-layers
    sect.config-bootloader sect.config-misc sect.config-printing sect.creating-accounts
    sect.customizing-graphical-interface sect.dealing-with-compromised-machine sect.dhcp sect.dist-upgrade
    sect.domain-name-servers sect.dynamic-routing sect.filesystem-hierarchy sect.firewall-packet-filtering
    sect.ftp-file-server sect.graphical-desktops sect.hostname-name-service sect.hotplug sect.http-ftp-proxy
    sect.http-web-server sect.inetd sect.ipv6 sect.kernel-compilation sect.kernel-installation
    sect.kernel-role-and-tasks sect.ldap-directory sect.main-desktop-tools
    sect.manipulating-packages-with-dpkg sect.monitoring sect.network-config sect.network-diagnosis-tools
    sect.nfs-file-server sect.office-suites sect.other-security-considerations sect.package-authentication
    sect.package-meta-information sect.power-management sect.quality-of-service sect.quotas
    sect.regular-upgrades sect.release-lifecycle sect.remote-login sect.rights-management sect.rtc-clients
    sect.rtc-services sect.searching-packages sect.shell-environment sect.supervision sect.syslog
    sect.task-scheduling-cron-atd sect.user-group-databases sect.user-space sect.virtual-private-network
    sect.web-browsers sect.windows-emulation sect.windows-file-server-with-samba sect.x509-cert
    """.split()
)
"""Of 127: those that teach how to run a machine. The rest tells of the project, of its offspring and of the book
itself, or is several times as long as any of these, and would only make a run longer."""
FETCH_SECONDS = 600


def pages(folder: Path, language: str) -> Iterator[tuple[str, bytes]]:
    """Each page's name with its HTML, fetched into the folder if it is not there. Raises CannotMeasure."""
    book = folder / PACKAGE
    if not book.is_dir():
        _fetch(folder, book)
    for name in PAGES:
        path = book / WITHIN / FOLDERS[language] / f"{name}.html"
        if not path.is_file():
            raise CannotMeasure(f"This version of {PACKAGE} has no page {name} in {FOLDERS[language]}.")
        yield name, path.read_bytes()


def _fetch(folder: Path, book: Path) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise CannotMeasure(f"The book is Debian's package {PACKAGE}: run this on Debian or Ubuntu ({tool}).")
    folder.mkdir(parents=True, exist_ok=True)
    _run("apt-get", "download", PACKAGE, folder=folder)
    [archive] = folder.glob(f"{PACKAGE}_*.deb")
    unpacked = folder / f"{PACKAGE}.part"
    shutil.rmtree(unpacked, ignore_errors=True)
    _run("dpkg-deb", "-x", str(archive), str(unpacked), folder=folder)
    archive.unlink()
    unpacked.rename(book)


def _run(*command: str, folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=FETCH_SECONDS)  # noqa: S603
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise CannotMeasure(f"{' '.join(command[:3])} failed ({last[0]}): try apt-get update first.") from None
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{' '.join(command[:3])} took longer than {FETCH_SECONDS} seconds.") from None
