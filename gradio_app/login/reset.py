"""A forgotten password, replaced by a mailed code."""

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gradio_app.audit import audit
from gradio_app.cognito.errors import PasswordRefused, TooManyAttempts, WrongCode
from gradio_app.login.services import (
    Services,
    account_name,
    address,
    code_in,
    form,
    loggable,
    missing,
    new_password_errors,
    same_pace,
)
from gradio_app.login.sign_in import SignIn
from gradio_app.login.texts import policy_reason


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
        if not await self._services.may_try(request, f"reset {account}"):
            return self._too_many(request, "forgot.html", "forgot_title", account)
        try:
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
        if errors := await new_password_errors(values, account):
            return self._reset_page(request, 400, account, errors)
        if not await self._services.may_try(request, account):
            return self._too_many(request, "reset.html", "reset_title", account)
        code, password = code_in(values), values["new_password"]
        try:
            await self._services.directory.reset_password(account, code, password)
            outcome = await self._services.directory.sign_in(account, password)
        except WrongCode:
            audit("password-reset", outcome="failed", client=address(request), detail=loggable(account))
            return self._reset_page(request, 400, account, {"code": "wrong_mailed_code"})
        except PasswordRefused as refusal:
            return self._reset_page(request, 400, account, {"new_password": policy_reason(str(refusal))})
        except TooManyAttempts:
            return self._too_many(request, "reset.html", "reset_title", account)
        await self._services.succeeded(request, account)
        audit("password-reset", outcome="ok", client=address(request), detail=loggable(account))
        return await self._sign_in.proceed(request, outcome, account, ends_others=True)

    def _reset_page(
        self, request: Request, status: int, account: str, errors: dict[str, str] | None = None
    ) -> Response:
        return self._pages.page(
            request, "reset.html", "reset_title", status=status, email=account, errors=errors
        )

    def _too_many(self, request: Request, template: str, title: str, account: str) -> Response:
        audit(
            "password-reset", outcome="failed", client=address(request), detail=f"429 for {loggable(account)}"
        )
        return self._pages.page(request, template, title, status=429, problem="too_many", email=account)
