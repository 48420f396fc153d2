"""The local Bedrock counts the tokens of a request as it then charges them, and never more than the bound."""

import pytest

from gradio_app.chat import budget, context
from gradio_app.chat.line import Line
from gradio_app.chat.model import Choice, Models
from tests.model_fixture import LocalBedrock

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "parts",
    [
        [("human", "Say yes.")],
        [("human", "7" * 200)],
        [("human", "¿Qué hora es? \U0001f469\u200d\U0001f680 " * 5)],
        [("human", "My name is Ana."), ("ai", "Hello, Ana."), ("human", "What is my name?")],
    ],
)
def test_a_count_is_what_the_call_is_charged(bedrock: LocalBedrock, parts: list[tuple[str, str]]) -> None:
    models = Models(bedrock.client("bedrock-runtime"), bedrock.client("bedrock"))
    counted = models.count(bedrock.model_id, context.SYSTEM_PROMPT, parts, Line())
    stream = models.stream(Choice(bedrock.model_id, 0.0, 4), context.SYSTEM_PROMPT, parts)
    [counts] = [piece.counts for piece in stream.pieces() if piece.counts]
    assert counted is not None
    assert counted == counts.input_tokens
    assert 0 < counted <= budget.most_read(context.SYSTEM_PROMPT, parts)
