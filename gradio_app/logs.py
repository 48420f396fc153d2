"""The log of the process, on standard error: every line says which request it belongs to."""

import logging

from gradio_app import request_id

FORMAT = "%(asctime)s %(levelname)s %(name)s request=%(request)s: %(message)s"


def configure(level: str) -> None:
    """Have all loggers write in one form; what passes through a handler is given its request's id."""
    logging.basicConfig(level=level, format=FORMAT)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_with_request)
    # Its debug output holds requests, passwords included.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    # It writes down every failure where it happens, with what the model said; we say it once, and less.
    logging.getLogger("langchain_aws.embeddings.bedrock").setLevel(logging.CRITICAL)


def _with_request(record: logging.LogRecord) -> bool:
    record.request = request_id.current.get() or "-"
    return True
