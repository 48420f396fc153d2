"""Calls to a model on Amazon Bedrock through langchain-aws, for any id on the allow-list."""

import contextlib
import re
import threading
from collections.abc import Generator, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradio_app.chat import caching, effort, errors, inputs, sending
from gradio_app.chat.bursts import Bursts
from gradio_app.chat.caching import LOCAL_PREFIX, Caching
from gradio_app.chat.inputs import Abilities, Said
from gradio_app.chat.line import Line, make_cuttable

if TYPE_CHECKING:
    from langchain_aws import ChatBedrockConverse

CONTEXT_TOKENS = 16_000
"""Tokens of history and question per call. Every current chat model on Bedrock takes more; each of these
tokens is paid for again with every question, and what is older goes in as a summary."""
LOCAL_CONTEXT_TOKENS = 4_000
"""The same for local models: they take 8192 with their answer, and read some 40 tokens a second."""
WHOLE_TOKENS = 48_000
LOCAL_WHOLE_TOKENS = 6_000
FILE_TOKENS = 48_000
"""The same for files: some fifteen pages as they are, or forty of text. They are paid for again with every
question, as long as their own is among what is sent word for word."""
LOCAL_FILE_TOKENS = 2_500
CITES = re.compile(r"anthropic\.claude-(?:3-7|3-5-haiku|(?:opus|sonnet|haiku)-[4-9])")
"""The models that take `searchResult` blocks and cite them, as Converse's API reference names them, and those
that came after:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_SearchResultBlock.html"""
TAKES_BEGINNING = re.compile(r"anthropic\.claude-(?:3-|(?:opus|sonnet|haiku)-4(?:-[15])?-20\d{6})")
"""The models that go on with an answer whose beginning is the last message. Claude 4.6 and later refuse that:
https://platform.claude.com/docs/en/about-claude/models/whats-new-claude-4-6"""
VERSION = re.compile(r"(-\d{8})?(-v\d+)?(:\d+)*$")
"""The end of a model id, such as -20250929-v1:0."""


@dataclass(frozen=True)
class Choice:
    """The model that a user chose and how it should write."""

    model_id: str
    temperature: float
    max_tokens: int
    effort: str = ""
    """How much it reasons, one of `effort.LEVELS`; empty for what it does by itself."""
    service_tier: str = ""
    """How soon it is served, and at which price, one of `service_tiers.TIERS`; empty for the standard one."""


