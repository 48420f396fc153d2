"""What is kept and protected, and who is told."""

from __future__ import annotations

from templates.parts.deletion_policies import KEEP_DATA_VALUES
from templates.parts.numbers import chosen_number, whole_number
from templates.wiring import Value, parameter, seam

LOG_RETENTION_DAYS = [1, 3, 7, 14, 30, 60, 90, 180, 365]
"""Some of the numbers that CloudWatch Logs takes."""
HIGHEST_BUDGET = 10**9
"""More is a slip of the hand."""


@seam
class Data:
    """Data, logs and protection"""

    keep_data: Value = parameter(
        "String",
        "yes: users and conversations are protected from deletion and stay when the stack is deleted. no: "
        "they go with the stack; for a throw-away one.",
        AllowedValues=KEEP_DATA_VALUES,
        ConstraintDescription="yes or no; templates are written for one of them: generate.py --keep-data.",
        Default="yes",
        label="Keep users and conversations",
        see="docs/operations.md",
    )
    protect_front_door: Value = parameter(
        "String",
        "yes: the load balancer cannot be deleted, and AlarmEmail is told when somebody deletes one of its "
        "access logs. For production, once the first deployment is through; no again before FrontDoor is "
        "changed or the stack deleted.",
        AllowedValues=["no", "yes"],
        Default="no",
        label="Protect the load balancer",
    )
    encryption_key: Value = parameter(
        "String",
        "own: a key of yours, which AWS rotates and whose use you can follow and end, encrypts "
        "conversations, sessions, logs and secrets; about 1 USD a month. aws: AWS's own keys do.",
        AllowedValues=["own", "aws"],
        Default="own",
        label="Whose key encrypts",
        see="docs/security.md",
    )
    log_retention_days: Value = chosen_number(
        "Days that logs are kept.", LOG_RETENTION_DAYS, default=30, label="Days that logs are kept"
    )


@seam
class Alarms:
    """Alarms, budget and measurements"""

    alarm_email: Value = parameter(
        "String",
        "Who is told of alarms, failed builds and deployments, deleted access logs (ProtectFrontDoor) and "
        "the budget; AWS sends a mail that has to be confirmed once. Empty for nobody.",
        AllowedPattern=r"^$|^[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        ConstraintDescription="An e-mail address, or nothing.",
        Default="",
        label="E-mail for alarms",
        example="you@example.com",
    )
    monthly_budget: Value = whole_number(
        "USD a month for the whole AWS account, models included: a message when 80 % is spent, and when "
        "the forecast is above it. 0 for no budget.",
        low=0,
        high=HIGHEST_BUDGET,
        default=0,
        label="Monthly budget in USD",
    )
    container_insights: Value = parameter(
        "String",
        "enabled: ECS also measures network, disk and each kind of task, about 11 USD a month; what is "
        "measured without it is enough for the alarms and the dashboard.",
        AllowedValues=["disabled", "enabled"],
        Default="disabled",
        label="Container Insights",
    )
