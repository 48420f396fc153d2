"""What of a conversation the model gets to read: pure functions, no input or output.

The newest turns that fit go word for word; older ones are summed up by the model itself, in a separate call
after an answer, and the summary goes along with the instructions.
"""

from collections.abc import Sequence

from gradio_app.chat import inputs
from gradio_app.chat.conversation import Conversation, Turn
from gradio_app.chat.inputs import Question, Reading, Said

SYSTEM_PROMPT = (
    "You are Asistente, a helpful assistant. Answer in the language of the user's last message. "
    "Be accurate and concise, use Markdown where it helps, and say so when you do not know something."
)
SUMMARY_INTRODUCTION = "What was said earlier in this conversation, summed up:"
SUMMARY_PROMPT = (
    "Sum up the conversation below for yourself, so that you can go on with it later. Keep names, numbers, "
    "decisions, open questions and what the user asked you to remember. Write at most 200 words, in the "
    "conversation's language, and nothing but the summary."
)
GO_ON = (
    "Your answer was cut off. Go on exactly where it ends, in the middle of the word if need be: repeat "
    "nothing, introduce nothing, and do not say that you go on."
)
SUMMARY_TOKENS = 500
"""Most tokens that a summary may take."""

BYTES_PER_TOKEN = 3
"""Tokenizers make a token of about 4 bytes of English or Spanish and of about 3 of other writing; counting
with the smaller one errs on the safe side."""
TURNS = 60
"""Most turns that go word for word, however short they are."""
WHOLE_TURNS = 240
"""The same where a summary was taken back."""
WINDOWS = 2
"""What is read of a conversation, in budgets: what is sent, and what is summed up because it is not."""
TURN_BYTES = 600
"""What a stored turn takes besides its text."""
MESSAGE_TOKENS = 8
"""What a message takes besides its text: role and separators."""


