"""What makes the application one that a telephone installs: its manifest, its icons, the colors around it.

There is no service worker: browsers install without one, and all that it could do is keep pages and answers
in the browser, where nothing of a conversation is kept.
"""

import html
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gradio_app.language import CHOICE, LANGUAGES
from gradio_app.pages.files import address

NAME = "Asistente"
MANIFEST = "/manifest.json"
"""Gradio's address for its own, which shows Gradio's icon and speaks no language."""
BACKGROUNDS = {"light": "#f7f5f0", "dark": "#12181a"}
"""Behind each page, by color scheme: `--paper` of pages.css and of the chat's theme."""
ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)


def head(lang: str) -> str:
    """What the head of each page says of it; a manifest has one language, so its address names it."""
    links = {"manifest": f"{MANIFEST}?{CHOICE}={lang}", "apple-touch-icon": address("apple-touch-icon.png")}
    lines = [f'<link rel="{kind}" href="{html.escape(to)}">' for kind, to in links.items()]
    lines.append(f'<link rel="icon" type="image/svg+xml" href="{html.escape(address("icon.svg"))}">')
    for scheme, color in BACKGROUNDS.items():
        lines.append(f'<meta name="theme-color" media="(prefers-color-scheme: {scheme})" content="{color}">')
    return "\n".join(lines)


def routes(texts: Mapping[str, Mapping[str, str]]) -> list[BaseRoute]:
    """The manifest in the language that its address names; `texts` by language and key."""

    def manifest(request: Request) -> Response:
        asked = request.query_params.get(CHOICE, "")
        lang = asked if asked in LANGUAGES else LANGUAGES[0]  # by the address alone: caches may keep it
        icons = [
            {"src": address(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ]
        content = {
            "id": "/",
            "name": NAME,
            "short_name": NAME,
            "description": texts[lang]["description"],
            "lang": lang,
            "dir": "ltr",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            # It knows of one color scheme; the pages say the colors of both.
            "background_color": BACKGROUNDS["light"],
            "theme_color": BACKGROUNDS["light"],
            "icons": icons,
        }
        return JSONResponse(content, media_type="application/manifest+json")

    return [Route(MANIFEST, manifest, methods=["GET"])]