@dataclass(frozen=True)
class Counts:
    """What Bedrock counted of a call; `input_tokens` is all that was read, from its cache or not."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    service_tier: str = ""
    """By which tier Bedrock served, in its own words; empty where it does not say."""


@dataclass(frozen=True)
class Piece:
    """A piece of an answer as it arrives; `counts` and `stop_reason` come with the last ones.

    `thought` is of the model's reasoning, which comes before the text. `cited` are numbers of passages, from
    0, with words of theirs that back what came before this piece. The model sent it in so many `pieces`.
    """

    text: str = ""
    thought: str = ""
    cited: tuple[tuple[int, str], ...] = ()
    counts: Counts | None = None
    stop_reason: str = ""
    pieces: int = 0


def context_tokens(model_id: str) -> int:
    """How many tokens of conversation a call of this model should carry."""
    return LOCAL_CONTEXT_TOKENS if model_id.startswith(LOCAL_PREFIX) else CONTEXT_TOKENS


def whole_tokens(model_id: str) -> int:
    """The same where a person took a summary back: what all current models take with files and an answer."""
    return LOCAL_WHOLE_TOKENS if model_id.startswith(LOCAL_PREFIX) else WHOLE_TOKENS


def file_tokens(model_id: str) -> int:
    """How many tokens of files a call of this model should carry besides."""
    return LOCAL_FILE_TOKENS if model_id.startswith(LOCAL_PREFIX) else FILE_TOKENS


def short_name(model_id: str) -> str:
    """A name for people: without provider, region prefix, date and version, as far as the id tells."""
    if model_id.startswith(LOCAL_PREFIX):
        return model_id.removeprefix(LOCAL_PREFIX)
    return VERSION.sub("", _last_part(model_id).rsplit(".", 1)[-1])


def names_of(model_ids: Sequence[str]) -> dict[str, str]:
    """Names for people of the models on offer: short ones, where those tell them apart."""
    short = {model_id: short_name(model_id) for model_id in model_ids}
    return short if len(set(short.values())) == len(short) else {model_id: model_id for model_id in short}


class Models:
    """Streams answers with two shared boto3 clients, whose errors pass through."""

    def __init__(self, bedrock_runtime: Any, bedrock: Any) -> None:
        make_cuttable(bedrock_runtime)
        self.runtime = bedrock_runtime
        self._control = bedrock
        self._models_behind: dict[str, str] = {}
        self._uncountable: set[str] = set()

    def abilities(self, model_id: str) -> Abilities:
        """What the model reads besides text, as langchain's profile of it says."""
        chat = self.chat(Choice(model_id, 0, 1), self.runtime)
        return inputs.abilities(self._model_behind(model_id), chat.profile)

    def window(self, model_id: str) -> int:
        """How many tokens the model takes, as langchain's profile of it says; 0 where there is none."""
        try:
            profile = self.chat(Choice(model_id, 0, 1), self.runtime).profile or {}
        except errors.SERVICE_ERRORS as error:
            errors.record(error, model_id)
            return 0
        return int(profile.get("max_input_tokens") or 0)

    def efforts(self, model_id: str) -> tuple[str, ...]:
        """How much the model may be told to reason, the least first; nothing where it cannot be told."""
        try:
            profile = self.chat(Choice(model_id, 0, 1), self.runtime).profile
            return effort.efforts(self._model_behind(model_id), profile)
        except errors.SERVICE_ERRORS as error:
            errors.record(error, model_id)
            return ()

    def takes_passages(self, model_id: str) -> bool:
        """Whether the model takes passages apart from a question, and cites them by itself."""
        return CITES.search(self._model_behind(model_id)) is not None

    def takes_beginning(self, model_id: str) -> bool:
        """Whether the model goes on with an answer when its beginning is the last message."""
        return TAKES_BEGINNING.search(self._model_behind(model_id)) is not None

    def caching(self, model_id: str) -> Caching:
        """How the model's prompt cache works, if it has one."""
        return caching.caching(self._model_behind(model_id))

    def stream(
        self,
        choice: Choice,
        system: str,
        parts: Sequence[tuple[str, Said]],
        points: Set[int] = frozenset(),
    ) -> "ModelStream":
        """A stream that calls the model when it is read; `parts` are (role, said), see `context.messages`.

        Behind those of them that are among `points` the request is marked for the prompt cache.
        """
        return ModelStream(self, choice, system, parts, points)

    def count(self, model_id: str, system: str, parts: Sequence[tuple[str, Said]], line: Line) -> int | None:
        """How many tokens Bedrock counts for a request, free of charge; None when it does not tell.

        Not every model can: one that cannot is not asked again.
        """
        if model_id in self._uncountable:
            return None
        roles = {"human": "user", "ai": "assistant"}
        named = [{"role": roles[role], "content": sending.blocks(said)} for role, said in parts]
        try:
            with sending.loaded(named, line) as messages, line.open():
                counted = self.runtime.count_tokens(
                    # It knows foundation models only, and none of the profiles in front of them.
                    modelId=self._model_behind(model_id),
                    input={"converse": {"messages": messages, "system": [{"text": system}]}},
                )
            return counted["inputTokens"]
        except errors.SERVICE_ERRORS as error:
            if errors.reason_of(error) in errors.LASTING:
                self._uncountable.add(model_id)
            return None

    def chat(self, choice: Choice, client: Any) -> "ChatBedrockConverse":
        """The langchain model for one call over `client`; takes 0.1 ms, for both clients are there."""
        from langchain_aws import ChatBedrockConverse  # a quarter of a start's time: see `late`
        from langchain_aws.utils import parse_model_provider

        model_id = choice.model_id
        behind = self._model_behind(model_id)
        level: Any = choice.effort or None
        tier: Any = choice.service_tier or None
        is_warm = effort.takes_temperature(behind, choice.effort)
        chat = ChatBedrockConverse(
            model=model_id,
            base_model=behind,
            provider=parse_model_provider(behind),
            client=client,
            bedrock_client=self._control,
            temperature=choice.temperature if is_warm else None,
            max_tokens=choice.max_tokens,
            reasoning_effort=level,
            service_tier=tier,
            disable_streaming=False,
        )
        # Set again: for application profiles langchain-aws looks the model up in its own list of models that
        # can stream, and one that is not on it yet would silently answer all at once.
        chat.disable_streaming = False
        return chat

    def _model_behind(self, model_id: str) -> str:
        """The id of the foundation model behind an id or ARN; application profiles hide it from view."""
        from langchain_aws.utils import MODEL_ID_GEO_PREFIXES

        if "application-inference-profile" in model_id and model_id not in self._models_behind:
            profile = self._control.get_inference_profile(inferenceProfileIdentifier=model_id)
            self._models_behind[model_id] = _last_part(profile["models"][0]["modelArn"])
        name = self._models_behind.get(model_id, _last_part(model_id))
        prefix, _, rest = name.partition(".")
        return rest if prefix in MODEL_ID_GEO_PREFIXES else name