def estimate_tokens(text: str) -> int:
    """An upper guess of the tokens of a text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def room(conversation: Conversation, tokens: int, whole_tokens: int) -> int:
    """How many tokens of the conversation a call carries, which is more where a summary was taken back."""
    return max(tokens, whole_tokens) if conversation.is_whole else tokens


def most_turns(conversation: Conversation) -> int:
    """How many of its turns go word for word at most."""
    return WHOLE_TURNS if conversation.is_whole else TURNS


def fits(conversation: Conversation, budget: int) -> bool:
    """Whether all turns that were read go word for word, and these are all that no summary tells of."""
    return not conversation.has_gap and not to_sum_up(conversation, budget)


def most_bytes(budget: int, turns: int | None = None) -> int:
    """How much of a conversation is read for a call with that budget of tokens; TURNS turns unless given."""
    return WINDOWS * BYTES_PER_TOKEN * budget + 2 * (turns or TURNS) * TURN_BYTES


def turn_tokens(turn: Turn) -> int:
    """An upper guess of the tokens of a question and its answer; files have room of their own."""
    answer = turn.answer.text if turn.answer else ""
    return estimate_tokens(turn.question_text) + estimate_tokens(answer) + 2 * MESSAGE_TOKENS


def answered(turns: Sequence[Turn]) -> list[Turn]:
    """The turns that have an answer: the model takes no empty message and no two questions in a row."""
    return [
        turn
        for turn in turns
        if (turn.question_text.strip() or turn.files) and turn.answer and turn.answer.text.strip()
    ]


def unsummed(conversation: Conversation) -> list[Turn]:
    """The turns with an answer that no summary tells of."""
    return answered([turn for turn in conversation.turns if turn.number > conversation.summarized_to])


def newest(turns: Sequence[Turn], budget: int) -> list[Turn]:
    """The longest tail of the turns whose tokens fit into the budget; maybe none."""
    start = len(turns)
    while start and (budget := budget - turn_tokens(turns[start - 1])) >= 0:
        start -= 1
    return list(turns[start:])


def system_prompt(conversation: Conversation) -> str:
    """The instructions, and the summary of what is old: what changes least comes first."""
    summary = f"{SUMMARY_INTRODUCTION}\n{conversation.summary}" if conversation.summary else ""
    return "\n\n".join(filter(None, [SYSTEM_PROMPT, conversation.preamble, summary]))


def messages(
    conversation: Conversation, question: str | Question, budget: int, reading: Reading | None = None
) -> list[tuple[str, Said]]:
    """What goes to the model: (role, said) from a "human" to a "human" message in turns, within the budget.

    The question always goes; `budget` is in tokens and counts the instructions too. Files go with `reading`.
    """
    asked = Question(question) if isinstance(question, str) else question
    rest = (
        budget - estimate_tokens(system_prompt(conversation)) - estimate_tokens(asked.text) - MESSAGE_TOKENS
    )
    kept = newest(unsummed(conversation), rest)
    questions = [*(Question(turn.question_text, turn.files) for turn in kept), asked]
    said = inputs.contents(reading, questions) if reading else [each.text for each in questions]
    history = [
        part
        for turn, each in zip(kept, said, strict=False)
        if turn.answer
        for part in (("human", each), ("ai", turn.answer.text))
    ]
    return [*history, ("human", said[-1])]


def to_go_on(so_far: str, budget: int, *, takes_beginning: bool) -> list[tuple[str, Said]]:
    """What is sent behind a question so that its answer goes on; nothing when none has begun.

    Of a long answer it is the end that fits into half of the budget. A model that does not take the beginning
    of its own answer is asked to go on. Bedrock refuses one that ends in a blank.
    """
    data = so_far.rstrip().encode("utf-8", "replace")[-budget // 2 * BYTES_PER_TOKEN :]
    end = data.decode("utf-8", "ignore")
    if not end.strip():
        return []
    return [("ai", end)] if takes_beginning else [("ai", end), ("human", GO_ON)]


def oldest_sent(conversation: Conversation, parts: Sequence[tuple[str, Said]], number: int) -> int:
    """The number of the oldest turn in a request that `messages` made for the turn of this number."""
    kept = len(parts) // 2
    return unsummed(conversation)[-kept].number if kept else number


def to_sum_up(conversation: Conversation, budget: int) -> list[Turn]:
    """The turns that the next summary should take up, oldest first; none while everything fits.

    Once it is full, half of the room is made free, so that a summary is not due after every answer. What one
    summary reads is bounded: when more has come together, the next answers' summaries go on.
    """
    turns = unsummed(conversation)
    left = budget - estimate_tokens(system_prompt(conversation))
    most = most_turns(conversation)
    if sum(map(turn_tokens, turns)) <= left and len(turns) <= most:
        return []
    kept = newest(turns[-(most // 2) :], budget // 2)
    return oldest(turns[: len(turns) - len(kept)], budget)


def oldest(turns: Sequence[Turn], budget: int) -> list[Turn]:
    """The first of the turns, and those after it that fit into the budget with it."""
    end = 0
    while end < len(turns) and (not end or turn_tokens(turns[end]) <= budget):
        budget -= turn_tokens(turns[end])
        end += 1
    return list(turns[:end])


def summary_request(conversation: Conversation, turns: Sequence[Turn], budget: int) -> str:
    """The text to sum up: the summary so far and the turns, cut to about `budget` tokens at its beginning."""
    parts = [conversation.summary] if conversation.summary else []
    for turn in turns:
        parts.append(f"User: {_with_names(turn)}")
        parts.append(f"Assistant: {turn.answer.text if turn.answer else ''}")
    text = "\n\n".join(parts)
    data = text.encode("utf-8", "replace")[-budget * BYTES_PER_TOKEN :]
    return f"{SUMMARY_PROMPT}\n\n---\n{data.decode('utf-8', 'ignore')}"


def request_tokens(system: str, parts: Sequence[tuple[str, Said]]) -> int:
    """An upper guess of the tokens that a whole request is charged for as input."""
    texts = sum(estimate_tokens(text) + MESSAGE_TOKENS for _, said in parts for text in inputs.words_in(said))
    files = sum(inputs.estimate(native.file) for _, said in parts for native in inputs.natives_in(said))
    return estimate_tokens(system) + texts + files


def _with_names(turn: Turn) -> str:
    """A question with the names of its files, which is what a summary keeps of them."""
    names = ", ".join(inputs.neutral(file.name) for file in turn.files)
    return "\n".join(filter(None, [turn.question_text, f"(attached: {names})" if names else ""]))
