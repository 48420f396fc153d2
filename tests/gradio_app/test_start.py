"""What a start costs, in what can be counted: the modules that serving does not need are absent or late."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from gradio_app import late
from gradio_app.page import runtime

LATE = ("langchain_aws", "langsmith", "langchain_core.runnables")
ABSENT = ("matplotlib", "gradio.cli.commands", "tomlkit")
SERVED = """
import sys
import gradio_app.serving
print(*(name for name in sys.argv[1:] if sys.modules.get(name)))
from gradio import blocks_events, component_meta
print(component_meta.create_or_modify_pyi.__module__, blocks_events.create_or_modify_pyi.__module__)
"""


def test_what_serving_does_not_need_is_not_imported_before_it() -> None:
    said = subprocess.run(
        [sys.executable, "-c", SERVED, *LATE, *ABSENT],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    imported, without_stubs = said.splitlines()
    assert imported == ""
    assert without_stubs == f"{runtime.__name__} {runtime.__name__}"


def test_gradio_still_has_what_is_taken_from_it() -> None:
    """Or else what stands in for it changes nothing, and may go."""
    found = importlib.util.find_spec("gradio")
    assert found
    assert found.origin
    source = Path(found.origin).parent
    assert f"def {runtime.STUBS}(" in (source / "component_meta.py").read_text()
    assert "from gradio.cli import deploy" in (source / "__init__.py").read_text()


def test_what_is_late_comes_by_itself() -> None:
    late.load().join()
    assert all(name in sys.modules for name in late.MODULES)