class ModelStream:
    """One answer of the model, read by one thread; another may `abort` it."""

    def __init__(
        self,
        models: Models,
        choice: Choice,
        system: str,
        parts: Sequence[tuple[str, Said]],
        points: Set[int] = frozenset(),
    ) -> None:
        self._models = models
        self._line = Line()
        self._client = _StreamingClient(models.runtime, self._line)
        self._choice = choice
        said = [
            (role, sending.content(each, is_marked=number in points))
            for number, (role, each) in enumerate(parts)
        ]
        self._messages = [("system", sending.content(system, is_marked=bool(points))), *said]

    @property
    def is_sent(self) -> bool:
        """Whether the model may have seen the request."""
        return self._client.is_called.is_set()

    def pieces(self) -> Generator[Piece]:
        """Call the model and yield its answer; closing the generator closes the connection."""
        chat = self._models.chat(self._choice, self._client)
        citations, taken = _Citations(), 0
        with contextlib.closing(chat.stream(self._messages)) as chunks:  # pyright: ignore[reportArgumentType]
            for chunk in chunks:
                before, taken = taken, self._client.pieces
                yield Piece(
                    text=str(chunk.text),
                    thought=_thought(chunk.content),
                    cited=citations.of(chunk.content),
                    counts=_counts(chunk.usage_metadata, chunk.response_metadata),
                    stop_reason=chunk.response_metadata.get("stopReason", ""),
                    pieces=taken - before,
                )

    def abort(self) -> None:
        """End the call, wherever it stands: who reads it sees the end of it, or an error, now or soon."""
        self._line.cut()


class _Citations:
    """What an answer cites, as it arrives: for each block of it, whose text they back as a whole."""

    def __init__(self) -> None:
        self._block: object = None
        self._waiting: list[tuple[int, str]] = []

    def of(self, content: Any) -> tuple[tuple[int, str], ...]:
        """The citations of the block that ended before this piece of content."""
        pieces = [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []
        ended: list[tuple[int, str]] = []
        for piece in pieces:
            if piece.get("index") != self._block:
                ended += self._waiting
                self._block, self._waiting = piece.get("index"), []
            self._waiting += filter(None, map(_cited, piece.get("citations", ())))
        if not pieces:  # the end of a block, or of all of them
            ended, self._waiting = [*ended, *self._waiting], []
        return tuple(ended)


def _thought(content: Any) -> str:
    """What a piece of content tells of the model's reasoning; what is encrypted is for the model alone."""
    if not isinstance(content, list):
        return ""
    blocks = [each for each in content if isinstance(each, dict) and each.get("type") == "reasoning_content"]
    return "".join(each.get("reasoning_content", {}).get("text") or "" for each in blocks)


def _cited(citation: Any) -> tuple[int, str] | None:
    """The passage and the words of a citation; None for one of anything else, such as an attached file."""
    found = citation.get("location", {}).get("search_result_location")
    words = " ".join(each.get("text", "") for each in citation.get("source_content", ()))
    return (found.get("search_result_index", -1), words) if found else None


class _StreamingClient:
    """A bedrock-runtime client whose one call can be cut, and is read in bursts."""

    def __init__(self, client: Any, line: Line) -> None:
        self._client = client
        self._line = line
        self.is_called = threading.Event()
        self._bursts: Bursts | None = None

    @property
    def pieces(self) -> int:
        """Of how many the text was that has been read."""
        return self._bursts.pieces if self._bursts else 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def converse_stream(self, **request: Any) -> Any:
        with sending.loaded(request["messages"], self._line) as messages:
            self.is_called.set()
            with self._line.open():
                answer = self._client.converse_stream(**request | {"messages": messages})
        self._bursts = Bursts(answer["stream"])
        return answer | {"stream": self._bursts}


def _counts(usage: Any, told: Any) -> Counts | None:
    """langchain's counts of a chunk, if it has any; what else is `told` comes with them."""
    if not usage:
        return None
    details = usage.get("input_token_details", {})
    # Where Bedrock says for how long what was written is kept, it is nought in `cache_creation`.
    written = ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    return Counts(
        usage["input_tokens"],
        usage["output_tokens"],
        details.get("cache_read", 0),
        sum(details.get(name, 0) for name in written),
        told.get("serviceTier", {}).get("type", ""),
    )


def _last_part(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
