"""Vectors of the local model, each made once: by the product's own client, from the local endpoint."""

import sqlite3
import sys
import threading
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gradio_app.library.embeddings import Embedded, Embeddings

SHOW_EVERY = 50


class Remembering(Embeddings):
    """The model behind a file of what it has answered: another run asks it nothing.

    `client` is called for a client of bedrock-runtime when a vector is first missing.
    """

    def __init__(self, client: Callable[[], Any], model_id: str, file: Path) -> None:
        super().__init__(_Late(client), model_id)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, tokens INTEGER, vector BLOB)"
        )
        self._lock = threading.Lock()
        self._made = 0

    def of_passages(self, texts: Sequence[str]) -> Embedded:
        """One for each."""
        made = [
            self._known(text, lambda text=text: super(Remembering, self).of_passages([text]))
            for text in texts
        ]
        return Embedded(
            [vector for each in made for vector in each.vectors], sum(each.tokens for each in made)
        )

    def of_question(self, text: str) -> Embedded:
        """One."""
        return self._known(text, lambda: super(Remembering, self).of_question(text))

    def _known(self, text: str, make: Callable[[], Embedded]) -> Embedded:
        with self._lock:
            row = self._file.execute("SELECT tokens, vector FROM vectors WHERE text = ?", (text,)).fetchone()
        if row:
            return Embedded([array("f", row[1]).tolist()], row[0])
        made = make()
        with self._lock:
            blob = array("f", made.vectors[0]).tobytes()
            self._file.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", (text, made.tokens, blob))
            self._made += 1
        if self._made % SHOW_EVERY == 0:
            print(f"{self._made} vectors made", file=sys.stderr)
        return made


class _Late:
    """A client that is made when it is first called."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None
        self._lock = threading.Lock()

    def invoke_model(self, **request: Any) -> Any:
        with self._lock:
            self._made = self._made or self._make()
        return self._made.invoke_model(**request)
