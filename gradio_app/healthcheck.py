"""The container's health check: `python -m gradio_app.healthcheck` exits 0 when the process answers."""

import http.client
import os
import sys

SECONDS = 3


def main() -> int:
    """Ask `/healthz` on the port of this container; standard library only, so that it starts fast."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8080), timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == http.HTTPStatus.OK else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
