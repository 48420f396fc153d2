"""Password, then whatever else Cognito asks, then in."""

import time
from contextlib import suppress

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
from gradio_app.login.attempts import SIGNING_IN, address
from gradio_app.login.forms import account_name, code_in, loggable
from gradio_app.login.new_password import Busy, typing_errors
from gradio_app.login.qr import Setup
from gradio_app.login.services import Services, same_pace
from gradio_app.login.texts import policy_reason
from gradio_app.pages.forms import form, missing
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
            Route("/login/step", self.respond, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        if await self._services.sessions.find(self._services.session_cookie.read(request)):
            return self._services.to_chat(request)
        notice = next((text for name, text in NOTICES.items() if name in request.query_params), "")
        return self.page(request, 200, notice=notice)

    async def sign_in(self, request: Request) -> Response:
        started = time.monotonic()
        values = await form(request, "email", "password")
        account = account_name(values["email"])
        if errors := missing(values):
            return self.page(request, 400, email=values["email"], errors=errors)
        try:
            outcome = await self._outcome(request, account, values["password"])
        except WrongCredentials:
            await same_pace(started)
            return self._refused(request, 401, account, "wrong_credentials")
        except TooManyAttempts:
            return self._refused(request, 429, account, "too_many")
        return await self.proceed(request, outcome, account, ends_others=False)

    async def step(self, request: Request) -> Response:
        step = await self._services.steps.look(self._services.step_cookie.read(request))
        return self._question(request, step) if step else self._begin_again()

    async def respond(self, request: Request) -> Response:
        step = await self._services.steps.take(self._services.step_cookie.read(request))
        if step is None:
            audit("sign-in", outcome="refused", client=address(request), detail="no such step")
            return self._begin_again()
        if step.challenge.asks_password:
            return await self._respond_by_password(request, step)
        return await self._respond_by_code(request, step)

    async def proceed(
        self, request: Request, outcome: SignedIn | Challenge, account: str, *, ends_others: bool
    ) -> Response:
        """Go where Cognito's reply leads: in, or to the next question."""
        if isinstance(outcome, SignedIn):
            return await self._services.enter(request, outcome, ends_others=ends_others)
        response = RedirectResponse("/login/step", status_code=303)
        step = Step(outcome, account, ends_others or outcome.name == NEW_PASSWORD)
        self._services.step_cookie.write(response, await self._services.steps.keep(step))
        return response

    async def _outcome(self, request: Request, account: str, password: str) -> SignedIn | Challenge:
        """Try the password as it was typed, and then without the blanks that a copied one brings along.

        A password may have blanks around it, so what was typed comes first. Each try counts.
        """
        attempts, directory = self._services.attempts, self._services.directory
        made = []
        for each in dict.fromkeys((password, password.strip() or password)):
            made.append(await attempts.guess(request, SIGNING_IN, account))
            async with attempts.unless_wrong(*made[-1:]):
                greeting = await directory.greet(account)
            made.append(await attempts.guess_further(request, account, greeting.user_id))
            with suppress(WrongCredentials):
                async with attempts.unless_wrong(*made[-2:]):
                    outcome = await directory.prove(greeting, each)
                await attempts.succeeded(*made)
                return outcome
        raise WrongCredentials

    async def _respond_by_password(self, request: Request, step: Step) -> Response:
        values = await form(request, "new_password", "repeat")
        if errors := typing_errors(values):
            return await self._ask_again(request, step, errors)
        try:
            if errors := await self._services.judged(request, values["new_password"], step.account):
                return await self._ask_again(request, step, errors)
            outcome = await self._services.directory.respond(step.challenge, values["new_password"])
        except TooManyAttempts:
            return self._refused(request, 429, step.account, "too_many")
        except Busy:
            return await self._ask_again(request, step, problem="busy")
        except PasswordRefused as refusal:
            return await self._ask_again(request, step, {"new_password": policy_reason(str(refusal))})
        except StepExpired:
            return self._begin_again()
        return await self.proceed(request, outcome, step.account, ends_others=True)

    async def _respond_by_code(self, request: Request, step: Step) -> Response:
        code = code_in(await form(request, "code"))
        if not code:
            return await self._ask_again(request, step, {"code": "fill_in"})
        attempts = self._services.attempts
        try:
            by_name = await attempts.guess(request, SIGNING_IN, step.account)
            by_user = await attempts.guess_further(request, step.account, step.challenge.username)
            async with attempts.unless_wrong(by_name, by_user):
                outcome = await self._services.directory.respond(step.challenge, code)
        except WrongCode:
            audit("sign-in", outcome="failed", client=address(request), detail="wrong code")
            return await self._ask_again(request, step, {"code": "wrong_code"})
        except TooManyAttempts:
            return self._refused(request, 429, step.account, "too_many")
        except StepExpired:
            return self._begin_again()
        await attempts.succeeded(by_name, by_user)
        return await self.proceed(request, outcome, step.account, ends_others=step.ends_others)

    async def _ask_again(
        self, request: Request, step: Step, errors: dict[str, str] | None = None, problem: str = ""
    ) -> Response:
        """The same question under a new cookie: the one that was answered is used up."""
        response = self._question(request, step, errors, problem)
        self._services.step_cookie.write(response, await self._services.steps.keep(step))
        return response

    def _question(
        self, request: Request, step: Step, errors: dict[str, str] | None = None, problem: str = ""
    ) -> Response:
        status = 429 if problem else 400 if errors else 200
        if step.challenge.asks_password:
            return self._pages.page(
                request,
                "new_password.html",
                "new_password_title",
                status=status,
                errors=errors,
                problem=problem,
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
            in_one=True,
            sign_up=bool(self._services.settings.sign_up_domains),
        )
