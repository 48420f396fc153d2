"""Signing up for an address of an allowed domain: the address, the mailed code, and then a password."""

import time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gradio_app.audit import audit
from gradio_app.cognito.errors import TooManyAttempts, WrongCode, WrongCredentials
from gradio_app.login.attempts import MAILING, SIGNING_UP, address
from gradio_app.login.forms import ADDRESS, account_name, code_in, loggable
from gradio_app.login.services import Services, same_pace
from gradio_app.login.sign_in import SignIn
from gradio_app.pages.forms import form, missing


class SignUp:
    """Two forms; neither tells whether an address has an account. The gate closes them unless offered."""

    def __init__(self, services: Services, sign_in: SignIn) -> None:
        self._services = services
        self._pages = services.pages
        self._domains = services.settings.sign_up_domains
        self._sign_in = sign_in

    def routes(self) -> list[Route]:
        return [
            Route("/sign-up", self.address_form, methods=["GET"]),
            Route("/sign-up", self.sign_up, methods=["POST"]),
            Route("/sign-up/confirm", self.code_form, methods=["GET"]),
            Route("/sign-up/confirm", self.confirm, methods=["POST"]),
        ]

    async def address_form(self, request: Request) -> Response:
        return self._address_page(request, 200, "")

    async def sign_up(self, request: Request) -> Response:
        """Send a code, the first one or another."""
        started = time.monotonic()
        account = account_name((await form(request, "email"))["email"])
        if not account:
            return self._address_page(request, 400, "", missing({"email": ""}))
        if not self._is_allowed(account):
            self._audit(request, "refused", account)
            return self._address_page(request, 400, account, {"email": "sign_up_domain"})
        try:
            attempt = await self._services.attempts.guess(request, MAILING, account)
            async with self._services.attempts.unless_wrong(attempt):
                await self._services.directory.sign_up(account)
        except TooManyAttempts:
            return self._too_many(request, account)
        self._audit(request, "asked", account)
        await same_pace(started)
        return self._code_page(request, 200, account)

    async def code_form(self, request: Request) -> Response:
        return self._code_page(request, 200, "")

    async def confirm(self, request: Request) -> Response:
        values = await form(request, "email", "code")
        account, code = account_name(values["email"]), code_in(values)
        if errors := missing(values):
            return self._code_page(request, 400, account, errors)
        if not self._is_allowed(account):
            self._audit(request, "refused", account)
            return self._code_page(request, 400, account, {"email": "sign_up_domain"})
        try:
            attempt = await self._services.attempts.guess(request, SIGNING_UP, account)
            async with self._services.attempts.unless_wrong(attempt):
                await self._services.directory.confirm_sign_up(account, code)
                outcome = await self._services.directory.first_sign_in(account)
        except WrongCode:
            self._audit(request, "failed", account)
            return self._code_page(request, 400, account, {"code": "wrong_mailed_code"})
        except WrongCredentials:
            # Confirmed, but made under another secret of the client: a reset by mail leads on from there.
            return RedirectResponse("/forgot-password", status_code=303)
        except TooManyAttempts:
            return self._too_many(request, account)
        await self._services.attempts.succeeded(attempt)
        self._audit(request, "ok", account)
        return await self._sign_in.proceed(request, outcome, account, ends_others=False)

    def _is_allowed(self, account: str) -> bool:
        return bool(ADDRESS.fullmatch(account)) and account.rpartition("@")[2] in self._domains

    def _address_page(
        self, request: Request, status: int, account: str, errors: dict[str, str] | None = None
    ) -> Response:
        return self._page(request, "sign_up.html", status, account, errors)

    def _code_page(
        self, request: Request, status: int, account: str, errors: dict[str, str] | None = None
    ) -> Response:
        return self._page(request, "sign_up_code.html", status, account, errors)

    def _too_many(self, request: Request, account: str) -> Response:
        self._audit(request, "failed", account, "429 for ")
        return self._page(request, "sign_up.html", 429, account, problem="too_many")

    def _page(
        self,
        request: Request,
        template: str,
        status: int,
        account: str,
        errors: dict[str, str] | None = None,
        problem: str = "",
    ) -> Response:
        return self._pages.page(
            request,
            template,
            "sign_up",
            status=status,
            errors=errors,
            problem=problem,
            email=account,
            domains=", ".join(self._domains),
        )

    def _audit(self, request: Request, outcome: str, account: str, what: str = "") -> None:
        audit("sign-up", outcome=outcome, client=address(request), detail=what + loggable(account))
