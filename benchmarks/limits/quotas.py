"""The limits that are met one after the other: what is needed of each, what there is, and what to turn."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.limits.hour import TRAFFIC, Hour
from templates.parameters.capacity import MOST_TASKS

DOCS = "https://docs.aws.amazon.com"
ON_DEMAND = f"{DOCS}/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
TABLES = f"{DOCS}/amazondynamodb/latest/developerguide/Limits.html"
PARTITIONS = f"{DOCS}/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
MOST_PEOPLE = 10_000_000
COPIES = 2
"""While a deployment goes on, there are the tasks of two versions."""


@dataclass(frozen=True)
class Limit:
    """One limit: `allowed` is what a new account has, and None where it is each model's."""

    what: str
    unit: str
    need: Callable[[Hour], float]
    allowed: float | None
    turn: str
    source: str

    @property
    def reached(self) -> int | None:
        """How many people are the first to need more than is allowed; None where no number does."""
        if self.allowed is None or self.need(Hour(MOST_PEOPLE)) <= self.allowed:
            return None
        return bisect_right(range(MOST_PEOPLE), self.allowed, key=lambda people: self.need(Hour(people)))


LIMITS = (
    Limit(
        "Tasks of one virtual CPU",
        "",
        lambda hour: hour.tasks,
        MOST_TASKS,
        "`MaxTaskCount` up to 20; above, `MOST_TASKS` in `templates/parameters/capacity.py`, or a deployment "
        "for each part of the people",
        "this project",
    ),
    Limit(
        "Fargate, virtual CPUs, two versions at once",
        "",
        lambda hour: hour.tasks * COPIES,
        6,
        "the quota *Fargate On-Demand vCPU resource count*; `make doctor` compares it with the parameters",
        f"{DOCS}/AmazonECS/latest/developerguide/service-quotas.html",
    ),
    Limit(
        "Bedrock, tokens of a model",
        "/min",
        lambda hour: hour.tokens_per_minute,
        None,
        "the quota *tokens per minute* of the model; an inference profile over Regions; a second model",
        f"{DOCS}/bedrock/latest/userguide/quotas-runtime.html",
    ),
    Limit(
        "Cognito, UserAuthentication",
        "/s",
        lambda hour: hour.sign_ins_per_second,
        120,
        "the quota *Rate of UserAuthentication requests*, which is sold; or `CHECK_SECONDS` in "
        "`gradio_app/sessions/sessions.py`, with which a disabled person stays in for longer",
        f"{DOCS}/cognito/latest/developerguide/quotas.html",
    ),
    Limit(
        "DynamoDB, a new table's writes",
        " units/s",
        lambda hour: hour.turns_per_second * TRAFFIC.writes_per_turn,
        4_000,
        "nothing if it grows over days, for a table follows; for a start at once, warm throughput",
        ON_DEMAND,
    ),
    Limit(
        "DynamoDB, a new table's reads",
        " units/s",
        lambda hour: hour.turns_per_second * TRAFFIC.reads_per_turn,
        12_000,
        "the same",
        ON_DEMAND,
    ),
    Limit(
        "DynamoDB, a table's reads by quota",
        " units/s",
        lambda hour: hour.turns_per_second * TRAFFIC.reads_per_turn,
        40_000,
        "the quota *Table-level read throughput limit*",
        TABLES,
    ),
    Limit(
        "DynamoDB, reads of one library's partition",
        " units/s",
        lambda hour: hour.turns_per_second * hour.library_share * TRAFFIC.reads_per_question,
        3_000,
        "a library for each group instead of one for everybody",
        PARTITIONS,
    ),
    Limit(
        "DynamoDB, writes of one person's partition",
        " units/s",
        lambda _: TRAFFIC.writes_per_turn,
        1_000,
        "nothing: it does not grow with the people; a turn each second is far more than one person asks",
        PARTITIONS,
    ),
    Limit(
        "Load balancer, targets",
        "",
        lambda hour: hour.tasks * COPIES,
        1_000,
        "the quota *Targets per Application Load Balancer*",
        f"{DOCS}/elasticloadbalancing/latest/application/load-balancer-limits.html",
    ),
    Limit(
        "KMS, symmetric operations, at most one for each turn",
        "/s",
        lambda hour: hour.turns_per_second,
        10_000,
        "nothing: table and bucket use a key for minutes; the figure is as if they never did",
        f"{DOCS}/general/latest/gr/kms.html",
    ),
)
