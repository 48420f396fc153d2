"""Second source: the file as the model's makers publish it.

It is one piece; a broken download goes on at the byte where it broke.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx

from local.model.errors import SourceError
from local.model.files import sha256_of
from local.model.progress import Progress
from local.model.specs import CatalogModel

TIMEOUT_SECONDS = 30  # without a byte
CHUNK = 1 << 20  # bytes written at once


def name(model: CatalogModel) -> str:
    """Return the host that publishes the model."""
    return urlsplit(model.hub_url or "").hostname or "its makers"


def fetch(model: CatalogModel, work: Path, progress: Progress) -> Path:
    """Return the whole, checked file inside `work`. Raises SourceError, keeping what has arrived."""
    if model.hub_url is None:
        raise SourceError("this very file is not published there")
    partial = work / "from-hub.gguf"
    try:
        _download(model, model.hub_url, partial, progress)
    except httpx.HTTPError as error:
        raise SourceError(f"no connection or a broken one ({str(error) or type(error).__name__})") from error
    if partial.stat().st_size < model.size:
        raise SourceError("the connection ended before the whole file had come")
    if sha256_of(partial) != model.sha256:
        partial.unlink()
        raise SourceError("it is not the file it should be (its SHA-256 differs)")
    return partial


def _download(model: CatalogModel, url: str, partial: Path, progress: Progress) -> None:
    done = partial.stat().st_size if partial.exists() else 0
    if done >= model.size:
        return
    headers = {"Range": f"bytes={done}-"} if done else {}
    with httpx.stream(
        "GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_SECONDS
    ) as response:
        response.raise_for_status()
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            done = 0  # the server sends all of it again
        with partial.open("ab" if done else "wb") as file:
            for chunk in response.iter_raw(CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(min(done, model.size), model.size, f"Downloading {model.title} from {name(model)}")
                if done > model.size:
                    return  # not our file: its hash will say so
