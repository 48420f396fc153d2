"""What the chat's page is made of, in a script that a browser keeps.

Gradio writes the description of its components into each page, 60 kB that are the same for everybody; and no
browser keeps a page, for its nonce holds once. So the page names a script, by its content, in which that
description stands with all that our own scripts have to know. It names the models, so it is for whoever is
signed in, like the page.
"""

import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from gradio.routes import toorjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gradio_app.chat.asking import QUESTION_CHARACTERS
from gradio_app.chat.attachments import FILE_BYTES, FILES_OF_A_MESSAGE, IMAGE_BYTES, IMAGE_PIXELS
from gradio_app.chat.conversation import TEMPORARY
from gradio_app.gate.headers import DESCRIPTION
from gradio_app.language import CHOICE, KNOWN, LANGUAGES
from gradio_app.page import texts
from gradio_app.page.draft_route import DRAFT_CHARACTERS
from gradio_app.pages.files import COMPRESSED
from gradio_app.store.thumbs import REASON_CHARACTERS

VERSION = "v"
OF_A_PAGE = ("components", "dependencies", "layout")
"""Gradio writes these last of what is the same in all answers: it takes them from the page of several."""
SHORT = b"...asistente.gradio"
"""What stands in the page for all of it: JavaScript's way to put one object's members into another."""

ANEW = """
{
  const name = "loaded-anew";
  let last = Date.now();
  try {
    last = Number(sessionStorage.getItem(name));
    sessionStorage.setItem(name, Date.now());
  } catch {
    // A browser that keeps nothing could load the page for ever.
  }
  if (Date.now() - last > 60_000) {
    location.reload();
  } else {
    window.stop();
    document.body ??= document.createElement("body");
    document.body.replaceChildren(%s);
  }
}
"""
"""For a page of another version, whose task is gone: whichever task is there writes it anew.

Where that was tried in this minute there are tasks of two versions, and the page says that instead.
"""


@dataclass(frozen=True)
class Script:
    """The script in one language."""

    content: bytes
    version: str


class Description:
    """The description of one page of Gradio's, whose configuration is complete once it is mounted."""

    def __init__(self, page: Any, models: Mapping[str, str]) -> None:
        self._page = page
        self._models = models
        self._gradio = cache(self._as_gradio_writes_it)
        self._script = cache(self._made)

    def routes(self) -> list[BaseRoute]:
        """Where the script is."""
        return [Route(DESCRIPTION, self._serve, methods=["GET"], middleware=[COMPRESSED])]

    def tag(self, lang: str) -> str:
        """The element that loads the script, before all that needs it."""
        query = urlencode({CHOICE: lang, VERSION: self._script(lang).version})
        return f'<script src="{html.escape(f"{DESCRIPTION}?{query}")}"></script>'

    def shortened(self, page: bytes) -> bytes:
        """Gradio's page without its description, or as it is if it has another one."""
        return page.replace(self._gradio(), SHORT, 1)

    def _serve(self, request: Request) -> Response:
        lang, version = (request.query_params.get(name, "") for name in (CHOICE, VERSION))
        if lang not in LANGUAGES:
            return Response(status_code=404)
        if version != self._script(lang).version:
            # Another version's content under this address would be kept for a year.
            anew = ANEW % json.dumps(texts.ANOTHER_VERSION[lang])
            return Response(anew, media_type="text/javascript", headers={"cache-control": "no-store"})
        return Response(self._script(lang).content, media_type="text/javascript")

    def _made(self, lang: str) -> Script:
        facts = json.dumps(facts_for(lang, self._models)).encode()
        content = b'window.asistente = {"facts": %s, "gradio": {%s}};' % (facts, self._gradio())
        return Script(content, hashlib.sha256(content).hexdigest()[:16])

    def _as_gradio_writes_it(self) -> bytes:
        """The members of `window.gradio_config` that are the same in all pages, to the letter."""
        config = self._page.config
        first = {name: value for name, value in config.items() if name not in OF_A_PAGE}
        return str(toorjson(first | {name: config[name] for name in OF_A_PAGE}))[1:-1].encode()


def facts_for(lang: str, models: Mapping[str, str]) -> dict[str, Any]:
    """What our scripts have to know that is the same for all who read this language."""
    return {
        "words": texts.SCRIPT[lang],
        "shortcuts": texts.SHORTCUTS[lang],
        "list": texts.LIST[lang],
        "thumbs": texts.THUMBS[lang] | {"most": REASON_CHARACTERS},
        "names": texts.OF_GRADIO[lang],
        "thousands": KNOWN[lang].thousands,
        "most": QUESTION_CHARACTERS,
        "mostKept": DRAFT_CHARACTERS,
        "files": {
            "most": FILES_OF_A_MESSAGE,
            "bytes": FILE_BYTES,
            "imageBytes": IMAGE_BYTES,
            "imagePixels": IMAGE_PIXELS,
        },
        "models": list(models.items()),
        "temporary": TEMPORARY,
    }
