"""The layer over MiniStack: what it lacks of AWS, one module for each service or concern.

Imports MiniStack, so it must be imported only when MiniStack's settings are in the environment. Each part
has a contract test that also says whether plain MiniStack still lacks it.
"""

from collections.abc import Callable
from types import ModuleType

from ministack import app as ministack
from ministack.core import persistence, router
from ministack.services.cloudformation import wait_conditions

from local.emulator import (
    autoscaling,
    bedrock_models,
    budgets,
    change_sets,
    cloudfront,
    codepipeline,
    cognito,
    cognito_providers,
    ec2,
    ecs,
    failed_rollbacks,
    imports,
    interruptions,
    nested_stacks,
    network_interfaces,
    request_tokens,
    reviewed_stacks,
    secrets_manager,
    secure_transport,
    service_linked_roles,
    service_quotas,
    stack_events,
    storage,
    task_credentials,
    waf,
)
from local.emulator.front import App

PARTS = (
    autoscaling,
    bedrock_models,
    budgets,
    change_sets,
    cloudfront,
    cognito,
    cognito_providers,
    ec2,
    ecs,
    nested_stacks,
    imports,  # wraps what the two before it put in place
    network_interfaces,
    reviewed_stacks,
    secrets_manager,
    secure_transport,
    service_linked_roles,
    stack_events,
    failed_rollbacks,  # wraps what the one before it puts in place
    request_tokens,  # wraps what those above put in place
    storage,
    waf,
)


def install(on_build: Callable[[dict[str, str]], None] | None) -> App:
    """Put the layer into MiniStack and return its ASGI application."""
    for part in PARTS:
        part.install()
    codepipeline.install(on_build)
    _add_service("codepipeline", codepipeline, codepipeline.TARGET_PREFIX)
    _add_service(autoscaling.NAME, autoscaling, autoscaling.TARGET_PREFIX)
    _add_service(service_quotas.NAME, service_quotas, service_quotas.TARGET_PREFIX)
    return task_credentials.wrap(ministack.app)


def save() -> None:
    """Write every service's state to the state directory, as a graceful stop does."""
    persistence.save_all(ministack._build_persistence_save_dict())


def is_busy() -> bool:
    """Whether state may change although no request is being served."""
    return interruptions.is_busy()


def started() -> None:
    """Tidy up after the last process; call it when the state is loaded."""
    interruptions.settle()


def release_waiting_threads() -> None:
    """Let wait conditions give up, so that a stop does not wait for their signals."""
    wait_conditions.reset()


def _add_service(name: str, module: ModuleType, target_prefix: str) -> None:
    """Route a service's requests to a module of this layer, and keep its state with the others."""
    router.SERVICE_PATTERNS[name] = {
        "target_prefixes": [target_prefix],
        "host_patterns": [],
        "credential_scope": name,
    }
    ministack.SERVICE_HANDLERS[name] = module.handle_request
    ministack._loaded_modules[name] = module
    ministack._state_map[name] = name
