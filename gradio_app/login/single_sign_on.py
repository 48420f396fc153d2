"""Single sign-on: off to the organization's identity provider, and back into the same kind of session.

The address to return to is made of the request's own host. That is safe although a client can send any:
Cognito compares the whole address with the one registered for the app client, and sends nobody and no code
anywhere else. Whom the provider vouches for is known by the pool's `sub`; the e-mail address is shown and
decides nothing.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gradio_app.audit import audit
from gradio_app.cognito.errors import CognitoUnreachable, TokenInvalid, TooManyAttempts, WrongCode
from gradio_app.cognito.single_sign_on import Departure
from gradio_app.cognito.single_sign_on import SingleSignOn as Provider
from gradio_app.login.attempts import address
from gradio_app.login.services import Services, own_address
from gradio_app.login.sign_in import SignIn

START = "/login/single-sign-on"
CALLBACK = "/login/callback"
SIGNED_OUT = "/login/signed-out"
OURS = (None, "same-origin", "none")
"""Sec-Fetch-Site of a browser that does not send it, of a link on our page, and of an address typed."""
OAUTH_ERRORS = {
    "access_denied",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
}
"""RFC 6749, section 4.1.2.1. What else a browser brings may be anything, and is not written down."""


class SingleSignOn:
    """Three addresses, there only when single sign-on is switched on."""

    def __init__(self, services: Services, sign_in: SignIn, provider: Provider) -> None:
        self._services = services
        self._sign_in = sign_in
        self._provider = provider

    def routes(self) -> list[Route]:
        return [
            Route(START, self.start, methods=["GET"]),
            Route(CALLBACK, self.callback, methods=["GET"]),
            Route(SIGNED_OUT, self.signed_out, methods=["GET"]),
        ]

    async def start(self, request: Request) -> Response:
        """Send the browser away, with a cookie that its return needs."""
        if request.headers.get("sec-fetch-site") not in OURS:
            return RedirectResponse("/login", status_code=303)  # nobody is signed in by another site's link
        departure = Departure.to_return_to(own_address(request, CALLBACK))
        response = RedirectResponse(self._provider.start_url(departure), status_code=303)
        self._services.departure_cookie.write(response, await self._services.departures.keep(departure))
        return response

    async def callback(self, request: Request) -> Response:
        """Take a browser back in that brings what it left with."""
        token = self._services.departure_cookie.read(request)
        departure = await self._services.departures.take(token, request.query_params.get("state", ""))
        if departure is None:
            # The cookie stays: another site may have led here while its sign-in is under way.
            return await self._lost(request)
        response = await self._arrive(request, departure)
        self._services.departure_cookie.clear(response)
        return response

    async def signed_out(self, _: Request) -> Response:
        """Back from the pool's domain. That Cognito takes an address with a query is not documented."""
        return RedirectResponse("/login?out=1", status_code=303)

    async def _arrive(self, request: Request, departure: Departure) -> Response:
        brought = request.query_params
        if "error" in brought:
            error = brought["error"] if brought["error"] in OAUTH_ERRORS else "another error"
            return self._again(request, 401, "sign_on_refused", error)
        # Counted here and not at the start: a whole company begins from one address in the morning.
        try:
            attempt = await self._services.attempts.arrive(request)
            async with self._services.attempts.unless_wrong(attempt):
                signed_in = await self._provider.arrive(departure, brought.get("code", ""))
        except TooManyAttempts:
            return self._again(request, 429, "too_many", "429")
        except (WrongCode, TokenInvalid) as refusal:
            return self._again(request, 400, "sign_on_unknown", f"{type(refusal).__name__}: {refusal}")
        except CognitoUnreachable as error:
            self._audit(request, f"CognitoUnreachable: {error}")
            raise
        await self._services.attempts.succeeded(attempt)
        user_id = signed_in.identity.user_id
        if not signed_in.identity.email:
            await self._services.revoked(request, user_id, self._provider.revoke(signed_in.refresh_token))
            return self._again(request, 403, "sign_on_no_email", "no e-mail address", user_id)
        return await self._services.enter(request, signed_in, ends_others=False)

    async def _lost(self, request: Request) -> Response:
        """No departure fits. Who is in already has come twice, by two clicks or two tabs, and may go on."""
        refusal = self._again(request, 400, "sign_on_unknown", "no such departure")
        session = await self._services.sessions.find(self._services.session_cookie.read(request))
        return self._services.to_chat(request) if session else refusal

    def _again(self, request: Request, status: int, problem: str, reason: str, user_id: str = "") -> Response:
        """The sign-in page, with one sentence of ours: what the provider says is for its own pages."""
        self._audit(request, reason, user_id)
        return self._sign_in.page(request, status, problem=problem)

    def _audit(self, request: Request, reason: str, user_id: str = "") -> None:
        detail = f"single-sign-on: {reason}"
        audit("sign-in", outcome="failed", client=address(request), user_id=user_id, detail=detail)
