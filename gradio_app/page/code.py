"""Code as the chat shows it: highlighted by Gradio where Gradio leaves it as it is, else plain."""

import re

from gradio_app.page.encoding import encoded
from gradio_app.page.prose import COPY_CODE

LANGUAGES = {
    **{name: name for name in ("bash", "c", "cpp", "css", "go", "html", "java", "javascript", "json")},
    **{name: name for name in ("latex", "php", "python", "rust", "sql", "svg", "xml", "yaml")},
    **dict.fromkeys(("console", "sh", "shell", "shell-session", "zsh"), "bash"),
    **dict.fromkeys(("js", "jsx", "ts", "tsx", "typescript"), "javascript"),
    **{"c++": "cpp", "golang": "go", "jsonc": "json", "py": "python", "python3": "python", "rs": "rust"},
    **{"tex": "latex", "yml": "yaml"},
}
"""What a model may write and what Gradio's highlighter calls it; any other name is dropped."""

MOST_HIGHLIGHTED = 20_000
"""Characters: the browser highlights all of a block again when it grows."""

CHANGED = re.compile(r'src="/file|%%%LATEX_BLOCK_|^ *\t|[\xa0\u2028\u2029]', re.MULTILINE)
"""What Gradio replaces in code by something else: addresses, its own marks, tabs that indent, blanks."""
TICKS = re.compile("`+")


def block(code: str, info: str) -> str:
    """Code in a fence of our own, or as HTML where Gradio would change it.

    The fence is never closed: it ends with its part, and grows with it.
    """
    if len(code) > MOST_HIGHLIGHTED or CHANGED.search(code):
        html = f'<div class="code_wrap">{COPY_CODE}<pre><code>{encoded(code)}</code></pre></div>'
        return f'<div class="written">{html}</div>'
    longest = max(map(len, TICKS.findall(code)), default=0)
    words = info.split(maxsplit=1)
    language = LANGUAGES.get(words[0].lower(), "") if words else ""
    if code.endswith("\n\n"):
        code += "\n"  # Gradio leaves an empty last line away
    return f"{'`' * max(3, longest + 1)}{language}\n{code}"
