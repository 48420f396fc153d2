"""What turns cost from end to end: what is set aside is enough, and what was worked on is charged."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from gradio_app.aws import Clients
from gradio_app.chat import budget, context
from gradio_app.chat.asking import RefusedError
from gradio_app.chat.conversation import COMPLETE, STOPPED
from gradio_app.chat.model import Models
from tests.gradio_app.chatting import Chatting, bedrock_client, make_chatting, until
from tests.gradio_app.fake_bedrock import HANG_UP, PLAYED, FakeBedrock, delta, ending
from tests.gradio_app.fakes import SETTINGS

pytestmark = pytest.mark.slow


@pytest.fixture
def spent(dynamodb: Any, table: str) -> Callable[[], int]:
    """The tokens that are counted, once nothing is set aside any more."""

    def tell() -> int:
        items = dynamodb.scan(TableName=table)["Items"]
        assert not [item for item in items if item["sk"]["S"].startswith("RESERVATION#")]
        return sum(int(item["tokens"]["N"]) for item in items if item["sk"]["S"].startswith("USAGE#"))

    return tell


def all_text(request: dict[str, Any]) -> str:
    texts = [block["text"] for block in request["system"]]
    return "".join(texts + [m["content"][0]["text"] for m in request["messages"]])


def by_bytes(request: dict[str, Any]) -> int:
    """The dearest tokenizer: a token for each byte, and a template of its own."""
    return 50 + len(all_text(request).encode()) + 20 * len(request["messages"])


def dear(request: dict[str, Any], _: int) -> dict[str, int]:
    """The usage of a model with that tokenizer, which writes as much as it may."""
    output = request["inferenceConfig"]["maxTokens"]
    return {"inputTokens": by_bytes(request), "outputTokens": output, "totalTokens": 0}


def test_what_is_set_aside_is_enough_for_the_dearest_model(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock, spent: Callable[[], int]
) -> None:
    """Digits, of which many a model makes a token each; as many at once as there are tokens for."""
    fake.usage = dear
    limit = 12_000
    chatting = make_chatting(dynamodb, table, models, limit)
    refused = 0
    for _ in range(6):
        try:
            chatting.start("7" * 2_000)
        except RefusedError as error:
            refused += error.reason in ("budget", "too_many")
        chatting.conversation_id = f"{int(chatting.conversation_id, 16) + 1:032x}"
    until(lambda: chatting.running.is_idle)
    assert refused
    assert 2_000 < spent() <= limit


def test_when_the_bound_does_not_fit_bedrock_is_asked_for_the_count(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock
) -> None:
    question = "answer: " + "word " * 400
    fake.count = lambda request: len(all_text(request)) // 4
    limit = 1_500
    chatting = make_chatting(dynamodb, table, models, limit)
    assert budget.most_tokens(question) > limit
    assert chatting.ask(question).turns[-1].answer
    assert len(fake.counted) == 1
    counted = fake.counted[0]
    assert counted["model_id"] == "anthropic.claude-sonnet-4-5-20250929-v1:0", "profiles cannot count"
    asked = {name: fake.requests[0][name] for name in ("messages", "system")}
    assert counted["input"]["converse"] == asked

    fake.count = lambda _: limit
    with pytest.raises(RefusedError, match="budget"):
        chatting.start(question)


def test_a_count_is_not_asked_for_while_the_bound_fits(chatting: Chatting, fake: FakeBedrock) -> None:
    chatting.ask("answer: hello")
    assert fake.counted == []


def test_a_model_that_cannot_count_is_asked_once(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock
) -> None:
    chatting = make_chatting(dynamodb, table, models, 600)
    for _ in range(3):
        with pytest.raises(RefusedError, match="budget"):
            chatting.start("x" * 1_000)
    assert len(fake.counted) == 1


@pytest.mark.parametrize(
    "question",
    ["throttle", "not ready", "deny", "no form", "invalid model", "context", "expired", "down", "odd"],
)
def test_a_question_that_no_model_saw_costs_its_storage(
    chatting: Chatting, spent: Callable[[], int], question: str
) -> None:
    chatting.ask(question)
    assert spent() == budget.least(question) > 0


@pytest.mark.parametrize("question", ["break", "throttle in the middle", "cut", "crash", "model error"])
@pytest.mark.parametrize("can_count", [True, False])
def test_a_call_that_broke_off_is_charged_by_bedrocks_count_or_the_bound(
    chatting: Chatting, fake: FakeBedrock, spent: Callable[[], int], question: str, can_count: bool
) -> None:
    if can_count:
        fake.count = lambda _: 300
    answer = chatting.ask(question).turns[-1].answer
    assert answer
    assert answer.input_tokens > 0
    read = budget.most_read(context.SYSTEM_PROMPT, [("human", question)])
    output = budget.written(answer.text, 1 if answer.text else 0)
    assert spent() == (300 + budget.COUNTED_TOKENS if can_count else read + output)
    if can_count:
        counted = fake.counted[-1]["input"]["converse"]["messages"][-1]["content"][0]["text"]
        assert counted == f"{question}\n\n{answer.text}".rstrip(), "what was written is counted too"


def test_a_model_that_timed_out_is_called_once_and_charged_once(
    dynamodb: Any, table: str, fake: FakeBedrock, spent: Callable[[], int]
) -> None:
    client = bedrock_client("bedrock-runtime", fake.endpoint_url, read_timeout=0.3)
    chatting = make_chatting(dynamodb, table, Models(client, client))
    answer = chatting.ask("hang").turns[-1].answer
    assert answer
    assert answer.reason == "timeout"
    assert len(fake.requests) == 1
    assert spent() == budget.most_read(context.SYSTEM_PROMPT, [("human", "hang")])


@pytest.mark.parametrize("question", ["hang", "silence"])
def test_a_stopped_answer_is_charged_what_was_read_and_written(
    chatting: Chatting, fake: FakeBedrock, spent: Callable[[], int], question: str
) -> None:
    started = chatting.start(question)
    until(lambda: fake.requests and (question == "hang" or started.answer.text))
    chatting.turns.stop(chatting.user_id, chatting.conversation_id)
    until(lambda: chatting.running.is_idle)
    assert chatting.last().status == STOPPED
    assert spent() >= budget.most_read(context.SYSTEM_PROMPT, [("human", question)])


def test_a_stopped_answer_is_charged_by_the_count_of_the_one_before(
    chatting: Chatting, fake: FakeBedrock, spent: Callable[[], int]
) -> None:
    """A model that cannot count ahead, and makes a token of four bytes."""
    fake.usage = lambda request, words: {
        "inputTokens": len(all_text(request)) // 4 + 20,
        "outputTokens": words,
        "totalTokens": 0,
    }
    for _ in range(6):
        chatting.ask("answer: " + "more of the same " * 40)
    before = spent()
    chatting.start("hang")
    until(lambda: len(fake.requests) == 7)
    chatting.turns.stop(chatting.user_id, chatting.conversation_id)
    until(lambda: chatting.running.is_idle)
    truth = len(all_text(fake.requests[-1])) // 4 + 20
    assert truth <= spent() - before <= 1.8 * truth


def test_counts_that_came_are_used_although_the_stream_broke_then(
    chatting: Chatting, spent: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = delta("all of it") + ending(
        3, usage={"inputTokens": 900, "outputTokens": 3, "totalTokens": 903}
    )
    monkeypatch.setitem(PLAYED, "late", [counted, HANG_UP])
    chatting.ask("late")
    assert chatting.last().input_tokens == 900
    assert spent() == 903


def test_a_busy_model_is_asked_again_and_the_tries_are_free(
    chatting: Chatting, fake: FakeBedrock, spent: Callable[[], int]
) -> None:
    question = "busy 3: answer: at last"
    answer = chatting.ask(question).turns[-1].answer
    assert answer
    assert (answer.text, answer.status, len(fake.requests)) == ("at last", COMPLETE, 4)
    assert spent() == max(answer.input_tokens + answer.output_tokens, budget.least(question))


@pytest.mark.parametrize(
    ("question", "tries"),
    [("throttle", 4), ("not ready", 6), ("down", 4), ("deny", 1), ("odd", 1), ("crash", 1), ("break", 1),
     ("throttle in the middle", 1), ("cut", 1), ("model error", 1)],
)  # fmt: skip
def test_only_what_no_model_worked_on_is_tried_again_and_not_for_ever(
    chatting: Chatting, fake: FakeBedrock, question: str, tries: int
) -> None:
    chatting.ask(question)
    assert len(fake.requests) == tries


def test_free_storage_is_not_to_be_had(dynamodb: Any, table: str, models: Models) -> None:
    """Questions of four-byte characters to a model that refuses them all."""
    chatting = make_chatting(dynamodb, table, models, 200_000)
    stored = 0
    for _ in range(10):
        with suppress(RefusedError):
            chatting.ask("\U0001f600" * 32_000)
            stored += 128_000
    assert stored / 3 <= 200_000


def test_a_real_client_makes_one_attempt() -> None:
    clients = Clients.build(SETTINGS)
    assert clients.bedrock_runtime.meta.config.retries["total_max_attempts"] == 1
    assert clients.dynamodb.meta.config.retries["total_max_attempts"] > 1
