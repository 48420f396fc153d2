"""`python -m local.bedrock`: the local Bedrock alone, until it is told to stop."""

from __future__ import annotations

import signal
import sys
import threading

from command_line import Parser, path, port, text
from local.bedrock.engine import EngineError
from local.bedrock.lifecycle import CONTEXT_TOKENS, SLOTS, BedrockServer

WAKE_SECONDS = 0.5


def main() -> int:
    """Print `ready` and the address once it listens. Return 0 when stopped by a signal, else 1."""
    server = _server(sys.argv[1:])
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with server:
            print("ready", server.endpoint_url, flush=True)
            # Another thread may be given the signal, and only this one runs its handler: it has to wake up.
            while not stopped.wait(WAKE_SECONDS):
                pass
    except EngineError as error:
        print(f"The local Bedrock can't start: {error}.", file=sys.stderr)
        return 1
    return 0


def _server(arguments: list[str]) -> BedrockServer:
    parser = Parser(prog="python -m local.bedrock", description=__doc__)
    parser.add_argument("--gguf", type=path, required=True, metavar="FILE", help="the model's weights")
    parser.add_argument(
        "--model-id", type=text, required=True, metavar="ID", help="the model id to answer to"
    )
    parser.add_argument(
        "--port", type=port, default=0, help="where to listen on loopback (default: a free port)"
    )
    parser.add_argument(
        "--slots", type=int, default=SLOTS, help="requests answered at once (default: %(default)s)"
    )
    parser.add_argument(
        "--context-tokens", type=int, default=CONTEXT_TOKENS, help="for each of them (default: %(default)s)"
    )
    parser.add_argument(
        "--embedding-model", type=path, metavar="FOLDER", help="the engine and weights that make vectors"
    )
    parser.add_argument("--threads", type=int, help="(default: one for each physical core)")
    given = parser.parse_args(arguments)
    return BedrockServer(
        given.gguf,
        given.model_id,
        given.port,
        threads=given.threads,
        slots=given.slots,
        context_tokens=given.context_tokens,
        embedding_model=given.embedding_model,
    )


if __name__ == "__main__":
    sys.exit(main())
