"""Starting and stopping the local Bedrock: the engine, and the API in a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import socket
import threading
from pathlib import Path
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from local.bedrock.converse import prompt
from local.bedrock.embedder import Embedder
from local.bedrock.engine import Engine, EngineError
from local.bedrock.inference import Inference
from local.bedrock.server import create_app
from local.llama import LOOPBACK

SLOTS = 2  # requests answered at once; more of them wait for their turn
CONTEXT_TOKENS = 8192  # for each of them; on Qwen2.5-Coder 1.5B that takes 229 MiB each
BACKLOG = 128  # connections that wait to be accepted
NOT_RUNNING = "the local Bedrock is not running"
GRACE_SECONDS = 5  # for answers that are being sent when the server stops


class BedrockServer:
    """The local Bedrock with one model, on loopback: its API in this process. A context manager.

    `model_id` is the only one that it knows, but for Titan Text Embeddings V2 where there is an
    `embedding_model`; `port` 0 takes a free one; `threads` None lets llama.cpp choose.
    """

    def __init__(
        self,
        gguf: Path,
        model_id: str,
        port: int = 0,
        *,
        threads: int | None = None,
        slots: int = SLOTS,
        context_tokens: int = CONTEXT_TOKENS,
        region: str = "us-east-1",
        embedding_model: Path | None = None,
    ) -> None:
        self.model_id = model_id
        self._gguf = gguf
        self._port = port
        self._threads = threads
        self._slots = slots
        self._context_tokens = context_tokens
        self._region = region
        self._embedder = Embedder(embedding_model) if embedding_model else None
        self._running: _Running | None = None

    @property
    def endpoint_url(self) -> str:
        """Where it listens. Raises RuntimeError while it does not."""
        return self._started.url

    @property
    def makes_vectors(self) -> bool:
        """Whether it has a model for documents too."""
        return self._embedder is not None

    def environment(self) -> dict[str, str]:
        """Return the variables that lead an SDK to it. Raises RuntimeError while it does not run."""
        names = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL_BEDROCK")
        return dict.fromkeys(names, self.endpoint_url)

    def start(self) -> None:
        """Load the model and listen. Raises EngineError."""
        self.listen()
        try:
            self.wait_until_loaded()
        except BaseException:
            self.stop()
            raise

    def listen(self) -> None:
        """Listen, and begin to load the model: until then it is said not to be ready. Raises EngineError."""
        try:
            listener = socket.create_server((LOOPBACK, self._port), backlog=BACKLOG)
        except OSError as error:
            raise EngineError(f"can't listen on port {self._port}: {error.strerror}") from error
        engine = Engine(
            self._gguf, slots=self._slots, context_tokens=self._context_tokens, threads=self._threads
        )
        inference = Inference()
        app = create_app(self.model_id, self._region, self._context_tokens, inference, self._embedder)
        self._running = _Running(listener, engine, inference, app)
        # Answers must have ended before the interpreter does, even if nobody calls stop.
        atexit.register(self.stop)

    @property
    def is_loading(self) -> bool:
        """Whether `wait_until_loaded` would have to wait. Raises RuntimeError while it does not run."""
        return self._started.is_loading

    def wait_until_loaded(self) -> None:
        """Answer requests when this returns. Raises EngineError, and RuntimeError while it does not run."""
        self._started.connect()

    def read_ahead(self, system: str) -> None:
        """Have the loaded model read these instructions: the first request with them is answered sooner."""
        asked = {"system": [{"text": system}], "messages": [{"role": "user", "content": [{"text": "?"}]}]}
        limit = {"inferenceConfig": {"maxTokens": 1}}
        self._started.run(prompt(asked | limit, self._context_tokens))

    @property
    def _started(self) -> _Running:
        if self._running is None:
            raise RuntimeError(NOT_RUNNING)
        return self._running

    def stop(self) -> None:
        """Break off what is being generated, stop listening, free the memory. Does nothing if not running."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()
            atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


class _Running:
    """The API's thread, with an event loop of its own."""

    def __init__(self, listener: socket.socket, engine: Engine, inference: Inference, app: ASGIApp) -> None:
        host, port = listener.getsockname()
        self.url = f"http://{host}:{port}"
        self._listener = listener
        self._engine = engine
        self._inference = inference
        # Quiet: no access log, no lifespan, and logging is left as the process has it.
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS
        )
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        # A daemon, for else the interpreter would wait for it before it calls what atexit has registered.
        self._thread = threading.Thread(target=self._run, name="bedrock", daemon=True)
        self._thread.start()

    @property
    def is_loading(self) -> bool:
        return not self._inference.is_ready and not self._engine.has_said

    def connect(self) -> None:
        if not self._inference.is_ready:
            self._engine.wait()
            self._inference.connect(self._engine.url, self._engine.key)

    def run(self, asked: dict[str, Any]) -> None:
        """Have the model answer, for nobody."""
        asyncio.run_coroutine_threadsafe(self._inference.finish(asked), self._loop).result()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._engine.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await self._stopping.wait()
        self._server.should_exit = True
        await self._inference.aclose()  # ends the answers that uvicorn would otherwise wait for
        await serving
