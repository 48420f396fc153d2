"""Password, then whatever else Cognito asks, then in."""

import time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gradio_app.audit import audit
from gradio_app.cognito.directory import FIRST_PASSWORD, NEW_PASSWORD, Challenge
from gradio_app.cognito.errors import (
    PasswordRefused,
    StepExpired,
    TooManyAttempts,
    WrongCode,
    WrongCredentials,
)
from gradio_app.cognito.tokens import SignedIn
from gradio_app.login.qr import Setup
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
from gradio_app.login.texts import policy_reason
from gradio_app.sessions.steps import Step

PASSWORD_WHY = {NEW_PASSWORD: "new_password_why", FIRST_PASSWORD: "first_password_why"}
NOTICES = {"ended": "session_ended", "expired": "step_expired", "out": "signed_out"}


class SignIn:
    """The routes from the sign-in form to the session."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pages = services.pages

    def routes(self) -> list[Route]:
        return [
            Route("/login", self.form, methods=["GET"]),
            Route("/login", self.sign_in, methods=["POST"]),
            Route("/login/step", self.step, methods=["GET"]),
            Route("/login/step", self.answer, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        if await self._services.sessions.find(self._services.session_cookie.read(request)):
            return RedirectResponse("/", status_code=303)
        notice = next((text for name, text in NOTICES.items() if name in request.query_params), "")
        return self.page(request, 200, notice=notice)

    async def sign_in(self, request: Request) -> Response:
        started = time.monotonic()
        values = await form(request, "email", "password")
        account = account_name(values["email"])
        if errors := missing(values):
            return self.page(request, 400, email=values["email"], errors=errors)
        if not await self._services.may_try(request, account):
            return self._refused(request, 429, account, "too_many")
        try:
            outcome = await self._services.directory.sign_in(account, values["password"])
        except WrongCredentials:
            await same_pace(started)
            return self._refused(request, 401, account, "wrong_credentials")
        except TooManyAttempts:
            return self._refused(request, 429, account, "too_many")
        await self._services.succeeded(request, account)
        return await self.proceed(request, outcome, account, ends_others=False)

    async def step(self, request: Request) -> Response:
        step = await self._services.steps.look(self._services.step_cookie.read(request))
        return self._question(request, step) if step else self._begin_again()

    async def answer(self, request: Request) -> Response:
        step = await self._services.steps.take(self._services.step_cookie.read(request))
        if step is None:
            audit("sign-in", outcome="refused", client=address(request), detail="no such step")
            return self._begin_again()
        if step.challenge.asks_password:
            return await self._answer_password(request, step)
        return await self._answer_code(request, step)

    async def proceed(
        self, request: Request, outcome: SignedIn | Challenge, account: str, *, ends_others: bool
    ) -> Response:
        """Go where Cognito's answer leads: in, or to the next question."""
        if isinstance(outcome, SignedIn):
            return await self._services.enter(request, outcome, ends_others=ends_others)
        response = RedirectResponse("/login/step", status_code=303)
        step = Step(outcome, account, ends_others or outcome.name == NEW_PASSWORD)
        self._services.step_cookie.write(response, await self._services.steps.keep(step))
        return response

    async def _answer_password(self, request: Request, step: Step) -> Response:
        values = await form(request, "new_password", "repeat")
        if errors := await new_password_errors(values, step.account):
            return await self._ask_again(request, step, errors)
        try:
            outcome = await self._services.directory.answer(step.challenge, values["new_password"])
        except PasswordRefused as refusal:
            return await self._ask_again(request, step, {"new_password": policy_reason(str(refusal))})
        except StepExpired:
            return self._begin_again()
        return await self.proceed(request, outcome, step.account, ends_others=True)

    async def _answer_code(self, request: Request, step: Step) -> Response:
        code = code_in(await form(request, "code"))
        if not code:
            return await self._ask_again(request, step, {"code": "fill_in"})
        if not await self._services.may_try(request, step.account):
            return self._refused(request, 429, step.account, "too_many")
        try:
            outcome = await self._services.directory.answer(step.challenge, code)
        except WrongCode:
            audit("sign-in", outcome="failed", client=address(request), detail="wrong code")
            return await self._ask_again(request, step, {"code": "wrong_code"})
        except TooManyAttempts:
            return self._refused(request, 429, step.account, "too_many")
        except StepExpired:
            return self._begin_again()
        await self._services.succeeded(request, step.account)
        return await self.proceed(request, outcome, step.account, ends_others=step.ends_others)

    async def _ask_again(self, request: Request, step: Step, errors: dict[str, str]) -> Response:
        """The same question under a new cookie: the one that was answered is used up."""
        response = self._question(request, step, errors)
        self._services.step_cookie.write(response, await self._services.steps.keep(step))
        return response

    def _question(self, request: Request, step: Step, errors: dict[str, str] | None = None) -> Response:
        status = 400 if errors else 200
        if step.challenge.asks_password:
            return self._pages.page(
                request,
                "new_password.html",
                "new_password_title",
                status=status,
                errors=errors,
                email=step.account,
                why=self._pages.text(request, PASSWORD_WHY[step.challenge.name]),
            )
        key = step.challenge.secret_key
        setup = Setup.of(step.account, key) if key else None
        title = "setup_title" if setup else "code_title"
        return self._pages.page(request, "code.html", title, status=status, errors=errors, setup=setup)

    def _begin_again(self) -> Response:
        response = RedirectResponse("/login?expired=1", status_code=303)
        self._services.step_cookie.clear(response)
        return response

    def _refused(self, request: Request, status: int, account: str, problem: str) -> Response:
        audit(
            "sign-in", outcome="failed", client=address(request), detail=f"{status} for {loggable(account)}"
        )
        return self.page(request, status, email=account, problem=problem)

    def page(
        self,
        request: Request,
        status: int,
        *,
        email: str = "",
        notice: str = "",
        problem: str = "",
        errors: dict[str, str] | None = None,
    ) -> Response:
        """The form, with the other ways in that there are."""
        provider = self._services.single_sign_on
        return self._pages.page(
            request,
            "login.html",
            "sign_in",
            status=status,
            provider=provider.provider if provider else "",
            email=email,
            notice=notice,
            problem=problem,
            errors=errors,
            sign_up=bool(self._services.settings.sign_up_domains),
        )
