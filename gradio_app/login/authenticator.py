"""The authenticator app of a signed-in user: set it up, move it to another device, remove it.

Each change asks anew for the password, and for a code when there is an authenticator already: who finds an
open browser must not be able to lock its owner out. After it the user's other sessions are over.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gradio_app.audit import audit
from gradio_app.cognito.directory import CODE, CODE_SETUP, Challenge
from gradio_app.cognito.errors import StepExpired, TooManyAttempts, WrongCode, WrongCredentials
from gradio_app.cognito.tokens import SignedIn
from gradio_app.login.attempts import address
from gradio_app.login.forms import code_in
from gradio_app.login.qr import Setup
from gradio_app.login.services import Services
from gradio_app.pages.forms import form, missing
from gradio_app.sessions.session import Session

PAGE = "/account/authenticator"


class Authenticator:
    """Routes behind the gate, which has put the session into the request's state."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pages = services.pages
        self._mfa = services.settings.mfa

    def routes(self) -> list[Route]:
        return [
            Route(PAGE, self.overview, methods=["GET"]),
            Route(PAGE, self.begin, methods=["POST"]),
            Route(f"{PAGE}/confirm", self.confirm, methods=["POST"]),
            Route(f"{PAGE}/remove", self.remove, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        if secret_key := await self._services.enrollments.find(_session(request)):
            return self._setup_page(request, secret_key)
        return await self._overview_page(request, 200)

    async def begin(self, request: Request) -> Response:
        """From the password, and the old authenticator's code, to the key of the new one."""
        session = _session(request)
        if refusal := await self._unproven(request, "authenticator-setup"):
            return refusal
        secret_key = await self._services.directory.new_authenticator(session.access_token)
        await self._services.enrollments.begin(session, secret_key)
        return RedirectResponse(PAGE, status_code=303)

    async def confirm(self, request: Request) -> Response:
        """The first code of the new authenticator, which proves that the user has it."""
        session = _session(request)
        secret_key = await self._services.enrollments.find(session)
        if not secret_key:
            return RedirectResponse(PAGE, status_code=303)
        values = await form(request, "code")
        if errors := missing(values):
            return self._setup_page(request, secret_key, errors)
        try:
            attempt = await self._services.attempts.confirm(session)
            async with self._services.attempts.unless_wrong(attempt):
                await self._services.directory.activate_authenticator(session.access_token, code_in(values))
        except WrongCode:
            self._audit(request, "authenticator-setup", "failed", "wrong code")
            return self._setup_page(request, secret_key, {"code": "wrong_code"})
        except TooManyAttempts:
            return self._pages.refusal(request, 429)
        await self._services.attempts.succeeded(attempt)
        await self._services.enrollments.end(session)
        self._audit(request, "authenticator-setup", "ok")
        return await self._done(session, "authenticator")

    async def remove(self, request: Request) -> Response:
        if self._mfa != "optional":
            return self._pages.refusal(request, 404)
        session = _session(request)
        if refusal := await self._unproven(request, "authenticator-removal"):
            return refusal
        await self._services.directory.remove_authenticator(session.access_token)
        self._audit(request, "authenticator-removal", "ok")
        return await self._done(session, "no-authenticator")

    async def _done(self, session: Session, notice: str) -> Response:
        response = RedirectResponse(f"/account?{notice}=1", status_code=303)
        self._services.session_cookie.write(response, await self._services.sessions.renew(session))
        return response

    async def _unproven(self, request: Request, event: str) -> Response | None:
        """The page that says what is wrong, unless the user gave all that a sign-in asks for."""
        values = await form(request, "password", "code")
        if not values["password"]:
            return await self._overview_page(request, 400, missing({"password": ""}))
        account = _session(request).identity.email.lower()
        try:
            attempt = await self._services.attempts.confirm(_session(request))
            async with self._services.attempts.unless_wrong(attempt):
                errors = await self._errors(request, account, values["password"], code_in(values))
        except TooManyAttempts:
            return self._pages.refusal(request, 429)
        if errors:
            self._audit(request, event, "failed", f"wrong {', '.join(errors)}")
            return await self._overview_page(request, 400, errors)
        await self._services.attempts.succeeded(attempt)
        return None

    async def _errors(self, request: Request, account: str, password: str, code: str) -> dict[str, str]:
        """Sign in once more; the sign-in that comes of it is given back at once."""
        directory = self._services.directory
        try:
            outcome = await directory.sign_in(account, password)
        except WrongCredentials:
            return {"password": "wrong_password"}
        if isinstance(outcome, Challenge) and outcome.name == CODE:
            if not code:
                return {"code": "fill_in"}
            try:
                outcome = await directory.respond(outcome, code)
            except (WrongCode, StepExpired):
                return {"code": "wrong_code"}
        if isinstance(outcome, SignedIn):
            await self._services.revoked(
                request, outcome.identity.user_id, directory.revoke(outcome.refresh_token)
            )
            return {}
        return {} if outcome.name == CODE_SETUP else {"password": "wrong_password"}

    async def _overview_page(
        self, request: Request, status: int, errors: dict[str, str] | None = None
    ) -> Response:
        session = _session(request)
        return self._pages.page(
            request,
            "authenticator.html",
            "authenticator",
            status=status,
            errors=errors,
            email=session.identity.email,
            active=await self._services.directory.has_authenticator(session.access_token),
            removable=self._mfa == "optional",
        )

    def _setup_page(
        self, request: Request, secret_key: str, errors: dict[str, str] | None = None
    ) -> Response:
        return self._pages.page(
            request,
            "authenticator_setup.html",
            "setup_title",
            status=400 if errors else 200,
            errors=errors,
            setup=Setup.of(_session(request).identity.email, secret_key),
        )

    def _audit(self, request: Request, event: str, outcome: str, detail: str = "") -> None:
        user_id = _session(request).identity.user_id
        audit(event, outcome=outcome, client=address(request), user_id=user_id, detail=detail)


def _session(request: Request) -> Session:
    return request.state.session
