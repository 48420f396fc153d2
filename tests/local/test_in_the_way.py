"""What can be in the way of the local mode is said in a sentence, before anything is made."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import __main__ as local
from local.emulator import PYTHON
from local.errors import SetRightFirst
from local.ports import LOOPBACK, listen
from local.state import State
from tests.deployer.running import as_program, run

LOCAL = as_program(local.main, "local")


def start(folder: Path, *arguments: str) -> Any:
    """A start that keeps its things in a folder; without a model it gets no further than that."""
    return run(LOCAL, "--state", str(folder / "state"), "--gguf", str(folder / "no.gguf"), *arguments)


@pytest.mark.parametrize("port", ["99999", "65536", "-1", "1e3", "8080.0", "\u0668", "", "9" * 5000, "0x50"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    ended = start(tmp_path, f"--port={port}")
    assert ended.is_one_sentence, ended
    assert "--port" in ended.said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_port_without_the_right_is_not_called_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def bind(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", bind)
    ended = start(tmp_path, "--port", "80")
    assert ended.is_one_sentence, ended
    assert "Port 80 needs rights that you do not have" in ended.said
    assert "in use" not in ended.said


def test_another_reason_is_said_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(*_: Any) -> None:
        raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(SetRightFirst, match=f"Port 8080 of {LOOPBACK} cannot be had: No buffer space"):
        listen(8080)


def test_a_folder_that_cannot_be_written_to(read_only_disk: Path, full_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, words in (
        (read_only_disk, "Read-only file system"),
        (read_only_disk / "state", "Read-only file system"),
        (full_disk, "No space left on device"),
        (full_disk / "state", "No space left on device"),
        (tmp_path / "file", "File exists"),
        (tmp_path / "file" / "state", "Not a directory"),
        (Path("/proc/nowhere"), "No such file or directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        ended = run(LOCAL, "--state", str(folder))
        assert ended.is_one_sentence, ended
        assert f"Nothing can be kept in {folder}: {words}" in ended.said


def test_the_trial_leaves_nothing(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    with state.held():
        assert [path.name for path in state.folder.iterdir()] == ["lock"]


@pytest.mark.parametrize("content", ['["a"]', '{"emulator_port": 4566}', '{"url": null}', "[" * 5000, "3"])
def test_facts_of_another_form_are_no_facts(tmp_path: Path, content: str) -> None:
    (tmp_path / "facts.json").write_text(content)
    assert State(tmp_path).recall() == {}


def test_to_forget_touches_nothing_of_others(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "emulator").mkdir()
    assert run(LOCAL, "--reset", "--state", str(tmp_path)).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    "override", ["TaskCount=nan", "Egress=train", "TaskCuont=2", "TaskCount", "SingleSignOn=oidc"]
)
def test_parameters_are_checked_before_anything_is_made(tmp_path: Path, override: str) -> None:
    ended = start(tmp_path, override)
    assert ended.is_explained, ended
    assert override.partition("=")[0] in ended.said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("make", ["missing", "folder", "empty", "binary", "long", "blank"])
def test_a_client_secret_that_is_none_is_refused_first(tmp_path: Path, make: str) -> None:
    file = tmp_path / "secret"
    contents = {"empty": b"", "binary": b"\xff\xfe", "long": b"x" * 5000, "blank": b"\xef\xbb\xbf \n"}
    if make == "folder":
        file.mkdir()
    elif make in contents:
        file.write_bytes(contents[make])
    before = set(tmp_path.iterdir())
    ended = start(tmp_path, "--oidc-client-secret", str(file))
    assert ended.is_one_sentence, ended
    assert str(file) in ended.said
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("make", ["missing", "folder", "text", "empty"])
def test_a_model_that_is_none_is_refused(tmp_path: Path, make: str) -> None:
    file = tmp_path / "model.gguf"
    if make == "folder":
        file.mkdir()
    elif make != "missing":
        file.write_text("GGU" if make == "text" else "")
    ended = run(LOCAL, "--state", str(tmp_path / "state"), "--gguf", str(file))
    assert ended.is_one_sentence, ended
    assert str(file) in ended.said


def test_models_that_cannot_be_kept(tmp_path: Path, full_disk: Path, read_only_disk: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (full_disk / "m", read_only_disk / "m", tmp_path / "file", tmp_path / "file" / "m"):
        ended = run(LOCAL, "--state", str(tmp_path / "state"), "--models", str(folder), "--model", "smollm2")
        assert ended.is_one_sentence, ended
        assert str(folder) in ended.said


def test_an_emulator_without_a_folder(read_only_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (read_only_disk / "state", tmp_path / "file"):
        done = subprocess.run(
            [PYTHON, "-m", "local.emulator", "--state", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"Nothing can be kept in {folder}: ")
        assert done.stderr.count("\n") == 1
