"""Model ids of every form reach Bedrock as they are, and every model streams."""

import pytest

from gradio_app.chat.model import Choice, Counts, Models, context_tokens, short_name
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock

ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"
IDS = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.amazon.nova-lite-v1:0",
    "eu.mistral.pixtral-large-2502-v1:0",
    "local.smollm2-135m-instruct",
    "somebody.a-model-nobody-knows-v9:0",
    f"{ACCOUNT}:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-3-70b-instruct-v1:0",
    f"{ACCOUNT}:provisioned-model/abcdefghijkl",
]


@pytest.mark.parametrize("model_id", IDS)
def test_any_model_id_streams(models: Models, fake: FakeBedrock, model_id: str) -> None:
    stream = models.stream(Choice(model_id, 0.5, 50), "be brief", [("human", "answer: one two")])
    pieces = list(stream.pieces())

    assert "".join(piece.text for piece in pieces) == "one two"
    assert sum(piece.pieces for piece in pieces) == 2
    assert [piece.counts for piece in pieces if piece.counts] == [Counts(11, 2, 0, 0)]
    assert fake.requests[-1]["model_id"] == model_id


class Profiles:
    """A control plane that knows one application inference profile."""

    def __init__(self) -> None:
        self.asked = 0

    def get_inference_profile(self, **_: str) -> dict[str, list[dict[str, str]]]:
        self.asked += 1
        return {"models": [{"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/new.maker-model-v1:0"}]}


def test_an_application_profile_is_looked_up_once_and_streams(fake: FakeBedrock) -> None:
    profiles = Profiles()
    models = Models(bedrock_client("bedrock-runtime", fake.endpoint_url), profiles)
    choice = Choice(f"{ACCOUNT}:application-inference-profile/abc123", 0.5, 50)
    for _ in range(2):
        pieces = models.stream(choice, "be brief", [("human", "answer: one two")]).pieces()
        assert "".join(piece.text for piece in pieces) == "one two"
    assert profiles.asked == 1


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("eu.mistral.pixtral-large-2502-v1:0", "pixtral-large-2502"),
        ("local.qwen2.5-coder-1.5b-instruct", "qwen2.5-coder-1.5b-instruct"),
        (f"{ACCOUNT}:inference-profile/us.amazon.nova-lite-v1:0", "nova-lite"),
    ],
)
def test_names_for_people(model_id: str, name: str) -> None:
    assert short_name(model_id) == name


def test_local_models_get_less_to_read() -> None:
    assert context_tokens("local.smollm2-135m-instruct") < context_tokens(IDS[0])
