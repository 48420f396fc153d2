"""Bedrock's typed errors, as its clients see them."""

from __future__ import annotations


class ApiError(Exception):
    """One error of the API: `code` is the exception's name in the service model, `status` its HTTP status."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors


def validation(message: str) -> ApiError:
    """The request is wrong; sending it again does not help."""
    return ApiError("ValidationException", 400, message)


def malformed(problem: str) -> ApiError:
    """The request can't be read: `problem` is a clause that says what is wrong with it."""
    return validation(f"Malformed input request: {problem}, please reformat your input and try again.")


def not_found(message: str) -> ApiError:
    """What the request names does not exist."""
    return ApiError("ResourceNotFoundException", 404, message)


def model_error(message: str) -> ApiError:
    """The model failed while it worked on the request."""
    return ApiError("ModelErrorException", 424, message)


def not_ready(message: str) -> ApiError:
    """The model is being loaded; the same request can be answered later."""
    return ApiError("ModelNotReadyException", 429, message)


def unavailable(message: str) -> ApiError:
    """The model can't work on any request now."""
    return ApiError("ServiceUnavailableException", 503, message)
