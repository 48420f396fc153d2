"""What went wrong with a call to the model, in the few words that a person can act on.

The log gets the kind of error, AWS's code and its request id, and never a message: some quote the prompt.
"""

import logging
import traceback

import urllib3.exceptions
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    EventStreamError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from langchain_core.exceptions import ContextOverflowError

from gradio_app.store.table import TableUnreachable

log = logging.getLogger(__name__)

THROTTLED = "throttled"
DENIED = "denied"
NOT_ENABLED = "not_enabled"
SERVICE_TIER = "service_tier"
TOO_LONG = "too_long"
REFUSED = "refused"
UNAVAILABLE = "unavailable"
NOT_READY = "not_ready"
"""It is being loaded: an imported model that nobody has asked for some minutes, or one of this machine."""
CUT = "cut"
TIMEOUT = "timeout"
UNREACHABLE = "unreachable"
CREDENTIALS = "credentials"
UNKNOWN = "unknown"

FILES = "files"
"""The files that were attached could not be read."""
INTERRUPTED = "interrupted"
"""The task lost hold of the answer before the model was asked."""

CODES = {
    "throttlingexception": THROTTLED,
    "toomanyrequestsexception": THROTTLED,
    "servicequotaexceededexception": THROTTLED,
    "accessdeniedexception": DENIED,
    "resourcenotfoundexception": NOT_ENABLED,
    "modelnotreadyexception": NOT_READY,
    "modelerrorexception": UNAVAILABLE,
    "serviceunavailableexception": UNAVAILABLE,
    "internalserverexception": UNAVAILABLE,
    "modelstreamerrorexception": CUT,
    "modeltimeoutexception": TIMEOUT,
    "validationexception": REFUSED,
    "expiredtokenexception": CREDENTIALS,
    "expiredtoken": CREDENTIALS,
    "unrecognizedclientexception": CREDENTIALS,
    "invalidsignatureexception": CREDENTIALS,
    "incompletesignature": CREDENTIALS,
    "invalidclienttokenid": CREDENTIALS,
}
"""In lower case: events in the middle of a stream write the same names in lower camel case.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors"""

TURNED_DOWN = {
    "throttlingexception",
    "toomanyrequestsexception",
    "servicequotaexceededexception",
    "accessdeniedexception",
    "resourcenotfoundexception",
    "modelnotreadyexception",
    "serviceunavailableexception",
    "validationexception",
}
"""Answers in place of a stream after which no model has seen the request. Others may come from its midst."""
PASSING = {THROTTLED, UNAVAILABLE, UNREACHABLE, NOT_READY}
"""Worth another try, when the model has not seen the request."""
LASTING = {DENIED, NOT_ENABLED, REFUSED}
"""The same request will meet the same answer."""

TOO_LONG_SIGNS = (
    "too long",
    "context length",
    "context window",
    "maximum number of input tokens",
    "too many tokens",
)
NOT_ENABLED_SIGNS = (
    "model identifier is invalid",
    "on-demand throughput",
    "don't have access to the model",
    "access to this model",
    "model access",
    "use case details",
    "use-case form",
    "marked by provider as legacy",
)
SERVICE_TIER_SIGNS = ("service tier", "servicetier")
"""Bedrock has no codes of their own for these; each is a part of a message that it gives."""

SERVICE_ERRORS = (
    ClientError,
    BotoCoreError,
    urllib3.exceptions.HTTPError,
    ContextOverflowError,
    OSError,
    TableUnreachable,
)
"""All that a call may raise because of the network or AWS; anything else is a bug."""


def reason_of(error: BaseException) -> str:
    """The key of `texts.REASONS` for an error of a call to the model."""
    if isinstance(error, ContextOverflowError):
        return TOO_LONG
    if isinstance(error, TableUnreachable):
        return FILES
    if isinstance(error, ClientError):
        return _reason_of_answer(error)
    # HTTPClientError is the base of botocore's network errors: the special ones come first.
    if isinstance(error, ReadTimeoutError | urllib3.exceptions.TimeoutError):
        return TIMEOUT
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return UNREACHABLE
    if isinstance(error, NoCredentialsError):
        return CREDENTIALS
    if isinstance(error, BotoConnectionError | HTTPClientError | urllib3.exceptions.HTTPError | OSError):
        return CUT
    return CREDENTIALS if "Credential" in type(error).__name__ else UNKNOWN


def is_unseen(error: BaseException) -> bool:
    """Whether the model has certainly not seen the request of a failed call, which then costs nothing."""
    if isinstance(error, ContextOverflowError):
        return True
    if isinstance(error, ClientError) and not isinstance(error, EventStreamError):
        return _code(error) in TURNED_DOWN or reason_of(error) == CREDENTIALS
    return reason_of(error) in (UNREACHABLE, CREDENTIALS, FILES)


def record(error: BaseException, model_id: str) -> None:
    """Write to the log what an operator needs: a service's answer in one line, a bug with where it is."""
    if not isinstance(error, SERVICE_ERRORS):
        _record_bug(f"model={model_id} the answer failed", error)
        return
    log.warning("model=%s reason=%s %s", model_id, reason_of(error), _details(error))


def record_event(error: BaseException) -> None:
    """The same for an event of the page that failed by a fault of ours."""
    _record_bug("an event failed", error)


def record_storage(error: TableUnreachable) -> None:
    """The same for an error of the table, or of the bucket."""
    log.error("%s: %s", type(error).__name__, _details(error.__cause__ or error))


def _record_bug(what: str, error: BaseException) -> None:
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: %s\n%s", what, type(error).__name__, where)


def _details(error: BaseException) -> str:
    response = getattr(error, "response", None) or {}
    metadata = response.get("ResponseMetadata", {})
    return (
        f"error={type(error).__name__} code={response.get('Error', {}).get('Code', '-')} "
        f"status={metadata.get('HTTPStatusCode', '-')} request={metadata.get('RequestId', '-')}"
    )


def _reason_of_answer(error: ClientError) -> str:
    message = str(error.response.get("Error", {}).get("Message", "")).lower()
    reason = CODES.get(_code(error))
    if reason is None:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return UNAVAILABLE if status >= 500 else UNKNOWN
    if reason == REFUSED and any(sign in message for sign in TOO_LONG_SIGNS):
        return TOO_LONG
    if reason == REFUSED and any(sign in message for sign in SERVICE_TIER_SIGNS):
        return SERVICE_TIER
    if reason in (REFUSED, DENIED) and any(sign in message for sign in NOT_ENABLED_SIGNS):
        return NOT_ENABLED
    return reason


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "")).lower()
