"""HTML is shown and not obeyed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gradio_app.page.markup import JOINER, harmless, original

# Pieces that matter to Markdown, put together at random.
TAGS = ["<b>", "</b>", "<style>", "<!--", "<?x", "<div\n", "<https://a.example>"]
SIGNS = ["`", "``", "```", "~~~", "```html\n", "> ", "- ", "1. ", "\\", "|", "---", "# ", "$$"]
SPACES = ["a", " ", "    ", "\n", "\n\n", "\t", "\r\n"]
markdown = st.lists(st.sampled_from([*TAGS, *SIGNS, *SPACES]), max_size=25).map("".join)


@given(markdown)
def test_no_renderer_finds_html_in_it(text: str) -> None:
    renderer = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = [child for token in renderer.parse(harmless(text)) for child in [token, *(token.children or [])]]
    assert not [token for token in tokens if token.type in ("html_block", "html_inline")]


@given(markdown)
def test_nothing_that_can_be_seen_changes(text: str) -> None:
    seen = re.sub(r"<(https?://[^\s<>]*)>", r"\1", text.replace("\r\n", "\n"))
    shown = re.sub(r"<(https?://[^\s<>]*)>", r"\1", harmless(text).replace(JOINER, "").replace("\r\n", "\n"))
    assert shown == seen


@given(markdown)
def test_doing_it_twice_does_nothing_more(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b and 1<2", "a < b and 1<2"),
        ("use <div> here", f"use <{JOINER}div> here"),
        ("see <https://a.example/x>.", "see https://a.example/x."),
        ("```html\n<style>\n```\n<style>", f"```html\n<style>\n```\n<{JOINER}style>"),
        ("- item\n\n  ~~~\n  <b>\n  ~~~", "- item\n\n  ~~~\n  <b>\n  ~~~"),
        ("text\n        ```\n<style>", f"text\n        ```\n<{JOINER}style>"),
        ("a ` and\nb ` <style> `", f"a ` and\nb ` <{JOINER}style> `"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert harmless(text) == expected
    assert original(f"use <{JOINER}div> here") == "use <div> here"
