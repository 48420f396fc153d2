"""Rendering the pages, and the answers to requests that are refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gradio_app import request_id
from gradio_app.language import CHOICE, COOKIE, KNOWN, LANGUAGES, language
from gradio_app.login.cookies import return_cookie
from gradio_app.login.return_to import place_of
from gradio_app.pages import installable
from gradio_app.pages.files import Inside, address
from gradio_app.pages.texts import TEXTS

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src {styles}; img-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'{more}; frame-ancestors 'none'"
)
STYLE = Inside("pages.css")
SCRIPTS = "; script-src 'self'; connect-src 'self'"
"""Added for a page with a script of ours, which works without it too."""
LOST_CONNECTION = "Connection errored out. "
"""As an event's `error`, this makes the chat's page say so, ask for `app_id` until there is an answer, and
reload itself, which leads to the sign-in or to the page that says what is wrong. Any other error of an
event past the queue it swallows."""
ONE_YEAR = 365 * 24 * 3600


class _Errors(dict[str, str]):
    """Fields without an error have an empty one."""

    def __missing__(self, field: str) -> str:
        return ""


@dataclass(frozen=True)
class Room:
    """Pages that belong together: a folder of templates, and their texts by language and key."""

    templates: Path
    texts: Mapping[str, Mapping[str, str]]


def _together(lang: str, rooms: Iterable[Room]) -> dict[str, str]:
    """The texts of all rooms; raises ValueError where two have one name: the later would hide the other."""
    texts: dict[str, str] = {}
    for room in rooms:
        if twice := texts.keys() & room.texts[lang].keys():
            raise ValueError(f"Two rooms have texts of these names: {', '.join(sorted(twice))}")
        texts |= room.texts[lang]
    return texts


class Pages:
    """Templates in all languages; only a page that brings a script has a policy that allows one."""

    def __init__(self, https: bool, *rooms: Room) -> None:
        self._https = https
        all_rooms = (Room(HERE / "templates", TEXTS), *rooms)
        self._texts = {lang: _together(lang, all_rooms) for lang in LANGUAGES}
        self._templates = Environment(
            loader=FileSystemLoader([room.templates for room in all_rooms]),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self,
        request: Request,
        template: str,
        title: str,
        *,
        status: int = 200,
        notice: str = "",
        problem: str = "",
        errors: Mapping[str, str] | None = None,
        email: str = "",
        forms_lead_to: str = "",
        script: str = "",
        in_one: bool = False,
        **context: object,
    ) -> Response:
        """Render a template; `title`, `notice`, `problem` and the errors by field are keys of the texts.

        A key that is not in the texts stands for itself. `forms_lead_to` is an origin that forms may lead to
        besides ours, `script` the file of the page's script. `in_one` is for the page that people see first:
        its style is in it, and no file that a browser has to ask for and then keeps.
        """
        lang = language(request)
        texts = self._texts[lang]
        # Only a page that was asked for by GET can be asked for again in another language.
        again = request.method == "GET" and status == 200
        body = self._templates.get_template(template).render(
            lang=lang,
            t=texts,
            title=texts[title],
            notice=texts.get(notice, notice),
            problem=texts.get(problem, problem),
            errors=_Errors({field: texts[key] for field, key in (errors or {}).items()}),
            email=email,
            names={each: known.name for each, known in KNOWN.items()},
            others=_in_other_languages(request, lang) if again else {},
            style=STYLE.text if in_one else "",
            stylesheets={name: address(f"{name}.css") for name in ("pages", "wide")},
            script=address(script) if script else "",
            installable=installable.head(lang),
            **context,
        )
        styles = STYLE.source if in_one else "'self'"
        more = f" {forms_lead_to}" if forms_lead_to else ""
        policy = POLICY.format(styles=styles, more=more) + SCRIPTS * bool(script)
        response = HTMLResponse(body, status_code=status, headers={"content-security-policy": policy})
        if request.query_params.get(CHOICE) in LANGUAGES:
            response.set_cookie(
                COOKIE, lang, max_age=ONE_YEAR, secure=self._https, httponly=True, samesite="lax"
            )
        return response

    def text(self, request: Request, key: str) -> str:
        """One sentence in the request's language."""
        return self._texts[language(request)][key]

    def refusal(self, request: Request, status: int, key: str = "") -> Response:
        """What a refused request gets: a browser's page view a page, anything else one sentence in JSON.

        The sentence is the one with this key, or the status's.
        """
        key = key or f"error_{status}"
        if not views_page(request):
            sentence = self.text(request, key)
            error = LOST_CONNECTION if status in (401, 503) else sentence
            reference = request_id.current.get()
            told = {"detail": sentence, "error": error, "reference": reference}
            return JSONResponse(told, status_code=status)
        return self._error(request, status, key)

    def unsupported(self, request: Request, challenge: str) -> Response:
        """What a person sees whose pool asks for something that we do not have."""
        sentence = self.text(request, "unsupported").format(name=challenge)
        return self._error(request, 501, sentence)

    def _error(self, request: Request, status: int, problem: str) -> Response:
        """A page that says what is wrong, and by which id the log knows of it."""
        return self.page(
            request, "error.html", "error", status=status, problem=problem, reference=request_id.current.get()
        )

    def to_login(self, request: Request, *, ended: bool) -> Response:
        """Send a browser that views a page to the sign-in, and from there back to its conversation."""
        response = RedirectResponse("/login?ended=1" if ended else "/login", status_code=303)
        if place := place_of(request):
            return_cookie(self._https).write(response, place)
        return response


def views_page(request: Request) -> bool:
    """Whether a person waits for a page, and not a script for data."""
    wants = request.method in ("GET", "HEAD") or request.headers.get("sec-fetch-mode") == "navigate"
    return wants and "text/html" in request.headers.get("accept", "")


def _in_other_languages(request: Request, lang: str) -> dict[str, str]:
    """The addresses of the same page in the other languages."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != CHOICE]
    others = (each for each in LANGUAGES if each != lang)
    return {each: f"{request.url.path}?{urlencode([*asked, (CHOICE, each)])}" for each in others}
