"""Vectors of passages and questions, by the deployment's model on Amazon Bedrock.

Bedrock makes one vector a call, so several calls are under way at once. What was turned down for a moment is
tried again here, a little later; what lasts is told as one of two errors, and never quotes a text.
"""

import math
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradio_app.chat.errors import PASSING, REFUSED, SERVICE_ERRORS, TOO_LONG, is_unseen, reason_of
from gradio_app.library.ports import EmbeddingBusyError, EmbeddingRefusedError, Passage
from gradio_app.store import schema

if TYPE_CHECKING:
    from langchain_aws import BedrockEmbeddings

AT_ONCE = 4
"""Calls. Bedrock's default quota of Titan Text Embeddings V2 is 6,000 a minute."""
ATTEMPTS = 4
FIRST_WAIT = 0.2
"""Seconds, at most, before the second attempt; twice as many before each later one."""
TOKEN_HEADER = "x-amzn-bedrock-input-token-count"  # noqa: S105
"""Of every answer of InvokeModel, whichever the model."""


@dataclass(frozen=True)
class Embedded:
    """Vectors, each of length 1, and the tokens that they cost."""

    vectors: list[list[float]]
    tokens: int


class Embeddings:
    """The model. Every method blocks; raises EmbeddingBusyError and EmbeddingRefusedError.

    `client` is a low-level client of bedrock-runtime that makes one attempt; `sleep` is how waits are spent.
    """

    def __init__(self, client: Any, model_id: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._model_id = model_id
        self._sleep = sleep
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="embedding")

    @property
    def model(self) -> str:
        """Its id: vectors of different models do not compare."""
        return self._model_id

    def embed(self, passages: Sequence[Passage]) -> list[list[float]]:
        """A vector for each passage."""
        return self.of_passages([passage.in_context for passage in passages]).vectors

    def of_passages(self, texts: Sequence[str]) -> Embedded:
        """A vector for each text of a document."""
        made = list(self._pool.map(self._of_passage, texts))
        return Embedded([vector for vector, _ in made], sum(tokens for _, tokens in made))

    def of_question(self, text: str) -> Embedded:
        """The vector of a question: some models make another one of the same words in a document."""
        vector, tokens = self._vector(lambda model: model.embed_query(text))
        return Embedded([vector], tokens)

    def _of_passage(self, text: str) -> tuple[list[float], int]:
        return self._vector(lambda model: model.embed_documents([text])[0])

    def _vector(self, ask: "Callable[[BedrockEmbeddings], list[float]]") -> tuple[list[float], int]:
        from langchain_aws import BedrockEmbeddings  # see `late`

        metered = _Metered(self._client)
        model = BedrockEmbeddings(
            client=metered, model_id=self._model_id, dimensions=schema.DIMENSIONS, normalize=True
        )
        for attempt in range(ATTEMPTS):
            try:
                return _checked(ask(model)), metered.tokens
            except SERVICE_ERRORS as error:
                reason = reason_of(error)
                if reason in (REFUSED, TOO_LONG):
                    raise EmbeddingRefusedError(reason) from error
                if reason not in PASSING or not is_unseen(error) or attempt == ATTEMPTS - 1:
                    raise EmbeddingBusyError(reason) from error
            except ValueError as error:
                raise EmbeddingRefusedError("no vector in its answer") from error
            # Anything between nothing and the most, so that those who met do not meet again.
            self._sleep(random.uniform(0, FIRST_WAIT * 2**attempt))  # noqa: S311 (nothing to guess here)
        raise AssertionError("unreachable")


class _Metered:
    """A client of bedrock-runtime that counts its answers' tokens: langchain-aws does not hand them on."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.tokens = 0

    def invoke_model(self, **request: Any) -> Any:
        answer = self._client.invoke_model(**request)
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        self.tokens += int(headers.get(TOKEN_HEADER, 0))
        return answer


def _checked(vector: list[float]) -> list[float]:
    if len(vector) != schema.DIMENSIONS:
        raise EmbeddingRefusedError(f"its vectors have {len(vector)} numbers and not {schema.DIMENSIONS}")
    if not all(map(math.isfinite, vector)):
        raise EmbeddingRefusedError("its vector has no length, or is none")
    return vector
