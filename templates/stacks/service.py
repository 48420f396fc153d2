"""The service stack: the cluster, the task definition with its roles, the service on Fargate and its scaling.

It owns neither the image, nor the data, nor the load balancer; they come in as names and ARNs. Of the
alarms it owns those that roll a deployment back.
"""

from __future__ import annotations

from collections.abc import Iterable

from troposphere import (
    AWSProperty,
    Equals,
    FindInMap,
    If,
    Join,
    Not,
    NoValue,
    Region,
    Template,
    cloudwatch,
    ec2,
    ecs,
    iam,
    logs,
)

from templates.parameters import handed_on
from templates.parts import rollout, scaling, task_roles
from templates.parts.alarms import deployment_alarms
from templates.parts.library import has_library
from templates.parts.own_key import own_key
from templates.parts.rollout import shifts_traffic
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

CONTAINER = "app"
HTTPS = 443
USER = "10001:10001"
"""The image's user, said again so that no image can run as root."""
STOP_SECONDS = 120
"""Fargate's longest stop time-out."""
DRAIN_SECONDS = 100
"""Below the stop time-out: what is running may finish, and the process still leaves by itself."""
READY_SECONDS = 90
"""Grace of the load balancer's health checks: the app takes some 12 seconds to start on half a CPU."""
SPOT_WEIGHTS = {"0": (1, 0), "50": (1, 1), "100": (0, 1)}
"""By SpotPercent: the shares of tasks on demand and on Spot."""
ANSWERS = {256: 16, 512: 32, 1024: 64, 2048: 64, 4096: 64}
"""By TaskCpu: answers that a task writes at once (docs/performance.md); a process uses one core."""
HAS_SINGLE_SIGN_ON = "HasSingleSignOn"
HEALTH_COMMAND = ["CMD", "python", "-m", "gradio_app.healthcheck"]


@seam
class Inputs:
    key_arn: Value = parameter("String", "The deployment's own key; empty for AWS's.")
    deployment: Value = parameter("String", "The deployment's name: the tasks' metrics carry it.")
    image_uri: Value = parameter("String", "The image that the tasks run.")
    image_tag: Value = handed_on()
    repository_arn: Value = parameter("String", "Where the image is pulled from.")
    vpc_id: Value = parameter("AWS::EC2::VPC::Id", "Where the tasks run.")
    vpc_cidr: Value = parameter("String", "Addresses of the proxies in front of the tasks.")
    viewer_address_header: Value = parameter(
        "String", "Header in which the proxies say who asks, over whatever a client sent; empty for none."
    )
    task_subnet_ids: Value = parameter("List<AWS::EC2::Subnet::Id>", "The tasks' subnets, one per zone.")
    assign_public_ip: Value = parameter(
        "String", "Whether a task has a public address of its own.", AllowedValues=["ENABLED", "DISABLED"]
    )
    load_balancer_security_group_id: Value = parameter(
        "AWS::EC2::SecurityGroup::Id", "The only source from which tasks accept connections."
    )
    target_group_arn: Value = parameter("String", "Where the tasks register.")
    second_target_group_arn: Value = parameter("String", "Where the next version's tasks register; or empty.")
    listener_arn: Value = parameter("String", "The listener that serves people.")
    shifting_rule_arn: Value = parameter(
        "String", "The listener's rule that moves people between versions; or empty."
    )
    load_balancer_full_name: Value = parameter("String", "The load balancer, as its metrics name it.")
    target_group_full_name: Value = parameter("String", "The target group, as its metrics name it.")
    second_target_group_full_name: Value = parameter(
        "String", "The second target group, as its metrics name it; or empty."
    )
    deployment_strategy: Value = handed_on()
    topic_arn: Value = parameter("String", "Where alarms are published.")
    app_port: Value = parameter("Number", "TCP port on which the tasks listen.")
    # No AllowedValues: a change set checks them before another stack has said what the value is.
    public_scheme: Value = parameter("String", "What browsers speak: https or http.")
    user_pool_id: Value = parameter("String", "The pool of the people who may sign in.")
    user_pool_client_id: Value = parameter("String", "The app client in the pool.")
    client_secret_arn: Value = parameter("String", "The secret that holds the app client's secret.")
    single_sign_on_url: Value = parameter("String", "Where sign-ins by the provider begin; empty for none.")
    single_sign_on_provider: Value = handed_on()
    single_sign_on_client_id: Value = parameter("String", "The app client of single sign-on; or empty.")
    single_sign_on_secret_arn: Value = parameter(
        "String", "The secret that holds that app client's secret; or empty."
    )
    table_name: Value = parameter("String", "The table of sessions, conversations and usage.")
    table_arn: Value = parameter("String", "ARN of the table.")
    files_bucket_name: Value = parameter("String", "The bucket of people's files.")
    files_bucket_arn: Value = parameter("String", "ARN of that bucket.")
    model_id: Value = handed_on()
    alternative_model_id: Value = handed_on()
    embedding_model_id: Value = handed_on()
    system_prompt: Value = handed_on()
    former_embedding_model_id: Value = handed_on()
    library_files: Value = handed_on("Number")
    library_megabytes: Value = handed_on("Number")
    library_pages: Value = handed_on("Number")
    add_web_pages: Value = handed_on()
    reword_questions: Value = handed_on()
    keep_conversations_days: Value = handed_on()
    share_conversations: Value = handed_on()
    name_conversations: Value = handed_on()
    task_count: Value = handed_on("Number")
    max_task_count: Value = handed_on("Number")
    spot_percent: Value = handed_on("Number")
    sleep: Value = handed_on()
    sleep_from: Value = handed_on("Number")
    sleep_until: Value = handed_on("Number")
    time_zone: Value = handed_on()
    task_cpu: Value = handed_on("Number")
    task_memory: Value = handed_on("Number")
    container_insights: Value = handed_on()
    log_retention_days: Value = handed_on("Number")
    sign_up_domains: Value = handed_on()
    mfa: Value = handed_on()
    session_idle_minutes: Value = handed_on("Number")
    session_max_hours: Value = handed_on("Number")
    daily_token_budget: Value = handed_on("Number")
    max_output_tokens: Value = handed_on("Number")


