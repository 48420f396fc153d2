"""A forgotten password, replaced by a mailed code."""

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gradio_app.audit import audit
from gradio_app.cognito.errors import PasswordRefused, TooManyAttempts, WrongCode
from gradio_app.login.attempts import MAILING, RESETTING, address
from gradio_app.login.forms import account_name, code_in, loggable
from gradio_app.login.new_password import Busy, typing_errors
from gradio_app.login.services import Services, same_pace
from gradio_app.login.sign_in import SignIn
from gradio_app.login.texts import policy_reason
from gradio_app.pages.forms import form, missing


class Reset:
    """The two forms of a reset; neither tells whether an account exists."""

    def __init__(self, services: Services, sign_in: SignIn) -> None:
        self._services = services
        self._pages = services.pages
        self._sign_in = sign_in

    def routes(self) -> list[Route]:
        return [
            Route("/forgot-password", self.forgot_form, methods=["GET"]),
            Route("/forgot-password", self.forgot, methods=["POST"]),
            Route("/reset-password", self.reset_form, methods=["GET"]),
            Route("/reset-password", self.reset, methods=["POST"]),
        ]

    async def forgot_form(self, request: Request) -> Response:
        return self._pages.page(request, "forgot.html", "forgot_title")

    async def forgot(self, request: Request) -> Response:
        started = time.monotonic()
        values = await form(request, "email")
        if errors := missing(values):
            return self._pages.page(request, "forgot.html", "forgot_title", status=400, errors=errors)
        account = account_name(values["email"])
        try:
            attempt = await self._services.attempts.guess(request, MAILING, account)
            async with self._services.attempts.unless_wrong(attempt):
                await self._services.directory.forgot_password(account)
        except TooManyAttempts:
            return self._too_many(request, "forgot.html", "forgot_title", account)
        audit("password-reset", outcome="asked", client=address(request), detail=loggable(account))
        await same_pace(started)
        return self._reset_page(request, 200, account)

    async def reset_form(self, request: Request) -> Response:
        return self._reset_page(request, 200, "")

    async def reset(self, request: Request) -> Response:
        values = await form(request, "email", "code", "new_password", "repeat")
        account = account_name(values["email"])
        if errors := typing_errors(values):
            return self._reset_page(request, 400, account, errors)
        attempts, password = self._services.attempts, values["new_password"]
        try:
            attempt = await attempts.guess(request, RESETTING, account)
            async with attempts.unless_wrong(attempt):
                if errors := await self._services.judged(request, password, account):
                    await attempts.succeeded(attempt)  # no code was tried
                    return self._reset_page(request, 400, account, errors)
                await self._services.directory.reset_password(account, code_in(values), password)
                outcome = await self._services.directory.sign_in(account, password)
        except WrongCode:
            audit("password-reset", outcome="failed", client=address(request), detail=loggable(account))
            return self._reset_page(request, 400, account, {"code": "wrong_mailed_code"})
        except PasswordRefused as refusal:
            return self._reset_page(request, 400, account, {"new_password": policy_reason(str(refusal))})
        except TooManyAttempts:
            return self._too_many(request, "reset.html", "reset_title", account)
        except Busy:
            return self._reset_page(request, 429, account, problem="busy")
        await attempts.succeeded(attempt)
        audit("password-reset", outcome="ok", client=address(request), detail=loggable(account))
        return await self._sign_in.proceed(request, outcome, account, ends_others=True)

    def _reset_page(
        self,
        request: Request,
        status: int,
        account: str,
        errors: dict[str, str] | None = None,
        problem: str = "",
    ) -> Response:
        return self._pages.page(
            request,
            "reset.html",
            "reset_title",
            status=status,
            email=account,
            errors=errors,
            problem=problem,
        )

    def _too_many(self, request: Request, template: str, title: str, account: str) -> Response:
        audit(
            "password-reset", outcome="failed", client=address(request), detail=f"429 for {loggable(account)}"
        )
        return self._pages.page(request, template, title, status=429, problem="too_many", email=account)
