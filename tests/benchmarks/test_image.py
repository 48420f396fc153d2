"""What the benchmark of the image says where it cannot measure."""

import shutil

import pytest

from benchmarks.image.__main__ import main


def test_without_a_container_engine_it_says_who_installs_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert main([]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "install-engine.sh" in said


@pytest.mark.parametrize("given", ["--share=0", "--share=nan", "--starts=-1"])
def test_what_is_no_number_of_something_is_refused(given: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([given])
    assert ended.value.code == 2
