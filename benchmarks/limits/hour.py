"""The busiest hour of so many people: what they ask of everything at once."""

from dataclasses import dataclass
from math import ceil

from deployer.offline.cost import Traffic
from gradio_app.sessions.sessions import CHECK_SECONDS, EARLY_SECONDS
from gradio_app.settings import Settings
from templates.parts.scaling import TARGET_PLACES_PERCENT, TARGET_REQUESTS_PER_MINUTE
from templates.stacks.service import ANSWERS

TRAFFIC = Traffic()
PLACES = ANSWERS[1024]
"""Of a task with one virtual CPU."""
MINUTE = 60


@dataclass(frozen=True)
class Hour:
    """What a busiest hour is taken to be; all but the number of people are guesses, for others to change."""

    people: int
    """Who have an account and use it."""
    active_share: float = 0.1
    """Of the people, those who have the page open in this hour."""
    turns: int = 10
    """Of each of them."""
    answer_seconds: float = 15.0
    """From the question to the stored answer: 400 tokens, and what the model thinks before."""
    library_share: float = 0.1
    """Of the questions, those to one library that is shared by all."""

    @property
    def active(self) -> float:
        """People with an open page."""
        return self.people * self.active_share

    @property
    def turns_per_second(self) -> float:
        """Questions in a second."""
        return self.active * self.turns / 3600

    @property
    def answers_at_once(self) -> float:
        """Answers that are being written, on average."""
        return self.turns_per_second * self.answer_seconds

    @property
    def sign_ins_per_second(self) -> float:
        """Calls of Cognito's InitiateAuth: each person signs in once in the hour, and what they ask some
        minutes after the time before has their session confirmed."""
        confirmed = min(self.turns_per_second, self.active / (CHECK_SECONDS - EARLY_SECONDS))
        return confirmed + self.active / 3600

    @property
    def tokens_per_minute(self) -> float:
        """As Bedrock counts them for a quota: the longest answer is set aside in advance."""
        read = TRAFFIC.tokens_in + self.library_share * TRAFFIC.passages_tokens
        return self.turns_per_second * (read + Settings.max_output_tokens) * MINUTE

    @property
    def requests_per_minute(self) -> float:
        """That reach the tasks."""
        return self.turns_per_second * TRAFFIC.requests_per_turn * MINUTE

    @property
    def tasks(self) -> int:
        """Of one virtual CPU: as many as requests and places call for, by the targets of scaling."""
        for_requests = ceil(self.requests_per_minute / TARGET_REQUESTS_PER_MINUTE)
        for_places = ceil(self.answers_at_once / (PLACES * TARGET_PLACES_PERCENT / 100))
        return max(1, for_requests, for_places)


def waiting_share(load: float, places: int) -> float:
    """Erlang's C: the share of questions that find no place, where `load` answers are written on average."""
    if load >= places:
        return 1.0
    blocked = 1.0
    for count in range(1, places + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1 - load / places * (1 - blocked))
