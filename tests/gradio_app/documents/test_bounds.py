"""What a document can cost: each bound is hit once, by a file where one can hit it, else by another child."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from gradio_app.documents import extraction, kinds
from gradio_app.documents.extracted import Limits, Reason, UnreadableError
from gradio_app.documents.extraction import Stopped, extract
from gradio_app.documents.kinds import Kind
from tests.gradio_app.documents import samples

pytestmark = pytest.mark.slow

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="these bounds are Linux's")
ROOT = Path(__file__).resolve().parents[3]
ANSWER = """
import json, os, sys, time
def answer(text):
    section = [0, len(text), None, None, None, None, None]
    print(json.dumps({"text": text, "sections": [section], "pages": None, "is_cut": False}))
"""
REAL = """
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
from gradio_app.documents import child
from gradio_app.documents.extracted import Limits
bounded = lambda: child.bound(Limits(**json.loads(sys.argv[3])), int(sys.argv[4]))
"""
WITH_READER = """
child.importlib.import_module = lambda name: type("module", (), {"read": staticmethod(reader)})
child.main(*sys.argv[2:])
"""


def refusal(content: bytes, kind: Kind, limits: Limits = extraction.LIMITS) -> Reason:
    with pytest.raises(UnreadableError) as refused:
        extract(content, kind, limits)
    return refused.value.reason


def another_child(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Have the next documents read by this program."""
    monkeypatch.setattr(extraction, "PROGRAM", program)


# What a file can do.


def test_an_archive_that_says_it_is_large_is_not_unpacked() -> None:
    bomb = samples.repacked(samples.word(), {"word/media/film.mp4": b"\0" * 2_000_000})
    assert refusal(bomb, kinds.DOCX, Limits(unpacked_bytes=1_000_000)) is Reason.TOO_LARGE
    book = samples.repacked(samples.workbook(), {"xl/media/film.mp4": b"\0" * 2_000_000})
    assert refusal(book, kinds.XLSX, Limits(unpacked_bytes=1_000_000)) is Reason.TOO_LARGE


def test_a_part_is_unpacked_to_its_bound_only() -> None:
    bomb = samples.word_document("<w:p/>" * 20_000)
    assert refusal(bomb, kinds.DOCX, Limits(part_bytes=100_000)) is Reason.TOO_LARGE
    assert refusal(bomb, kinds.DOCX) is Reason.EMPTY


def test_an_archive_that_lies_about_its_size_is_broken() -> None:
    bomb = samples.word_document("<w:p/>" * 20_000)
    at = bomb.rindex(b"word/document.xml") - 46 + 24  # its length, in the directory
    assert int.from_bytes(bomb[at : at + 4], "little") > 6 * 20_000
    lying = bomb[:at] + (99).to_bytes(4, "little") + bomb[at + 4 :]
    assert refusal(lying, kinds.DOCX) is Reason.BROKEN


def test_entities_are_not_multiplied() -> None:
    laughs = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    document = word_xml(f'<!DOCTYPE x [<!ENTITY a "ha">{laughs}]>', "<w:p><w:r><w:t>&j;</w:t></w:r></w:p>")
    one = word_xml('<!DOCTYPE x [<!ENTITY a "ha">]>', "<w:p><w:r><w:t>&a;</w:t></w:r></w:p>")
    for content in (document.encode(), document.encode("utf-16"), one.encode()):
        bomb = samples.repacked(samples.word(), {"word/document.xml": content})
        assert refusal(bomb, kinds.DOCX) is Reason.BROKEN


