"""What events tell our script: the value of a button that nobody sees, which `static/box.js` reads.

Base64, because Gradio takes some texts for its own marks; with an id, because the script sees changes only.
"""

import base64
import json
import secrets
from typing import Any


def news(**told: Any) -> str:
    """Some of the following, as the button's value.

    asked: the ask_id that this is about. taken: whether its question is stored; a refused one goes back
    into the box. running: whether an answer is being written. give: text for the box. files: what is
    attached there, as `files_route.told` tells of each. notice: a sentence to show. said: one for screen
    readers alone. whole: whether an answer that has ended came to its end. address: where the page is from
    now on. scroll: "start" or "end" of the shown turns.
    turn: the one that the page was opened at.
    """
    return base64.b64encode(json.dumps({"id": secrets.token_hex(8), **told}).encode()).decode()