@seam
class Outputs:
    cluster_name: Value = output("The ECS cluster.")
    service_name: Value = output("The ECS service in the cluster.")
    service_arn: Value = output("ARN of the ECS service.")
    task_definition_arn: Value = output("The task definition that the service runs.")
    log_group_name: Value = output("Where the tasks log.")


def template() -> Template:
    """The running service."""
    t = new_template("Asistente - service: cluster, task definition, roles and the service on Fargate.")
    inputs = declare(t, Inputs)
    shifts_traffic(t, inputs.deployment_strategy)
    cluster = ecs.Cluster(
        "Cluster",
        t,
        CapacityProviders=["FARGATE", "FARGATE_SPOT"],
        ClusterSettings=[ecs.ClusterSetting(Name="containerInsights", Value=inputs.container_insights)],
        Metadata=describe("Groups the tasks; Fargate brings the machines."),
    )
    log_group = logs.LogGroup(
        "LogGroup",
        t,
        KmsKeyId=own_key(t, inputs.key_arn),
        RetentionInDays=inputs.log_retention_days,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=describe("Keeps what the tasks log, for a limited time."),
    )
    task = _task_definition(t, inputs, log_group)
    service = _service(
        t,
        inputs,
        cluster,
        task,
        deployment_alarms(t, inputs.load_balancer_full_name, inputs.topic_arn),
    )
    _scale(t, inputs, service, cluster)
    publish(
        t,
        Outputs(
            cluster_name=cluster.ref(),
            service_name=service.get_att("Name"),
            service_arn=service.ref(),
            task_definition_arn=task.ref(),
            log_group_name=log_group.ref(),
        ),
    )
    return t


def _task_definition(t: Template, inputs: Inputs, log_group: logs.LogGroup) -> ecs.TaskDefinition:
    alternative = t.add_condition("HasAlternativeModel", Not(Equals(inputs.alternative_model_id, "")))
    t.add_mapping("Places", {str(cpu): {"Answers": str(answers)} for cpu, answers in ANSWERS.items()})
    t.add_condition(HAS_SINGLE_SIGN_ON, Not(Equals(inputs.single_sign_on_url, "")))
    return ecs.TaskDefinition(
        "TaskDefinition",
        t,
        RequiresCompatibilities=["FARGATE"],
        RuntimePlatform=ecs.RuntimePlatform(CpuArchitecture="ARM64", OperatingSystemFamily="LINUX"),
        NetworkMode="awsvpc",
        Cpu=inputs.task_cpu,
        Memory=inputs.task_memory,
        ExecutionRoleArn=task_roles.execution_role(
            t,
            inputs.repository_arn,
            [inputs.client_secret_arn, If(HAS_SINGLE_SIGN_ON, inputs.single_sign_on_secret_arn, NoValue)],
            inputs.key_arn,
            log_group.get_att("Arn"),
        ).get_att("Arn"),
        TaskRoleArn=_task_role(t, inputs, alternative).get_att("Arn"),
        Volumes=[ecs.Volume(Name="tmp")],
        ContainerDefinitions=[_container(inputs, alternative, log_group)],
        Metadata=describe("Says what a task runs, with which rights, settings and secret."),
    )


