"""Attaching files in a real browser: by button, drop and paste, taken off, sent, shown again."""

import io
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from gradio_app.store.drafts import Drafts
from gradio_app.store.table import Table
from tests.browser.chromium import browser
from tests.gradio_app.chatting import DEADLINE
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.page import browsing
from tests.gradio_app.page.browsing import (
    MS,
    answers,
    box,
    context,
    notice,
    opened,
    page,
    questions,
    serve,
    settled,
    site,
    without_login,
)

__all__ = ["browser", "context", "page", "site"]

pytestmark = pytest.mark.slow

BRING = """([kind, files, text]) => {
  const data = new DataTransfer();
  for (const [name, type, content] of files) {
    data.items.add(new File([Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0))], name, { type }));
  }
  if (text) data.setData("text/plain", text);
  const given = { bubbles: true, cancelable: true };
  if (kind === "paste") {
    document.querySelector("#box textarea").dispatchEvent(
      new ClipboardEvent("paste", { ...given, clipboardData: data }));
    return;
  }
  for (const step of kind) {
    document.querySelector("#chat").dispatchEvent(new DragEvent(step, { ...given, dataTransfer: data }));
  }
}"""
WORDS = "d29yZHM="
"""In Base64: words."""
DROP = ["dragenter", "dragover", "drop"]


def png(width: int = 300, height: int = 200, *, noise: bool = False) -> bytes:
    stream = io.BytesIO()
    picture = Image.effect_noise((width, height), 200) if noise else Image.new("RGB", (width, height), "teal")
    picture.convert("RGB").save(stream, "PNG")
    return stream.getvalue()