def test_what_lies_outside_is_not_fetched() -> None:
    document = word_xml('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "<w:p>&a;</w:p>")
    assert (
        refusal(samples.repacked(samples.word(), {"word/document.xml": document}), kinds.DOCX)
        is Reason.BROKEN
    )
    page = '<p>Here<img src="file:///etc/passwd"><iframe src="http://127.0.0.1/"></iframe>'
    assert extract(page.encode(), kinds.HTML).text == "Here"


def word_xml(before: str, body: str) -> str:
    return f"{before}<w:document {samples.WORDS}><w:body>{body}</w:body></w:document>"


def test_deep_nesting_is_read_or_refused() -> None:
    depth = 2_000
    assert extract(b"<div>" * depth + b"deep", kinds.HTML).text == "deep"
    assert extract(b"> " * depth + b"deep", kinds.MARKDOWN).text.endswith("deep")
    controls = "<w:sdt><w:sdtContent>" * depth + "</w:sdtContent></w:sdt>" * depth
    assert refusal(samples.word_document(controls), kinds.DOCX) is Reason.BROKEN


@LINUX
def test_nesting_without_an_end_is_too_slow() -> None:
    """HTML's parsers look through all that is open at each tag."""
    assert refusal(b"<div>" * 200_000, kinds.HTML, Limits(cpu_seconds=1)) is Reason.TOO_SLOW
    assert refusal(b"<table><tr><td>" * 200_000, kinds.HTML, Limits(cpu_seconds=1)) is Reason.TOO_SLOW


def test_a_page_of_a_kilometre_is_read() -> None:
    page = samples.pdf("Small words").replace(b"[ 0 0 595.2756 841.8898 ]", b"[ 0 0 2834646 2834646 ]")
    assert b"2834646" in page
    assert extract(page, kinds.PDF).text == "[Page 1]\nSmall words"


@LINUX
def test_a_stream_that_unpacks_to_a_gigabyte_is_too_large() -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(1_000)) + packer.flush()
    head = f"<</Length {len(packed)}/Filter/FlateDecode>>stream\n".encode()
    bomb = samples.pdf_of_objects(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>",
        head + packed + b"\nendstream",
    )
    assert refusal(bomb, kinds.PDF) in (Reason.TOO_LARGE, Reason.EMPTY)


@LINUX
def test_a_document_that_swells_in_memory_is_too_large() -> None:
    content = samples.word_document("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 300_000)
    assert refusal(content, kinds.DOCX, Limits(memory_bytes=150_000_000)) is Reason.TOO_LARGE


def test_text_is_cut_at_its_bound() -> None:
    rows = b"Nombre;Precio\n" + b"".join(b"Pi\xc3\xb1a %d;3\n" % number for number in range(5_000))
    extracted = extract(rows, kinds.CSV, Limits(characters=10_000))
    assert extracted.is_cut
    assert len(extracted.text) <= 10_000
    assert extract(rows, kinds.CSV, Limits(sections=7)).sections[-1].rows == (302, 351)
    pages = extract(samples.pdf("one", "two", "three"), kinds.PDF, Limits(characters=25))
    assert (pages.is_cut, pages.pages, pages.text) == (True, 3, "[Page 1]\none\n\n[Page 2]\ntw")


def test_a_large_file_is_refused_before_a_child_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction.subprocess, "Popen", None)
    assert refusal(b"a" * 11, kinds.TEXT, Limits(content_bytes=10)) is Reason.TOO_LARGE


def test_long_documents_are_read_within_the_bounds() -> None:
    rows = b"".join(b"%d;A-%d;Pi\xc3\xb1a;3,5;2026-11-29\n" % (number, number) for number in range(200_000))
    assert extract(rows, kinds.CSV).is_cut
    book = samples.workbook(rows=200_000)
    assert extract(book, kinds.XLSX).is_cut
    pdf = extract(
        samples.pdf(*(f"Página {number}\n" + "palabras " * 300 for number in range(500))), kinds.PDF
    )
    assert (pdf.pages, len(pdf.sections), pdf.is_cut) == (500, 500, False)


# What a child can do.


@LINUX
def test_a_child_that_computes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    another_child(monkeypatch, REAL + "bounded()\nwhile True: pass")
    assert refusal(b"x", kinds.TEXT, Limits(cpu_seconds=1)) is Reason.TOO_SLOW


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(600)",
        "import os, time; os.close(0); time.sleep(600)",
        "import sys, time; sys.stdin.buffer.read(); print('{', flush=True); time.sleep(600)",
    ],
)
def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    another_child(monkeypatch, program)
    assert refusal(b"x" * 1_000_000, kinds.TEXT, Limits(wall_seconds=0.5)) is Reason.TOO_SLOW


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("", Reason.BROKEN),
        ("import sys; sys.exit(3)", Reason.BROKEN),
        ("import os; os.kill(os.getpid(), 11)", Reason.BROKEN),
        ("import os; os.kill(os.getpid(), 9)", Reason.TOO_LARGE),
        ("import os; os.abort()", Reason.TOO_LARGE),
        ("print('garbage')", Reason.BROKEN),
        ("print('[]')", Reason.BROKEN),
        ("print('7')", Reason.BROKEN),
        ("""print('{"reason": "because"}')""", Reason.BROKEN),
        ("""print('{"reason": ["broken"]}')""", Reason.BROKEN),
        ("import os; os.write(1, b'\\xff\\0' * 1000)", Reason.BROKEN),
        (ANSWER + "answer('a\\0b')", Reason.BROKEN),
        (ANSWER + "answer('a\\ud800b')", Reason.BROKEN),
        (ANSWER + "answer('n\\u0303')", Reason.BROKEN),
        (ANSWER + "answer('')", Reason.BROKEN),
        (ANSWER + "answer('a' * 2_000_001)", Reason.BROKEN),
        (ANSWER.replace("[0,", "[1,").replace("len(text),", "len(text) + 1,") + "answer('a')", Reason.BROKEN),
        (ANSWER.replace("[0,", "[-1,") + "answer('a')", Reason.BROKEN),
        (ANSWER.replace("[0,", "[True,") + "answer('aa')", Reason.BROKEN),
        (
            ANSWER.replace("None, None, None, None, None", "'1', None, None, None, None") + "answer('a')",
            Reason.BROKEN,
        ),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", Reason.TOO_LARGE),
    ],
)
def test_what_a_child_says_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, program: str, reason: Reason
) -> None:
    another_child(monkeypatch, program)
    assert refusal(b"x", kinds.TEXT) is reason


