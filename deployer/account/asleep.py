"""Whether a service sleeps: with `Sleep`, at its hours no task runs and the load balancer answers 503."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from deployer.cloudformation import stack
from deployer.session import Aws


def why(aws: Aws, found: stack.Description) -> str:
    """Until when the deployment sleeps and what wakes it, in two sentences; empty where it is awake.

    Where AWS does not tell how many tasks are wanted, it counts as awake.
    """
    values = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
    given = stack.outputs(found)
    cluster, service = given.get("ClusterName", ""), given.get("ServiceName", "")
    if values.get("Sleep", "never") == "never" or not _wants_none(aws, cluster, service):
        return ""
    days = ", Monday to Friday" if values["Sleep"] == "nights-and-weekends" else ""
    least, most = values["TaskCount"], values["MaxTaskCount"]
    return (
        f"{found['StackName']} sleeps, as Sleep={values['Sleep']} says, and nothing can be proved before "
        f"{_hour(values['SleepUntil'])} ({values['TimeZone']}{days}).\n"
        "`aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension "
        f"ecs:service:DesiredCount --resource-id service/{cluster}/{service} --min-capacity {least} "
        f"--max-capacity {most} --region {aws.region}` wakes it until {_hour(values['SleepFrom'])}."
    )


def _wants_none(aws: Aws, cluster: str, service: str) -> bool:
    """Whether no task is wanted: outside of its hours of sleep the scaling sees to at least one."""
    if not (cluster and service):
        return False
    try:
        found = aws.ecs.describe_services(cluster=cluster, services=[service])["services"]
    except (BotoCoreError, ClientError):
        return False
    return bool(found) and found[0]["desiredCount"] == 0


def _hour(value: str) -> str:
    return f"{value:0>2}:00"
