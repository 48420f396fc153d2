"""What the model gets to read: properties of the pure functions."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gradio_app.chat import context, inputs
from gradio_app.chat.conversation import Answer, Conversation, Turn, plain

texts = st.text(max_size=120)
answers = st.none() | st.builds(Answer, texts.map(plain))
budgets = st.integers(-50, 2_000)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    pairs = draw(st.lists(st.tuples(texts, answers), max_size=15))
    turns = tuple(
        Turn(number, plain(question), answer) for number, (question, answer) in enumerate(pairs, start=1)
    )
    summarized_to = draw(st.integers(0, len(turns)))
    return Conversation("0" * 32, turns=turns, summary=draw(texts), summarized_to=summarized_to)


@given(conversations(), texts, budgets)
def test_the_request_fits_or_is_the_question_alone(
    conversation: Conversation, question: str, budget: int
) -> None:
    parts = context.messages(conversation, question, budget)
    size = context.request_tokens(context.system_prompt(conversation), parts)
    assert size <= budget or parts == [("human", question)]


@given(conversations(), texts, budgets)
def test_roles_alternate_from_a_question_to_the_question_and_nothing_is_empty(
    conversation: Conversation, question: str, budget: int
) -> None:
    parts = context.messages(conversation, question, budget)
    assert [role for role, _ in parts] == ["human", "ai"] * (len(parts) // 2) + ["human"]
    assert parts[-1] == ("human", question)
    assert all(inputs.text_in(said).strip() for _, said in parts[:-1])


@given(conversations(), texts, budgets)
def test_the_history_is_an_unbroken_tail(conversation: Conversation, question: str, budget: int) -> None:
    sent = [text for role, text in context.messages(conversation, question, budget) if role == "ai"]
    unsummed = [turn for turn in conversation.turns if turn.number > conversation.summarized_to]
    all_answers = [turn.answer.text for turn in context.answered(unsummed) if turn.answer]
    assert sent == all_answers[len(all_answers) - len(sent) :]


@given(conversations(), texts, budgets, st.integers(0, 500))
def test_more_budget_never_sends_less(
    conversation: Conversation, question: str, budget: int, more: int
) -> None:
    fewer = context.messages(conversation, question, budget)
    assert context.messages(conversation, question, budget + more)[-len(fewer) :] == fewer


@given(conversations(), budgets)
def test_a_summary_takes_up_the_oldest_and_frees_half_the_budget_or_reads_as_much_as_one_may(
    conversation: Conversation, budget: int
) -> None:
    unsummed = context.answered([t for t in conversation.turns if t.number > conversation.summarized_to])
    taken = context.to_sum_up(conversation, budget)
    assert taken == unsummed[: len(taken)]
    read, rest = (sum(map(context.turn_tokens, turns)) for turns in (taken, unsummed[len(taken) :]))
    assert len(taken) <= 1 or read <= budget
    if taken and len(unsummed) > len(taken):
        following = context.turn_tokens(unsummed[len(taken)])
        assert rest <= max(budget // 2, 0) or read + following > budget


@given(st.lists(st.just(Turn(0, plain("a"), Answer(plain("b")))), max_size=200))
def test_however_short_the_turns_no_more_than_so_many_go_word_for_word(turns: list[Turn]) -> None:
    numbered = tuple(replace(turn, number=number) for number, turn in enumerate(turns, start=1))
    taken = context.to_sum_up(Conversation("0" * 32, turns=numbered), 10**6)
    assert bool(taken) == (len(turns) > context.TURNS)
    assert len(turns) - len(taken) <= context.TURNS


@given(conversations(), st.integers(200, 2_000))
def test_no_summary_is_due_while_everything_is_sent(conversation: Conversation, budget: int) -> None:
    sent = context.messages(conversation, "", budget)
    unsummed = [turn for turn in conversation.turns if turn.number > conversation.summarized_to]
    if len(sent) // 2 < len(context.answered(unsummed)):
        return
    assert context.to_sum_up(conversation, budget) == []


@given(st.text(), st.text())
def test_estimates_grow_with_the_text(one: str, other: str) -> None:
    assert context.estimate_tokens(one) <= context.estimate_tokens(one + other)
    assert (context.estimate_tokens(one) == 0) == (one == "")


@given(conversations(), st.integers(1, 500))
def test_the_text_to_sum_up_keeps_to_its_budget(conversation: Conversation, budget: int) -> None:
    request = context.summary_request(conversation, conversation.turns, budget)
    frame = context.summary_request(Conversation("0" * 32), [], budget)
    assert request.startswith(frame)
    assert context.estimate_tokens(request.removeprefix(frame)) <= budget


def test_the_summary_stands_in_the_instructions() -> None:
    assert context.system_prompt(Conversation("0" * 32)) == context.SYSTEM_PROMPT
    prompt = context.system_prompt(Conversation("0" * 32, summary="They like tea."))
    assert prompt.startswith(context.SYSTEM_PROMPT)
    assert prompt.endswith("They like tea.")
