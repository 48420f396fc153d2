"""The book that is asked: some pages of the Debian Administrator's Handbook, from Debian's package of it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.errors import CannotMeasure

PACKAGE = "debian-handbook"
FOLDERS = {"en": "en-US", "es": "es-ES"}
WITHIN = Path("usr/share/doc/debian-handbook/html")
PAGES = tuple(Path(__file__).with_name("pages.txt").read_text("utf-8").split())
"""Of 127: those that some question is about, so that a run takes minutes and not an hour."""
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
            raise CannotMeasure(
                f"The book is Debian's package {PACKAGE}: run this on Debian or Ubuntu ({tool})."
            )
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
        raise CannotMeasure(
            f"{' '.join(command[:3])} failed ({last[0]}): try apt-get update first."
        ) from None
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{' '.join(command[:3])} took longer than {FETCH_SECONDS} seconds.") from None
