"""Text becomes HTML that shows it and does nothing else."""

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_app.page import growing, markup, sections
from gradio_app.page.growing import LiveAnswer
from gradio_app.page.markup import answer_parts, typed
from tests.gradio_app.page.hostile import ATTACKS, answers
from tests.gradio_app.page.shown import text_of, unwanted

pytestmark = pytest.mark.slow

FENCE = re.compile(r"(`{3,})([a-z]*)\n")
OUT_OF_TAGS = re.compile(r"<[^<>]*>")


def check(part: str) -> None:
    """A part is one line of the HTML that we have, or one fence that nothing in it ends."""
    if fence := FENCE.match(part):
        code = part[fence.end() :]
        assert fence[1] not in code
        assert fence[2] != "mermaid"
        assert not re.search(r'src="/file|%%%LATEX', code)
        return
    assert part.startswith("<div class=")
    assert not re.search(r"[\n\r\t\u2028\u2029]", part)
    assert not list(unwanted(part))
    # Nothing that a parser of Markdown could read, but for the references themselves.
    text = re.sub(r"&#\d+;", "", OUT_OF_TAGS.sub("", part))
    assert not re.search(r"[!-/:-@\[-`{-~]", text)
    text_of(part)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_text(attack: str) -> None:
    for part in [*answer_parts(attack), typed(attack), *LiveAnswer().update(attack)]:
        check(part)


@given(answers)
def test_whatever_is_written_is_text(text: str) -> None:
    live = LiveAnswer()
    for part in [*answer_parts(text), typed(text), *live.update(text[: len(text) // 2]), *live.update(text)]:
        check(part)


@given(st.text())
def test_what_a_person_typed_is_shown_to_the_letter(text: str) -> None:
    shown = text_of(typed(text))
    assert shown == text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


@given(answers)
def test_what_a_person_typed_is_shown_to_the_letter_also_when_it_looks_like_markdown(text: str) -> None:
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert text_of(typed(text)) == expected.replace("\r\n", "\n").replace("\0", "\ufffd")


CODE = ["a", "<b>", "`", "```", "\t", " ", "\n", "$$", "\\(x\\)", "&lt;", "\xa0", 'src="/file']


@given(st.lists(st.sampled_from(CODE), max_size=20))
def test_code_is_shown_to_the_letter(pieces: list[str]) -> None:
    code = "".join(pieces)
    [part] = answer_parts(f"~~~~\n{code}\n~~~~")
    fence = FENCE.match(part)
    if fence:  # of which Gradio drops an empty last line
        assert part[fence.end() :] == (f"{code}\n\n" if f"{code}\n".endswith("\n\n") else f"{code}\n")
    else:
        assert text_of(part) == f"{code}\n"


DIRECTION = re.compile(' dir="(auto|ltr)"')


def shown(text: str) -> str:
    """The HTML of an answer without the references and the directions."""
    return DIRECTION.sub("", directed(text))


def directed(text: str) -> str:
    """The HTML of an answer without the references."""
    return (
        "".join(
            re.sub(r"&#(\d+);", lambda sign: html.escape(chr(int(sign[1])), quote=False), part)
            for part in answer_parts(text)
        )
        .removeprefix('<div class="written">')
        .removesuffix("</div>")
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a **b** `#include <stdio.h>`", "<p>a <strong>b</strong> <code>#include &lt;stdio.h&gt;</code></p>"),
        ("use <title> and </b>", "<p>use &lt;title&gt; and &lt;/b&gt;</p>"),
        ("<div>\n\n*x*\n</div>", "<p>&lt;div&gt;</p><p><em>x</em><br>&lt;/div&gt;</p>"),
        ("one\ntwo  \nthree", "<p>one<br>two<br>three</p>"),
        ("- [ ] a\n- [x] b", "<ul><li>☐ a</li><li>☑ b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        (
            "|a|\n|-:|\n|1|",
            '<div class="table" tabindex="0"><table><thead><tr><th class="right">a</th></tr></thead>'
            '<tbody><tr><td class="right">1</td></tr></tbody></table></div>',
        ),
        ("a < b and 1<2 & c", "<p>a &lt; b and 1&lt;2 &amp; c</p>"),
        ("it costs $5 and $10", "<p>it costs $5 and $10</p>"),
        ("echo $$ and kill $$", "<p>echo $$ and kill $$</p>"),
        ("`\\(x\\)` and \\\\(x\\\\)", "<p><code>\\(x\\)</code> and \\(x\\)</p>"),
        ("[bait](javascript:x) [b](/logout) ![c](data:x)", "<p>bait b c</p>"),
        (f"[{'b' * 301}](https://a.example/)", f"<p>{'b' * 301}</p>"),
        ("    indented <b>\n", "```\nindented &lt;b&gt;\n"),
    ],
)  # fmt: skip
def test_examples(text: str, expected: str) -> None:
    html_or_fence = answer_parts(text)[0] if text.startswith("    ") else shown(text)
    assert html_or_fence == expected.replace("&lt;b&gt;", "<b>" if text.startswith("    ") else "&lt;b&gt;")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("نص\n\ntext", '<p dir="auto">نص</p><p dir="auto">text</p>'),
        ("- نص\n\n  - two", '<ul dir="auto"><li><p>نص</p><ul><li>two</li></ul></li></ul>'),
        ("> # نص\n>\n> 1. a", '<blockquote dir="auto"><h1>نص</h1><ol><li>a</li></ol></blockquote>'),
        ("## نص\n---\nb", '<h2 dir="auto">نص</h2><hr><p dir="auto">b</p>'),
        ("`code` نص", '<p dir="auto"><code dir="ltr">code</code> نص</p>'),
    ],
)  # fmt: skip
def test_each_block_runs_as_its_first_word_does_and_code_from_left_to_right(text: str, expected: str) -> None:
    assert directed(text) == expected


