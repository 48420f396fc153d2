"""What a request consisted of, and taking summaries back when there is room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_app.chat import context, filling, turns
from gradio_app.chat.asking import RefusedError
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.filling import Filling
from tests.gradio_app.chatting import Chatting, give_room, until
from tests.gradio_app.fake_bedrock import FakeBedrock

pytestmark = pytest.mark.slow

tokens = st.integers(0, 10**6)
fillings = st.builds(Filling, *[tokens] * 9)
FACT = "answer: fact {} " + "and so on " * 5


@given(fillings, tokens)
def test_the_parts_add_up_to_what_the_model_counted(told: Filling, counted: int) -> None:
    shares = told.shares(counted)
    assert sum(shares.values()) == (counted if told.parts else 0)
    assert all(share >= 0 for share in shares.values())


@given(fillings)
def test_what_is_stored_is_read_and_more_does_no_harm(told: Filling) -> None:
    text = filling.to_json(told)
    assert filling.from_json(text) == told
    assert filling.from_json(text.replace("{", '{"later":1,', 1) if text != "{}" else text) == told
    assert len(text) < 250


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Room for few turns."""
    give_room(monkeypatch, 300)
    return monkeypatch


def told(chatting: Chatting) -> Filling:
    return filling.from_json(chatting.last().made_of)


@pytest.mark.usefixtures("small")
def test_each_answer_knows_what_its_request_consisted_of(chatting: Chatting) -> None:
    chatting.ask(FACT.format(0))
    first = told(chatting)
    assert (first.turns, first.summary, first.files, first.passages) == (0, 0, 0, 0)
    assert (first.instructions, first.limit) == (context.estimate_tokens(context.SYSTEM_PROMPT), 300)
    assert first.percent == 100 * first.filled // 300
    for number in range(1, 5):
        chatting.ask(FACT.format(number))
    until(lambda: chatting.now().summary)
    before = told(chatting)
    assert before.turns > first.turns
    assert before.summarized_to != chatting.now().summarized_to, "made after that request"
    chatting.ask("answer: go on")
    assert told(chatting).summary == context.estimate_tokens(chatting.now().summary)
    assert told(chatting).summarized_to > 0


def summed_up(chatting: Chatting) -> Conversation:
    for number in range(6):
        chatting.ask(FACT.format(number))
    until(lambda: "fact 0" in chatting.now().summary)
    return chatting.now()


def take_back(chatting: Chatting, seen: Conversation) -> None:
    where = (chatting.user_id, chatting.conversation_id, seen.version, seen.summarized_to)
    chatting.turns.take_back_summary(*where)


@pytest.mark.usefixtures("small")
def test_a_summary_that_is_taken_back_gives_way_to_the_turns(chatting: Chatting, fake: FakeBedrock) -> None:
    seen = summed_up(chatting)
    take_back(chatting, seen)
    assert (chatting.now().summary, chatting.now().turns) == ("", seen.turns)
    fake.requests.clear()
    chatting.ask("answer: go on")
    assert "fact 0" in str(fake.requests[0]["messages"][0])
    assert chatting.now().summary == "", "there is more room now"
    assert len(fake.requests) == 1
    with pytest.raises(RefusedError, match="out_of_date"):
        take_back(chatting, seen)


def test_what_does_not_fit_word_for_word_stays_summed_up(
    chatting: Chatting, small: pytest.MonkeyPatch
) -> None:
    seen = summed_up(chatting)
    small.setattr(turns, "whole_tokens", lambda _: 350)
    with pytest.raises(RefusedError, match="summary_stays"):
        take_back(chatting, seen)
    assert chatting.now().summary == seen.summary


@pytest.mark.usefixtures("small")
def test_while_it_is_answered_nothing_is_taken_back(chatting: Chatting, fake: FakeBedrock) -> None:
    summed_up(chatting)
    started = chatting.start("hold")
    until(lambda: started.answer.text)
    with pytest.raises(RefusedError, match="busy"):
        take_back(chatting, chatting.now())
    fake.go_on.set()
    chatting.settle()
