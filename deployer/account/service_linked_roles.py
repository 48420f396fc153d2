"""Makes the roles with which ECS and its scaling act in the account, before CloudFormation needs them.

ECS makes its own at the first cluster of an account and does not wait until it can be used: "Unable to assume
the service linked role" (aws-cloudformation/cloudformation-coverage-roadmap, issue 818). It stays there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from deployer.console import say
from deployer.errors import error_code
from deployer.session import is_loopback

SERVICES = ("ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com")
# A new role is seen everywhere some seconds later; IAM does not say when.
PAUSE_SECONDS = 10.0


def ensure(iam: Any, console: Console, sleep: Callable[[float], None] = time.sleep) -> None:
    """Make the roles that are missing, and wait until they can be used."""
    made = [service for service in SERVICES if _make(iam, service)]
    if not made:
        return
    say(console, f"Made the service-linked roles of {' and '.join(made)}.")
    if not is_loopback(iam):
        sleep(PAUSE_SECONDS)


def _make(iam: Any, service: str) -> bool:
    """Make a service's role; return whether it was missing."""
    try:
        iam.create_service_linked_role(AWSServiceName=service)
    except ClientError as error:
        exists = error_code(error) == "InvalidInput" and "has been taken" in str(error)
        # Without the permission, ECS tries it by itself: that is enough wherever the role exists.
        if exists or error_code(error) == "AccessDenied":
            return False
        raise
    return True
