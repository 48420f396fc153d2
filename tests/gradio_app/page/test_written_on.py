"""Words that are added to an answer are shown as they would be if all of it was rendered anew."""

import random

import pytest

from gradio_app.page.growing import LiveAnswer
from gradio_app.page.markup import open_ended
from tests.gradio_app.page import hostile

pytestmark = pytest.mark.slow

WORDS = ["word", " and more", "; so, it is.", " 12", ". "]
SIGNS = [
    *(
        "1.",
        "2. ",
        "- ",
        "* ",
        "\n",
        "\n\n",
        "**",
        "_",
        "`",
        "```",
        "```py\n",
        "$",
        "$$",
        "\\(",
        "\\)",
        "(",
        ")",
    ),
    *(
        "[a]",
        "[a]: https://x.example\n",
        "https://x.example/a",
        "a@b.example",
        "www.",
        "|",
        "|a|b|\n|-|-|\n",
        "> ",
    ),
    *(
        "#",
        "# ",
        "    ",
        "\t",
        "<b>",
        "</b>",
        "<",
        "&amp;",
        "!",
        "'",
        '"',
        "  ",
        "  \n",
        "~~",
        ":",
        "^",
        "\\",
    ),
    *("é ñ", "שלום ", "---", "===", "[ ] ", "- [x] done ", "\n1", "\n- item one"),
    *hostile.BETWEEN_PARSERS,
]


def grown(seed: int) -> list[str]:
    """A text that grows, mostly by words."""
    source = random.Random(seed)  # noqa: S311 (the same each time)
    weights = [50] * len(WORDS) + [1] * len(SIGNS)
    texts, text = [], ""
    for _ in range(source.randint(3, 30)):
        text += "".join(source.choices([*WORDS, *SIGNS], weights, k=source.randint(1, 3)))
        texts.append(text)
    return texts


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_it_is_what_the_parser_makes_of_it(first: int) -> None:
    hits = 0
    for seed in range(first, first + 50):
        quick, whole = LiveAnswer(), LiveAnswer()
        for text in grown(seed):
            parts = quick.written_on(text)
            hits += parts is not None
            assert (parts or quick.update(text)) == whole.update(text), (seed, text)
    assert hits > 50


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("- ```\n  one two three", " "),
        ("> ```\n> one two", " three "),
        ("see the page https://x.example/one", "two"),
        ("12", ". words"),
        ("- one 12", ". words"),
        ("|a|\n|-|\n| x two | x two", " words"),
        ("[a]: https://x.example one two", " words"),
        ("in _one two_", "words"),
        ("the code `one two", " words"),
        ("the sum $1 and two", " words"),
        ("one two\\", "words"),
    ],
)
def test_it_is_never_what_the_parser_makes_otherwise(text: str, more: str) -> None:
    live = LiveAnswer()
    live.update(text)
    parts = live.written_on(text + more)
    assert (parts or live.update(text + more)) == LiveAnswer().update(text + more)


def test_an_answer_in_prose_needs_the_parser_for_few_of_its_updates() -> None:
    text = "This is a paragraph of an answer, written in words as most answers are. " * 5
    live = LiveAnswer()
    live.update(text[:20])
    assert all(live.written_on(text[:end]) for end in range(30, len(text), 10))


def test_what_is_shown_next_begins_with_what_is_shown() -> None:
    text = "Words in a **list**:\n\n- one of its items, and\n- another one"
    live, before = LiveAnswer(), ""
    for end in range(len("Words in a **list**:\n\n- one"), len(text), 4):
        [part] = open_ended(live.written_on(text[:end]) or live.update(text[:end]))
        assert part.startswith(before) or "\n-" in text[end - 4 : end + 2]
        before = part


def test_code_that_grows_is_shown_whole() -> None:
    parts = LiveAnswer().update("```html\n<p>a</p>")
    assert open_ended(parts) == parts