def _task_role(t: Template, inputs: Inputs, alternative: str) -> iam.Role:
    former = t.add_condition("HasFormerModel", Not(Equals(inputs.former_embedding_model_id, "")))
    return task_roles.task_role(
        t,
        table_arn=inputs.table_arn,
        files_bucket_arn=inputs.files_bucket_arn,
        key_arn=inputs.key_arn,
        models=task_roles.Models(inputs.model_id, inputs.alternative_model_id, alternative),
        has_library=has_library(t, inputs.embedding_model_id),
        embedding=task_roles.Models(inputs.embedding_model_id, inputs.former_embedding_model_id, former),
        deletes_old_ones=t.add_condition(
            "DeletesOldConversations", Not(Equals(inputs.keep_conversations_days, "0"))
        ),
    )


def _container(inputs: Inputs, alternative: str, log_group: logs.LogGroup) -> ecs.ContainerDefinition:
    return ecs.ContainerDefinition(
        Name=CONTAINER,
        Image=inputs.image_uri,
        Essential=True,
        Memory=inputs.task_memory,
        User=USER,
        ReadonlyRootFilesystem=True,
        MountPoints=[ecs.MountPoint(SourceVolume="tmp", ContainerPath="/tmp", ReadOnly=False)],  # noqa: S108
        LinuxParameters=ecs.LinuxParameters(
            InitProcessEnabled=True, Capabilities=ecs.KernelCapabilities(Drop=["ALL"])
        ),
        StopTimeout=STOP_SECONDS,
        PortMappings=[ecs.PortMapping(ContainerPort=inputs.app_port, Protocol="tcp")],
        Environment=[
            *(ecs.Environment(Name=name, Value=value) for name, value in _settings(inputs, alternative)),
            *_with_single_sign_on(
                ecs.Environment(Name=name, Value=value) for name, value in _single_sign_on_settings(inputs)
            ),
        ],
        Secrets=[
            ecs.Secret(Name="APP_CLIENT_SECRET", ValueFrom=inputs.client_secret_arn),
            *_with_single_sign_on(
                [ecs.Secret(Name="SINGLE_SIGN_ON_CLIENT_SECRET", ValueFrom=inputs.single_sign_on_secret_arn)]
            ),
        ],
        HealthCheck=ecs.HealthCheck(
            Command=HEALTH_COMMAND, Interval=15, Timeout=5, Retries=3, StartPeriod=60
        ),
        LogConfiguration=ecs.LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": log_group.ref(),
                "awslogs-region": Region,
                "awslogs-stream-prefix": CONTAINER,
                # Chat goes on when CloudWatch Logs is slow; the buffer holds what waits.
                "mode": "non-blocking",
                "max-buffer-size": "4m",
            },
        ),
    )


def _settings(inputs: Inputs, alternative: str) -> list[tuple[str, Value]]:
    """The app's environment, under the names that `gradio_app.settings` reads; Fargate adds AWS_REGION."""
    return [
        ("POOL_ID", inputs.user_pool_id),
        ("APP_CLIENT_ID", inputs.user_pool_client_id),
        ("TABLE_NAME", inputs.table_name),
        ("BUCKET_NAME", inputs.files_bucket_name),
        (
            "MODEL_IDS",
            If(alternative, Join(",", [inputs.model_id, inputs.alternative_model_id]), inputs.model_id),
        ),
        ("EMBEDDING_MODEL_ID", inputs.embedding_model_id),
        ("SYSTEM_PROMPT", inputs.system_prompt),
        ("FORMER_EMBEDDING_MODEL_ID", inputs.former_embedding_model_id),
        ("LIBRARY_FILES", inputs.library_files),
        ("LIBRARY_MEGABYTES", inputs.library_megabytes),
        ("LIBRARY_PAGES", inputs.library_pages),
        ("WEB_PAGES", inputs.add_web_pages),
        ("REWORD_QUESTIONS", inputs.reword_questions),
        ("KEEP_CONVERSATIONS_DAYS", inputs.keep_conversations_days),
        ("SHARE_CONVERSATIONS", inputs.share_conversations),
        ("NAME_CONVERSATIONS", inputs.name_conversations),
        ("PUBLIC_SCHEME", inputs.public_scheme),
        ("TRUSTED_PROXIES", inputs.vpc_cidr),
        ("VIEWER_ADDRESS_HEADER", inputs.viewer_address_header),
        ("PORT", inputs.app_port),
        ("SIGN_UP_DOMAINS", inputs.sign_up_domains),
        ("MFA", inputs.mfa),
        ("SESSION_IDLE_MINUTES", inputs.session_idle_minutes),
        ("SESSION_MAX_HOURS", inputs.session_max_hours),
        ("DAILY_TOKEN_BUDGET", inputs.daily_token_budget),
        ("MAX_OUTPUT_TOKENS", inputs.max_output_tokens),
        ("ANSWERS_AT_ONCE", FindInMap("Places", inputs.task_cpu, "Answers")),
        ("DRAIN_SECONDS", str(DRAIN_SECONDS)),
        ("UI_APP_ID", inputs.image_tag),
        ("DEPLOYMENT", inputs.deployment),
    ]