def test_tables_typed_texts_and_formulas_have_a_direction_too() -> None:
    assert '<div class="table" tabindex="0" dir="auto"><table>' in directed("|نص|\n|-|\n|1|")
    assert '<span class="formula" dir="ltr">' in directed(r"نص \(x\)")
    assert markup.typed("نص") == '<div class="typed" dir="auto">نص</div>'


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[a](https://a.example/x)", "https://a.example/x"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("see https://a.example/x_(y).", "https://a.example/x_(y)"),
        ("[a](https://a.example/x_\\(y\\))", "https://a.example/x_(y)"),
        ("[a](<https://a.example/x y>)", "https://a.example/x%20y"),
        ("![a](https://a.example/x.png)", "https://a.example/x.png"),
        ("[a]\n\n[a]: https://a.example/x", "https://a.example/x"),
        ("[a](https://a.example/?<b>=1)", "https://a.example/?%3Cb%3E=1"),
        ("a@b.example", None),
        ("<a@b.example>", "mailto:a@b.example"),
        ("https://", None),
        ("xhttps://a.example", None),
    ],
)
def test_links_lead_out_and_say_so(text: str, address: str | None) -> None:
    links = re.findall(r'<a href="([^"]*)"[^>]* rel="noopener noreferrer nofollow">', shown(text))
    assert [link.replace("&amp;", "&") for link in links] == ([address] if address else [])