def test_what_a_library_prints_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    printing = """
def reader(content, collector):
    print("garbage", flush=True)
    os.write(1, b"more of it")
    collector.add(content.decode())
"""
    another_child(monkeypatch, REAL + printing + WITH_READER)
    assert extract(b"the document", kinds.TEXT).text == "the document"


@LINUX
def test_a_child_has_nothing_of_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for a child")
    another_child(
        monkeypatch,
        ANSWER
        + "answer(json.dumps([dict(os.environ), os.listdir('/proc/self/fd'), os.getcwd(), sys.path[0]]))",
    )
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        environment, descriptors, folder, first = json.loads(extract(b"x", kinds.TEXT).text)
    assert set(environment) <= {"LC_CTYPE"}
    assert sorted(descriptors) == ["0", "1", "2", "3"]  # the third is the list's own
    assert folder == "/"
    assert first not in ("", str(ROOT))


@LINUX
def test_a_child_that_reads_can_open_nothing_and_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    trying = """
import socket
def tried(what):
    try:
        what()
    except OSError as error:
        return error.strerror
def reader(content, collector):
    others = lambda: open(f"/proc/{os.getppid()}/environ")
    written = lambda: open("/tmp/written", "w")
    collector.add(json.dumps([tried(others), tried(written), tried(socket.socket), os.nice(0)]))
"""
    another_child(monkeypatch, REAL + trying + WITH_READER)
    answer = json.loads(extract(b"x", kinds.TEXT).text)
    assert answer == ["Too many open files", "Too many open files", "Too many open files", 19]


def is_running(process: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def gone(process: int) -> bool:
    """Whether a process that was killed is gone; the kernel takes its time."""
    deadline = time.monotonic() + 20
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(process)


@LINUX
def test_whatever_a_child_started_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
started = os.fork()
if not started:
    os.close(1)
    time.sleep(600)
answer(str(started))
"""
    another_child(monkeypatch, ANSWER + program)
    assert gone(int(extract(b"x", kinds.TEXT).text))


@LINUX
def test_a_child_dies_with_the_server() -> None:
    server = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from gradio_app.documents import extraction, kinds
extraction.PROGRAM = {REAL + "bounded(); open('/proc/self/comm', 'w').write('bounded'); time.sleep(600)"!r}
extraction.extract(b"x", kinds.TEXT)
"""
    with subprocess.Popen([sys.executable, "-c", server]) as process:
        child = started_by(process.pid)
        process.send_signal(signal.SIGKILL)
    assert gone(child)


def started_by(process: int) -> int:
    """The one child of a process, once it has bounded itself."""
    children = Path(f"/proc/{process}/task/{process}/children")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = children.read_text().split()
        if found and Path(f"/proc/{found[0]}/comm").read_text() == "bounded\n":
            return int(found[0])
        time.sleep(0.01)
    raise AssertionError("no child was started")


def test_a_caller_that_stops_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    another_child(monkeypatch, "import time; time.sleep(600)")
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(Stopped):
        extract(b"x", kinds.TEXT, stop=stop)


def test_one_document_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = subprocess.Popen
    started = threading.Event()
    stop = threading.Event()

    def hang() -> None:
        with contextlib.suppress(Stopped):
            extract(b"x", kinds.TEXT, stop=stop)

    def start(*arguments: object, **named: object) -> object:
        started.set()
        return real(*arguments, **named)

    monkeypatch.setattr(extraction.subprocess, "Popen", start)
    another_child(monkeypatch, "import time; time.sleep(600)")
    first = threading.Thread(target=hang)
    first.start()
    try:
        assert started.wait(20)
        assert refusal(b"x", kinds.TEXT, Limits(waiting_seconds=0)) is Reason.BUSY
    finally:
        stop.set()
        first.join()