def _single_sign_on_settings(inputs: Inputs) -> list[tuple[str, Value]]:
    return [
        ("SINGLE_SIGN_ON_URL", inputs.single_sign_on_url),
        ("SINGLE_SIGN_ON_PROVIDER", inputs.single_sign_on_provider),
        ("SINGLE_SIGN_ON_CLIENT_ID", inputs.single_sign_on_client_id),
    ]


def _with_single_sign_on(settings: Iterable[AWSProperty]) -> list[If]:
    return [If(HAS_SINGLE_SIGN_ON, setting, NoValue) for setting in settings]


def _service(
    t: Template,
    inputs: Inputs,
    cluster: ecs.Cluster,
    task: ecs.TaskDefinition,
    alarms: list[cloudwatch.Alarm],
) -> ecs.Service:
    t.add_mapping(
        "SpotWeights",
        {percent: {"OnDemand": on, "Spot": spot} for percent, (on, spot) in SPOT_WEIGHTS.items()},
    )
    return ecs.Service(
        "Service",
        t,
        Cluster=cluster.ref(),
        CapacityProviderStrategy=[
            ecs.CapacityProviderStrategyItem(
                CapacityProvider=provider, Weight=FindInMap("SpotWeights", inputs.spot_percent, share)
            )
            for provider, share in (("FARGATE", "OnDemand"), ("FARGATE_SPOT", "Spot"))
        ],
        TaskDefinition=task.ref(),
        # No DesiredCount: the scaling sets it, and an update must not take away tasks that are needed.
        DeploymentConfiguration=rollout.deployment_configuration(t, inputs.deployment_strategy, alarms),
        AvailabilityZoneRebalancing="ENABLED",
        EnableExecuteCommand=False,
        EnableECSManagedTags=True,
        PropagateTags="SERVICE",
        HealthCheckGracePeriodSeconds=READY_SECONDS,
        LoadBalancers=[
            ecs.LoadBalancer(
                ContainerName=CONTAINER,
                ContainerPort=inputs.app_port,
                TargetGroupArn=inputs.target_group_arn,
                AdvancedConfiguration=rollout.shifting(
                    t,
                    target_group_arn=inputs.target_group_arn,
                    second_target_group_arn=inputs.second_target_group_arn,
                    listener_arn=inputs.listener_arn,
                    rule_arn=inputs.shifting_rule_arn,
                ),
            )
        ],
        NetworkConfiguration=ecs.NetworkConfiguration(
            AwsvpcConfiguration=ecs.AwsvpcConfiguration(
                AssignPublicIp=inputs.assign_public_ip,
                Subnets=inputs.task_subnet_ids,
                SecurityGroups=[_security_group(t, inputs).get_att("GroupId")],
            )
        ),
        Metadata=describe("Keeps the tasks running over the zones and replaces them without a gap."),
    )


def _scale(t: Template, inputs: Inputs, service: ecs.Service, cluster: ecs.Cluster) -> None:
    scaling.scale(
        t,
        service,
        cluster,
        least=inputs.task_count,
        most=inputs.max_task_count,
        load_balancer_full_name=inputs.load_balancer_full_name,
        target_group_full_name=inputs.target_group_full_name,
        second_target_group_full_name=inputs.second_target_group_full_name,
        deployment=inputs.deployment,
        scheduled_actions=scaling.sleeping(
            t,
            sleep=inputs.sleep,
            sleep_from=inputs.sleep_from,
            sleep_until=inputs.sleep_until,
            zone=inputs.time_zone,
            least=inputs.task_count,
            most=inputs.max_task_count,
        ),
    )


def _security_group(t: Template, inputs: Inputs) -> ec2.SecurityGroup:
    return ec2.SecurityGroup(
        "TaskSecurityGroup",
        t,
        VpcId=inputs.vpc_id,
        GroupDescription="Tasks: in from the load balancer, out to AWS over HTTPS.",
        SecurityGroupIngress=[
            ec2.SecurityGroupRule(
                IpProtocol="tcp",
                FromPort=inputs.app_port,
                ToPort=inputs.app_port,
                SourceSecurityGroupId=inputs.load_balancer_security_group_id,
                Description="The load balancer",
            )
        ],
        SecurityGroupEgress=[
            ec2.SecurityGroupRule(
                IpProtocol="tcp",
                FromPort=HTTPS,
                ToPort=HTTPS,
                CidrIp="0.0.0.0/0",
                Description="AWS services; their addresses change and have no list for security groups",
            )
        ],
        Metadata=describe("Lets only the load balancer talk to the tasks, and the tasks only to HTTPS."),
    )
