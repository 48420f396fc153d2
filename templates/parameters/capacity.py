"""How many tasks run, how large, when none, and how a new version takes over."""

from __future__ import annotations

from templates.parts.numbers import chosen_number, whole_number
from templates.parts.rollout import STRATEGIES
from templates.wiring import Value, parameter, seam

MOST_TASKS = 20
SPOT_PERCENTAGES = [0, 50, 100]
GIB = 1024
FARGATE_MEMORY_MIB = {
    256: [512, 1 * GIB, 2 * GIB],
    512: [n * GIB for n in range(1, 5)],
    1024: [n * GIB for n in range(2, 9)],
    2048: [n * GIB for n in range(4, 17)],
    4096: [n * GIB for n in range(8, 31)],
}
"""CPU units and the memory that goes with them:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html"""


@seam
class Capacity:
    """Capacity"""

    task_count: Value = whole_number(
        "How many tasks run when little is asked. Two survive the loss of a zone; each costs about 14 USD a "
        "month at 0.5 vCPU and 1 GiB.",
        low=1,
        high=MOST_TASKS,
        default=2,
        label="Tasks at rest",
    )
    max_task_count: Value = whole_number(
        "How many tasks may run when much is asked; those beyond TaskCount are paid for as long as they run.",
        low=1,
        high=MOST_TASKS,
        default=4,
        label="Tasks at most",
    )
    task_cpu: Value = chosen_number(
        "CPU units of each task; 1024 are one vCPU.",
        list(FARGATE_MEMORY_MIB),
        default=512,
        label="CPU units of a task",
    )
    task_memory: Value = chosen_number(
        "MiB of memory of each task; Fargate takes only some together with each TaskCpu.",
        sorted({mib for choices in FARGATE_MEMORY_MIB.values() for mib in choices}),
        default=1024,
        label="Memory of a task in MiB",
    )
    spot_percent: Value = chosen_number(
        "How much of the tasks runs on Fargate Spot, about 70 % cheaper. AWS may take a Spot task back with "
        "two minutes' notice, which cuts no answer short; 100 may leave nobody to serve for a while.",
        SPOT_PERCENTAGES,
        default=0,
        label="Percentage of tasks on Spot",
    )
    deployment_strategy: Value = parameter(
        "String",
        "How a new version takes over; none goes below full capacity, and alarms bring the version before "
        "back. rolling: its tasks take over as they become ready. blue-green: all at once, while the version "
        "before waits ten minutes longer. canary: the same, after one person in ten has tried it for ten "
        "minutes. These two pay for twice the tasks meanwhile.",
        AllowedValues=list(STRATEGIES),
        Default="rolling",
        label="How a new version takes over",
        see="docs/deployments.md",
    )


@seam
class Sleep:
    """Sleep"""

    sleep: Value = parameter(
        "String",
        "When no task runs, so that none is paid for; whoever comes then gets error 503. nights: from "
        "SleepFrom to SleepUntil. nights-and-weekends: from Friday evening to Monday morning too.",
        AllowedValues=["never", "nights", "nights-and-weekends"],
        Default="never",
        label="When no task runs",
    )
    sleep_from: Value = whole_number(
        "With Sleep: the hour at which the tasks stop. Running answers are finished first.",
        low=0,
        high=23,
        default=22,
        label="Hour at which tasks stop",
    )
    sleep_until: Value = whole_number(
        "With Sleep: the hour at which they start again.",
        low=0,
        high=23,
        default=7,
        label="Hour at which tasks start",
    )
    time_zone: Value = parameter(
        "String",
        "With Sleep: the time zone of its hours, such as Europe/Madrid or America/Santiago.",
        AllowedPattern=r"^[A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+){0,2}$",
        ConstraintDescription="A name of the IANA time zone database, such as Europe/Madrid.",
        Default="Etc/UTC",
        label="Time zone of these hours",
    )
