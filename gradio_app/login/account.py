"""The signed-in user's own page: sign out here or everywhere, change the password.

The authenticator has a page of its own: see `authenticator`.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gradio_app.audit import audit
from gradio_app.cognito.errors import PasswordRefused, TooManyAttempts, WrongCredentials
from gradio_app.cognito.tokens import PASSWORD
from gradio_app.login.attempts import address
from gradio_app.login.new_password import Busy, typing_errors
from gradio_app.login.services import Services, own_address
from gradio_app.login.single_sign_on import SIGNED_OUT
from gradio_app.login.texts import policy_reason
from gradio_app.pages.forms import form
from gradio_app.sessions.session import Session

NOTICES = {
    "changed": "password_changed",
    "authenticator": "authenticator_on",
    "no-authenticator": "authenticator_off",
}


class Account:
    """Routes behind the gate, which has put the session into the request's state."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pages = services.pages
        self._mfa = services.settings.mfa

    def routes(self) -> list[Route]:
        return [
            Route("/account", self.overview, methods=["GET"]),
            Route("/account/password", self.password_form, methods=["GET"]),
            Route("/account/password", self.change_password, methods=["POST"]),
            Route("/logout", self.sign_out, methods=["POST"]),
            Route("/logout/everywhere", self.sign_out_everywhere, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        notice = next((text for name, text in NOTICES.items() if name in request.query_params), "")
        session = _session(request)
        has_password = session.way == PASSWORD
        hosted = self._services.settings.single_sign_on
        return self._pages.page(
            request,
            "account.html",
            "account",
            notice=notice,
            email=session.identity.email,
            has_password=has_password,
            authenticators=has_password and self._mfa != "off",
            # Chromium holds a form to the policy through its redirects, and signing out leads through there.
            forms_lead_to="" if has_password or hosted is None else hosted.url,
        )

    async def password_form(self, request: Request) -> Response:
        return self._password_page(request, 200)

    async def change_password(self, request: Request) -> Response:
        session = _session(request)
        values = await form(request, "password", "new_password", "repeat")
        if errors := typing_errors(values):
            return self._password_page(request, 400, errors)
        try:
            attempt = await self._services.attempts.confirm(session)
            new = values["new_password"]
            async with self._services.attempts.unless_wrong(attempt):
                if errors := await self._services.judged(request, new, session.identity.email):
                    await self._services.attempts.succeeded(attempt)  # the current password was not tried
                    return self._password_page(request, 400, errors)
                await self._services.directory.change_password(session.access_token, values["password"], new)
        except WrongCredentials:
            self._audit(request, "password-change", "failed")
            return self._password_page(request, 400, {"password": "wrong_password"})
        except PasswordRefused as refusal:
            return self._password_page(request, 400, {"new_password": policy_reason(str(refusal))})
        except TooManyAttempts:
            return self._password_page(request, 429, problem="too_many")
        except Busy:
            return self._password_page(request, 429, problem="busy")
        await self._services.attempts.succeeded(attempt)
        self._audit(request, "password-change", "ok")
        response = RedirectResponse("/account?changed=1", status_code=303)
        self._services.session_cookie.write(response, await self._services.sessions.renew(session))
        return response

    async def sign_out(self, request: Request) -> Response:
        session = _session(request)
        await self._services.sessions.end(session)
        self._audit(request, "sign-out", "ok")
        await self._services.revoke(request, session)
        return self._goodbye(request, session)

    async def sign_out_everywhere(self, request: Request) -> Response:
        session = _session(request)
        user_id = session.identity.user_id
        await self._services.sessions.end(session)
        others = await self._services.sessions.end_all(user_id)
        self._audit(request, "sign-out-everywhere", "ok")
        if session.way == PASSWORD:
            revocation = self._services.directory.sign_out_everywhere(session.access_token)
            await self._services.revoked(request, user_id, revocation)
        else:
            # An access token of single sign-on may not do that; each refresh token may be revoked.
            await asyncio.gather(*(self._services.revoke(request, each) for each in (session, *others)))
        return self._goodbye(request, session)

    def _goodbye(self, request: Request, session: Session) -> Response:
        single_sign_on = self._services.single_sign_on
        if session.way == PASSWORD or single_sign_on is None:
            after = "/login?out=1"
        else:
            after = single_sign_on.end_url(own_address(request, SIGNED_OUT))
        # "cookies" would clear those of every other site under the same registered domain too.
        response = RedirectResponse(after, status_code=303, headers={"clear-site-data": '"storage"'})
        self._services.session_cookie.clear(response)
        return response

    def _password_page(
        self, request: Request, status: int, errors: dict[str, str] | None = None, problem: str = ""
    ) -> Response:
        return self._pages.page(
            request,
            "password.html",
            "change_password",
            status=status,
            errors=errors,
            problem=problem,
            email=_session(request).identity.email,
        )

    def _audit(self, request: Request, event: str, outcome: str, detail: str = "") -> None:
        user_id = _session(request).identity.user_id
        audit(event, outcome=outcome, client=address(request), user_id=user_id, detail=detail)


def _session(request: Request) -> Session:
    return request.state.session