FORMULAS = [
    *(r"\(x_1\)", r"so \[ x \]", "$$x$$", "$$\nx\n$$", "- $$x$$", "> $$x$$.", "a\n\\[\nx\n\\]\nb"),
    r"\[ \begin{aligned} a &= b \\ c &< d \end{aligned} \]",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_drawn(text: str) -> None:
    assert "<math" in shown(text)


NO_FORMULAS = [
    *(r"\(", r"\(\)", "\\(\n\n\\)", "$$ a $$ b", "a $$b$$", "$$\n\n$$", "$5 and $10", "`$$x$$`"),
    *("~~~\n$$x$$\n~~~", r"\\(x\\)", r"\(`x`\)", "    $$x$$"),
]


@pytest.mark.parametrize("text", NO_FORMULAS)
def test_what_is_no_formula_is_text(text: str) -> None:
    assert "<math" not in "".join(answer_parts(text))


def test_a_formula_that_cannot_be_drawn_is_shown_as_it_is() -> None:
    assert shown(r"\(\frac{a\)") == r"<p><code>\(\frac{a\)</code></p>"


def test_code_says_its_language_to_gradio_in_gradios_words() -> None:
    parts = answer_parts(
        "```py title\na\n```\n\n```mermaid\nb\n```\n\n```valueOf\nc\n```\n\n~~~C++\n`````\n~~~"
    )
    assert parts == ["```python\na\n", "```\nb\n", "```\nc\n", "``````cpp\n`````\n"]


# Pieces of an ordinary answer.
BLOCKS = [
    *(
        "# Title",
        "Some *words* in\ntwo lines.",
        "- a\n- b\n\n  more\n",
        "1. x\n2. y",
        "> quote\n> more",
        "---",
    ),
    *("```python\nx = 1\n\ny = 2\n```", "~~~\n# no title\n~~~", "|a|b|\n|-|-|\n|1|2|", "\\[\nx\n\\]"),
    *(
        "$$\ny^2\n$$",
        "Title\n=====",
        "    indented\n\n    code",
        "A [link], [another](https://a.example/).",
        "***",
    ),
    *("*a*\n* b", "[link]: https://a.example/", "words " * 900, "- [ ] todo", "<div>\n\ntext</div>"),
]
ordinary = st.lists(st.sampled_from(BLOCKS), max_size=12).map("\n\n".join)


@given(ordinary, st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_an_answer_that_grew_ends_as_it_will_be_shown(text: str, steps: list[int]) -> None:
    live, end, shown_last = LiveAnswer(), 0, list[str]()
    while end < len(text):
        end += steps[end % len(steps)]
        shown_last = live.update(text[:end])
        for part in shown_last:
            check(part)
        if len(text[:end]) < growing.LARGE:
            assert shown_last == markup._render(text[:end]), "at each step it is what it would be by itself"
    # What is large shows its end as it stands for a moment; the next event of the page shows all.
    if not shown_last or not shown_last[-1].startswith('<div class="typed"'):
        assert shown_last == answer_parts(text)


@pytest.mark.parametrize(
    "block", ["\\[x\\]\n\n```py\nx\n```\n\n", "```\nx\n```\n\n- *i*\n\n", "```\nx\n```\n\n"]
)
def test_what_goes_into_the_last_of_all_parts_is_the_same_however_it_comes(block: str) -> None:
    text = block * (3 * sections.MOST_PARTS // 2)
    live = LiveAnswer()
    for end in range(7, len(text), 7):
        live.update(text[:end])
    assert live.update(text) == markup._render(text)
    assert len(live.update(text)) <= sections.MOST_PARTS


def test_what_is_finished_of_an_answer_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = list[int]()
    real = markup.prose.markdown

    def counting(source: str, hidden: object) -> str:
        rendered.append(len(source))
        return real(source, hidden)  # type: ignore[arg-type]

    monkeypatch.setattr(markup.prose, "markdown", counting)
    text = "".join(f"Paragraph {number} with *words* and `code`.\n\n" for number in range(2_000))
    live = LiveAnswer()
    for end in range(100, len(text), 100):
        live.update(text[:end])
    assert max(rendered) < 1_000, "some of these paragraphs"
    assert sum(rendered) < 5 * len(text)


def test_one_block_that_only_grows_costs_in_proportion_to_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = list[int]()
    real = markup.prose.markdown

    def counting(source: str, hidden: object) -> str:
        rendered.append(len(source))
        return real(source, hidden)  # type: ignore[arg-type]

    monkeypatch.setattr(markup.prose, "markdown", counting)
    text = "- an item of one list\n" * 10_000
    live = LiveAnswer()
    for end in range(200, len(text), 200):
        live.update(text[:end])
    assert sum(rendered) < 20 * len(text)
    assert live.update(text)


def test_links_that_are_defined_later_lead_where_they_say() -> None:
    live = LiveAnswer()
    text = "A [link].\n\n" + "words " * 1_000 + "\n\n" + "words " * 1_000 + "\n\nmore\n\n"
    assert "<a" not in live.update(text)[0]
    assert "<a" in live.update(text + "[link]: https://a.example/\n")[0]


def test_what_becomes_a_definition_leaves_what_stood_before_it() -> None:
    live, text = LiveAnswer(), "[x]: /a\n\nWords.\n\n[x]:\n"
    live.update(text)
    assert live.update(text + "/b") == markup._render(text + "/b")


@pytest.mark.parametrize("formula", ["\\(x\\) ", "\\[" + "\\frac{1}{2}" * 180 + "\\]\n\n"])
def test_so_many_formulas_of_an_answer_are_converted_and_no_more(
    monkeypatch: pytest.MonkeyPatch, formula: str
) -> None:
    converted, convert = list[str](), markup.prose.formulas.mathml
    monkeypatch.setattr(
        markup.prose.formulas, "mathml", lambda source: converted.append(source) or convert(source)
    )
    shown = "".join(markup._render(formula * (200_000 // len(formula))))
    assert 10 < len(converted) <= sections.MOST_FORMULAS // sections.EACH_FORMULA
    assert sum(map(len, converted)) <= sections.MOST_FORMULAS
    assert shown.count("<math") == len(converted)
    assert "<code>" in shown, "the rest stands as it was written"


def test_the_same_answer_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"an answer of {time.monotonic_ns()}"
    first = answer_parts(text)
    monkeypatch.setattr(markup, "_render", lambda _: ["again"])
    assert answer_parts(text) == first


def test_what_is_kept_of_finished_answers_is_bounded() -> None:
    for number in range(200):
        answer_parts(f"{number} " + "x" * 100_000)
    assert markup._kept._size <= markup.MOST_KEPT
    assert sum(len(part) for parts in markup._kept._parts.values() for part in parts) == markup._kept._size


# Each of these took a parser or a cleaner more than its length.
LONG = {
    "quotes": ">" * 100_000,
    "a quote and lazy lines": ">" * 20 + "a\n" + "b\n" * 15_980 + "<b>",
    "a wide table": "|a" * 10_000 + "\n" + "|-" * 10_000 + "\n" + "|\n" * 10_000,
    "items in items": "".join(f"{'  ' * depth}- a\n" for depth in range(300)),
    "emphasis": "*a" * 50_000,
    "brackets": "[a](" * 25_000,
    "definitions": "".join(f"[a{number}]: /u\n" for number in range(10_000)) + "\n" + "[a1] " * 10_000,
    "one definition": f"[a]: http://{'u' * 400}\n\n" + "[a]" * 30_000,
    "tags": "<b>" * 33_000,
    "links in angle brackets": "[a](<b> " * 15_000,
    "formulas": r"\(a\) " * 15_000,
    "formulas that end nowhere": r"\(" * 50_000,
    "dollars": "$$\n" * 33_000,
    "addresses": ("https://a.b/" + ")" * 1_980 + " ") * 50,
    "fences": "```\na\n```\n" * 9_000,
    "lines": "---\n" * 25_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_the_work_is_bounded_by_the_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, cleaned = list[int](), list[int]()
    real = markup.prose.parser.html

    def parse(source: str) -> str:
        parsed.append(len(source))
        return real(source)

    class Cleaner:
        def clean(self, raw: str) -> str:
            depth = 0
            for tag in re.finditer(r"<(/?)(\w+)[^<>]*>", raw):
                depth += 0 if tag[2] in ("br", "hr") else -1 if tag[1] else 1
                assert depth <= markup.prose.MOST_DEPTH
            cleaned.append(len(raw))
            return "<p></p>"

    parser = type("Parser", (), {"html": staticmethod(parse), "events": markup.prose.parser.events})
    monkeypatch.setattr(markup.prose, "parser", parser)
    monkeypatch.setattr(markup.prose, "_cleaner", Cleaner())
    parts = markup._render(text)
    assert len(parts) <= sections.MOST_PARTS
    assert sum(parsed) <= 2 * len(text)
    assert all(size <= 2 * markup.prose.MOST_HTML for size in cleaned)
