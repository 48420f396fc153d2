"""What the benchmark of growth rests on: shares of a processor, and refusals in one sentence."""

import shutil
from pathlib import Path

import pytest

from benchmarks import share
from benchmarks.errors import CannotMeasure
from benchmarks.growth.balancer import balanced
from benchmarks.share import limited

PID = 4711


@pytest.mark.parametrize(
    ("version", "root", "told"),
    [
        (2, ".", {"cpu.max": "25000 100000"}),
        (1, "cpu", {"cpu.cfs_quota_us": "25000", "cpu.cfs_period_us": "100000"}),
    ],
)
def test_a_process_gets_its_share_until_the_end_of_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, root: str, told: dict[str, str]
) -> None:
    monkeypatch.setattr(share, "GROUPS", tmp_path)
    (tmp_path / root).mkdir(exist_ok=True)
    if version == 2:
        (tmp_path / "cgroup.controllers").write_text("cpu")
    group = tmp_path / root / f"bench-{PID}"
    with limited(PID, 0.25):
        written = {each.name: each.read_text() for each in group.iterdir()}
        assert written == told | {"cgroup.procs": f"{PID}"}
        for each in group.iterdir():
            each.unlink()  # the system's own go with the group
    assert (tmp_path / root / "cgroup.procs").read_text() == f"{PID}"
    assert not group.exists()


def test_where_nobody_may_have_a_share_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "GROUPS", tmp_path / "nowhere")
    with (
        pytest.raises(CannotMeasure, match="Nobody can be given a share of the processor here"),
        limited(PID, 1),
    ):
        pass


def test_without_a_balancer_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(CannotMeasure, match="apt-get install haproxy"), balanced([], "session"):
        pass