def attach(page: Page, *files: tuple[str, str, bytes]) -> None:
    """Choose files by the button, and wait until they have arrived."""
    before = attached(page).count()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=re.compile("Attach files|Adjuntar archivos")).click()
    chooser.value.set_files(
        [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
    )
    expect(arrived(page)).to_have_count(before + len(files), timeout=MS)


def attached(page: Page) -> Locator:
    return page.locator("#attached li")


def arrived(page: Page) -> Locator:
    return page.locator("#attached li:has(progress[hidden])")


def files_of(page: Page) -> Locator:
    return questions(page).last.locator(".files a")


def submit(page: Page, text: str = "answer: yes") -> None:
    box(page).fill(text)
    box(page).press("Enter")
    settled(page)


TEXT = ("notes.txt", "text/plain", b"The answer is 42.")
PICTURE = ("Foto ñ.png", "image/png", png())


def test_files_by_button_are_sent_shown_and_there_after_a_reload(page: Page, fake: FakeBedrock) -> None:
    attach(page, PICTURE, TEXT)
    expect(attached(page).first.locator("img")).to_have_js_property("naturalWidth", 300)
    submit(page)
    content = fake.requests[-1]["messages"][-1]["content"]
    assert "image" in content[0]
    assert "The answer is 42." in content[1]["text"]
    expect(attached(page)).to_have_count(0)
    for _ in range(2):
        expect(files_of(page)).to_have_text(["Foto ñ.png", "notes.txt"])
        expect(files_of(page).first.locator("img")).to_have_js_property("naturalWidth", 300)
        page.reload()
        expect(answers(page).last).to_be_visible()
    with page.context.expect_page() as opening:
        files_of(page).first.click()
    expect(opening.value.locator("img")).to_have_js_property("naturalWidth", 300)
    with page.expect_download() as downloading, page.context.expect_page():
        files_of(page).last.click()
    assert downloading.value.suggested_filename == "notes.txt"


def test_files_are_shown_by_another_task(
    page: Page, context: BrowserContext, dynamodb: Any, table: str, fake: FakeBedrock, s3: FakeS3
) -> None:
    attach(page, PICTURE)
    submit(page)
    query = page.url.partition("?")[2]
    with serve(without_login(dynamodb, table, fake, s3).gate) as address:
        other = opened(context, f"{address}/?{query.replace('new=', 'c=')}")
        expect(files_of(other).first.locator("img")).to_have_js_property("naturalWidth", 300)


def test_files_are_dropped_anywhere_and_pasted(page: Page) -> None:
    page.evaluate(BRING, [DROP[:1], [["a.txt", "text/plain", WORDS]], ""])
    expect(page.locator("#drop-here")).to_have_text("Drop files to attach them")
    page.evaluate(BRING, [DROP, [["a.txt", "text/plain", WORDS], ["b.md", "text/markdown", WORDS]], ""])
    expect(page.locator("#drop-here")).to_have_count(0)
    page.evaluate(BRING, ["paste", [["c.csv", "text/csv", "YSxiCjEsMgo="]], ""])
    expect(arrived(page).locator(".name")).to_have_text(["a.txt", "b.md", "c.csv"], timeout=MS)
    # A text that was copied in a text processor brings a picture of itself along.
    page.evaluate(BRING, ["paste", [["d.png", "image/png", WORDS]], "the text"])
    expect(attached(page)).to_have_count(3)


def test_a_file_is_taken_off_by_keyboard(page: Page, s3: FakeS3) -> None:
    attach(page, TEXT, ("other.txt", "text/plain", b"words"))
    button = page.get_by_role("button", name="Take off notes.txt")
    button.focus()
    button.press("Enter")
    expect(attached(page).locator(".name")).to_have_text(["other.txt"])
    expect(page.get_by_role("button", name="Take off other.txt")).to_be_focused()
    page.keyboard.press("Enter")
    expect(attached(page)).to_have_count(0)
    expect(box(page)).to_be_focused()
    expect_no_objects(page, s3)


def expect_no_objects(page: Page, s3: FakeS3) -> None:
    """What was taken off goes at the server too, in a request of its own."""
    for _ in range(int(DEADLINE * 10)):
        if not s3.objects:
            return
        page.wait_for_timeout(100)
    raise AssertionError(sorted(s3.objects))


def test_what_is_attached_and_not_sent_is_there_after_a_reload(page: Page, dynamodb: Any, table: str) -> None:
    attach(page, PICTURE, TEXT)
    box(page).type("half")
    page.reload()
    expect(arrived(page).locator(".name")).to_have_text(["Foto ñ.png", "notes.txt"], timeout=MS)
    expect(attached(page).first.locator("img")).to_have_js_property("naturalWidth", 300)
    expect(box(page)).to_have_value("half")
    submit(page)
    expect(files_of(page)).to_have_count(2)
    conversation_id = page.url.partition("=")[2]
    assert Drafts(Table(dynamodb, table)).find("local-user", conversation_id, is_new=False).uploads == ()


def test_a_refusal_is_a_sentence_and_the_rest_stays(page: Page, s3: FakeS3) -> None:
    attach(page, TEXT)
    with page.expect_file_chooser() as chooser:
        page.locator("#attach").click()
    chooser.value.set_files(
        [
            {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""},
            {"name": "program.exe", "mimeType": "", "buffer": b"MZ\0\0\1\2" * 9},
        ]
    )
    expect(notice(page)).to_contain_text("program.exe: This kind of file cannot be read here.", timeout=MS)
    expect(notice(page)).to_contain_text("empty.txt: This file is empty.", timeout=MS)
    expect(attached(page).locator(".name")).to_have_text(["notes.txt"])
    with page.expect_file_chooser() as chooser:
        page.locator("#attach").click()
    chooser.value.set_files([{"name": "big.txt", "mimeType": "text/plain", "buffer": b"x" * 10_000_001}])
    expect(notice(page)).to_contain_text("big.txt is too large: at most 10 MB.")
    s3.down = True
    with page.expect_file_chooser() as chooser:
        page.locator("#attach").click()
    chooser.value.set_files([{"name": "late.txt", "mimeType": "text/plain", "buffer": b"words"}])
    expect(notice(page)).to_contain_text("late.txt: The file cannot be kept right now.", timeout=MS)
    box(page).fill("with the file")
    box(page).press("Enter")
    expect(notice(page)).to_contain_text("Nothing was sent", timeout=MS)
    expect(box(page)).to_have_value("with the file")
    expect(attached(page).locator(".name")).to_have_text(["notes.txt"])
    s3.down = False
    submit(page)
    expect(files_of(page)).to_have_text(["notes.txt"])


def test_sending_waits_for_files_that_are_on_their_way(page: Page, fake: FakeBedrock) -> None:
    held: list[Any] = []
    page.route("**/files?name=*", lambda route: held.append(route))
    with page.expect_file_chooser() as chooser:
        page.locator("#attach").click()
    chooser.value.set_files([{"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"}])
    box(page).fill("answer: yes")
    box(page).press("Enter")
    expect(notice(page)).to_contain_text("The files are still on their way.")
    assert not fake.requests
    held[0].continue_()
    expect(answers(page).last).to_be_visible(timeout=MS)
    expect(files_of(page)).to_have_text(["notes.txt"])


def test_a_large_photo_is_made_smaller_before_it_is_sent(page: Page, s3: FakeS3) -> None:
    photo = png(3000, 2000, noise=True)
    assert len(photo) > 3_750_000
    attach(page, ("photo.png", "image/png", photo))
    expect(attached(page).locator(".name")).to_have_text(["photo.jpg"])
    [content] = s3.objects.values()
    with Image.open(io.BytesIO(content)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (2576, 1717))


def test_an_edited_question_keeps_the_files_that_one_leaves(page: Page, fake: FakeBedrock) -> None:
    attach(page, PICTURE, TEXT)
    submit(page)
    questions(page).last.locator(".edit").click()
    editor = page.locator("#chat .editor")
    editor.get_by_label("notes.txt").uncheck()
    editor.locator("textarea").fill("answer: changed")
    editor.get_by_role("button", name="Ask the changed question").click()
    expect(answers(page).last).to_contain_text("changed", timeout=MS)
    expect(files_of(page)).to_have_text(["Foto ñ.png"])
    assert "image" in fake.requests[-1]["messages"][-1]["content"][0]
    assert "42" not in str(fake.requests[-1]["messages"][-1]["content"][1])


def test_an_undone_question_comes_back_with_its_files(page: Page) -> None:
    attach(page, TEXT)
    submit(page)
    page.locator("#chat .message-buttons button[title=Undo], #chat .message-buttons button").last.click()
    expect(box(page)).to_have_value("answer: yes", timeout=MS)
    expect(arrived(page).locator(".name")).to_have_text(["notes.txt"], timeout=MS)
    submit(page)
    expect(files_of(page)).to_have_text(["notes.txt"])


def test_files_without_a_word_are_a_question(page: Page) -> None:
    attach(page, TEXT)
    box(page).press("Enter")
    settled(page)
    expect(files_of(page)).to_have_text(["notes.txt"])
    expect(page.locator("#conversations li a").first).to_have_text("notes.txt")


def test_the_page_says_what_was_read_as_text(page: Page) -> None:
    from tests.gradio_app.documents import samples

    attach(page, ("letter.docx", "", samples.word()), TEXT)
    submit(page)
    expect(files_of(page).nth(0)).to_contain_text("read as text")
    expect(files_of(page).nth(1)).not_to_contain_text("read as text")


def test_in_spanish(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="es-ES", viewport={"width": 390, "height": 800})
    context.set_default_timeout(DEADLINE * 1000)
    page = opened(context, "/")
    attach(page, PICTURE, TEXT)
    expect(page.get_by_role("button", name="Quitar notes.txt")).to_be_visible()
    expect(page.locator("#file-status")).to_contain_text("está adjunto")
    page.evaluate(BRING, [DROP, [["a.bin", "", "AAECAwQFBgcICQ=="]], ""])
    expect(notice(page)).to_contain_text("Aquí no se puede leer este tipo de archivo", timeout=MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    submit(page)
    expect(questions(page).last.locator(".files .heard")).to_have_text("Archivos adjuntos")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_a_model_that_cannot_see_says_so_and_everything_comes_back(
    browser: Browser, dynamodb: Any, table: str, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "MODEL_ID", "us.amazon.nova-micro-v1:0")
    with serve(without_login(dynamodb, table, fake).gate) as address:
        context = browser.new_context(base_url=address, locale="en-US")
        context.set_default_timeout(MS)
        page = opened(context, "/")
        attach(page, PICTURE)
        box(page).fill("what is it?")
        box(page).press("Enter")
        expect(notice(page)).to_contain_text("nova-micro cannot look at images.", timeout=MS)
        expect(box(page)).to_have_value("what is it?")
        expect(attached(page)).to_have_count(1)
        assert not fake.requests
        context.close()
