"""The service: what a task may do, who may talk to it, and that the app understands its settings."""

from __future__ import annotations

import pytest

from gradio_app.chat import metrics
from gradio_app.chat.places import PLACES
from gradio_app.settings import ANSWERS_AT_ONCE, Settings
from gradio_app.store import schema
from templates.parts.viewer_address import HEADER
from templates.stacks.distribution import VIEWER_ADDRESS_CODE
from templates.stacks.service import ANSWERS
from tests.templates import stacks
from tests.templates.rendition import rendition
from tests.templates.stacks import Json

GIVEN = {
    "Deployment": "asistente-test",
    "UserPoolId": "us-east-1_AbCdEfGhI",
    "UserPoolClientId": "1h57kf5cpq17m0eml12example",
    "TableName": "asistente-Data-Table",
    "FilesBucketName": "asistente-data-files",
    "PublicScheme": "https",
    "ImageTag": stacks.TAG,
    "VpcCidr": "10.42.0.0/16",
    "ViewerAddressHeader": "",
    "AppPort": "8080",
    "ModelId": "global.amazon.nova-2-lite-v1:0",
    "AlternativeModelId": "",
    "EmbeddingModelId": "",
    "SingleSignOnUrl": "",
}


def service(**parameters: str) -> Json:
    root_defaults = {
        name: str(p["Default"]) for name, p in stacks.stack("root")["Parameters"].items() if "Default" in p
    }
    template = stacks.stack("service")
    known = {name: value for name, value in root_defaults.items() if name in template["Parameters"]}
    return rendition(template, **(known | GIVEN | parameters))


@pytest.mark.parametrize("choice", ["disabled", "enabled"])
def test_ecs_measures_more_only_when_asked_for(choice: str) -> None:
    cluster = stacks.properties(service(ContainerInsights=choice), "Cluster")
    assert cluster["ClusterSettings"] == [{"Name": "containerInsights", "Value": choice}]


@pytest.mark.parametrize(
    ("alternative", "models"),
    [
        ("", ("global.amazon.nova-2-lite-v1:0",)),
        ("second.model", ("global.amazon.nova-2-lite-v1:0", "second.model")),
    ],
)
def test_the_app_understands_the_settings_of_the_task(alternative: str, models: tuple[str, ...]) -> None:
    container = _container(service(AlternativeModelId=alternative))
    environment = {entry["Name"]: _text(entry["Value"]) for entry in container["Environment"]}
    secrets = {entry["Name"]: "from-secrets-manager" for entry in container["Secrets"]}
    settings = Settings.from_env(environment | secrets | {"AWS_REGION": "us-east-1"})
    assert environment["MODEL_IDS"] == ",".join(models)
    assert settings.model_ids == models
    assert settings.ui_app_id == stacks.TAG
    assert settings.deployment == "asistente-test"
    assert settings.authentication
    assert settings.drain_seconds < container["StopTimeout"]


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize(("front_door", "header"), [("cloudfront", HEADER), ("domain", ""), ("http", "")])
def test_only_behind_cloudfront_is_the_app_told_of_the_distributions_header(
    front_door: str, header: str
) -> None:
    """With a public load balancer a client's own would reach the tasks."""
    child = rendition(stacks.stack("root"), FrontDoor=front_door)["Resources"]["Service"]
    told = child["Properties"]["Parameters"]["ViewerAddressHeader"]
    container = _container(service(ViewerAddressHeader=told))
    environment = {entry["Name"]: _text(entry["Value"]) for entry in container["Environment"]}
    secrets = {entry["Name"]: "from-secrets-manager" for entry in container["Secrets"]}
    settings = Settings.from_env(environment | secrets | {"AWS_REGION": "us-east-1"})
    assert settings.viewer_address_header == header
    assert f"headers['{HEADER}'] = {{value: event.viewer.ip}}" in VIEWER_ADDRESS_CODE


SINGLE_SIGN_ON = {
    "SingleSignOnUrl": "https://example-chat.auth.us-east-1.amazoncognito.com",
    "SingleSignOnProvider": "Example",
    "SingleSignOnClientId": "7example1h57kf5cpq17m0eml12",
    "SingleSignOnSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:ClientSecret-Second",
}
WITHOUT_SINGLE_SIGN_ON = dict.fromkeys(SINGLE_SIGN_ON, "")


def test_single_sign_on_is_in_the_environment_when_it_is_on() -> None:
    container = _container(service(**SINGLE_SIGN_ON))
    environment = {entry["Name"]: entry["Value"] for entry in container["Environment"]}
    assert environment["SINGLE_SIGN_ON_URL"] == SINGLE_SIGN_ON["SingleSignOnUrl"]
    assert environment["SINGLE_SIGN_ON_PROVIDER"] == "Example"
    assert environment["SINGLE_SIGN_ON_CLIENT_ID"] == SINGLE_SIGN_ON["SingleSignOnClientId"]
    secrets = {entry["Name"]: entry["ValueFrom"] for entry in container["Secrets"]}
    assert secrets["SINGLE_SIGN_ON_CLIENT_SECRET"] == SINGLE_SIGN_ON["SingleSignOnSecretArn"]


def test_without_single_sign_on_the_task_hears_nothing_of_it() -> None:
    container = _container(service(**WITHOUT_SINGLE_SIGN_ON))
    names = {entry["Name"] for entry in [*container["Environment"], *container["Secrets"]]}
    assert not [name for name in names if name.startswith("SINGLE_SIGN_ON")]


@pytest.mark.parametrize(
    ("chosen", "more"),
    [(WITHOUT_SINGLE_SIGN_ON, []), (SINGLE_SIGN_ON, [SINGLE_SIGN_ON["SingleSignOnSecretArn"]])],
)
def test_ecs_reads_the_secret_of_single_sign_on_only_when_there_is_one(
    chosen: dict[str, str], more: list[str]
) -> None:
    role = stacks.properties(service(**chosen), "ExecutionRole")
    (reading,) = [s for s in stacks.statements(role) if s["Action"] == ["secretsmanager:GetSecretValue"]]
    assert reading["Resource"] == [{"Ref": "ClientSecretArn"}, *more]


@pytest.mark.asvs("13.3.1")
def test_the_secret_is_not_in_the_plain_environment() -> None:
    container = _container(service())
    assert [entry["Name"] for entry in container["Secrets"]] == ["APP_CLIENT_SECRET"]
    assert "APP_CLIENT_SECRET" not in {entry["Name"] for entry in container["Environment"]}


def test_tasks_accept_traffic_only_from_the_load_balancer() -> None:
    (rule,) = stacks.properties(service(), "TaskSecurityGroup")["SecurityGroupIngress"]
    assert rule["SourceSecurityGroupId"] == {"Ref": "LoadBalancerSecurityGroupId"}
    assert "CidrIp" not in rule


def test_the_container_is_locked_down() -> None:
    container = _container(service())
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"] == {"Capabilities": {"Drop": ["ALL"]}, "InitProcessEnabled": True}
    assert container["User"].split(":")[0] not in ("0", "root")
    assert "Privileged" not in container
    assert stacks.properties(service(), "Service")["EnableExecuteCommand"] is False


@pytest.mark.parametrize(
    ("strategy", "ecs_name"), [("rolling", "ROLLING"), ("blue-green", "BLUE_GREEN"), ("canary", "CANARY")]
)
def test_a_deployment_never_goes_below_full_capacity_and_rolls_back(strategy: str, ecs_name: str) -> None:
    deployment = _deployment(service(DeploymentStrategy=strategy))
    assert deployment["Strategy"] == ecs_name
    assert deployment["MinimumHealthyPercent"] >= 100
    # The others have none that every page of AWS's grants them; the deployer watches over them.
    breaker = {"Enable": True, "Rollback": True} if strategy == "rolling" else None
    assert deployment.get("DeploymentCircuitBreaker") == breaker
    assert (deployment["Alarms"]["Enable"], deployment["Alarms"]["Rollback"]) == (True, True)


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "canary"])
def test_alarms_of_the_tasks_answers_see_the_new_version_wherever_it_runs(strategy: str) -> None:
    template = service(DeploymentStrategy=strategy)
    for name in _deployment(template)["Alarms"]["AlarmNames"]:
        alarm = stacks.properties(template, name["Ref"])
        # Not the load balancer's own errors, which may have another cause than the new version.
        assert alarm["MetricName"] in {"HTTPCode_Target_5XX_Count", "TargetResponseTime"}
        assert [dimension["Name"] for dimension in alarm["Dimensions"]] == ["LoadBalancer"]


def test_two_versions_run_side_by_side_until_the_alarms_would_have_spoken() -> None:
    assert "BakeTimeInMinutes" not in _deployment(service(DeploymentStrategy="rolling"))
    for strategy in ("blue-green", "canary"):
        template = service(DeploymentStrategy=strategy)
        deployment = _deployment(template)
        alarms = [stacks.properties(template, name["Ref"]) for name in deployment["Alarms"]["AlarmNames"]]
        slowest = max(alarm["Period"] * alarm["EvaluationPeriods"] for alarm in alarms)
        assert slowest < deployment["BakeTimeInMinutes"] * 60
        assert ("CanaryConfiguration" in deployment) == (strategy == "canary")


def test_a_slow_canary_is_noticed() -> None:
    template = service(DeploymentStrategy="canary")
    canary = _deployment(template)["CanaryConfiguration"]
    alarm = stacks.properties(template, "SlowAnswers")
    percentile = float(alarm["ExtendedStatistic"].removeprefix("p"))
    assert canary["CanaryPercent"] > 100 - percentile
    assert canary["CanaryBakeTimeInMinutes"] * 60 > alarm["Period"] * alarm["EvaluationPeriods"]


def test_rolling_needs_nothing_more_of_the_load_balancer() -> None:
    template = service(DeploymentStrategy="rolling")
    (balancer,) = stacks.properties(template, "Service")["LoadBalancers"]
    assert "AdvancedConfiguration" not in balancer
    assert "ShiftingRole" not in template["Resources"]


@pytest.mark.parametrize("strategy", ["blue-green", "canary"])
def test_ecs_may_move_people_by_the_one_rule_between_the_two_groups(strategy: str) -> None:
    template = service(DeploymentStrategy=strategy)
    (balancer,) = stacks.properties(template, "Service")["LoadBalancers"]
    assert balancer["AdvancedConfiguration"] == {
        "AlternateTargetGroupArn": {"Ref": "SecondTargetGroupArn"},
        "ProductionListenerRule": {"Ref": "ShiftingRuleArn"},
        "RoleArn": {"Fn::GetAtt": ["ShiftingRole", "Arn"]},
    }
    allowed = {
        action: [resource.get("Ref") for resource in statement["Resource"]]
        for statement in stacks.statements(stacks.properties(template, "ShiftingRole")["Policies"])
        for action in statement["Action"]
        if ":Describe" not in action
    }
    groups = ["TargetGroupArn", "SecondTargetGroupArn"]
    assert allowed == {
        "elasticloadbalancing:RegisterTargets": groups,
        "elasticloadbalancing:DeregisterTargets": groups,
        "elasticloadbalancing:ModifyRule": ["ShiftingRuleArn"],
        "elasticloadbalancing:ModifyListener": ["ListenerArn"],
    }


def test_requests_are_counted_in_the_one_group() -> None:
    tracking = _request_tracking(service(DeploymentStrategy="rolling"))
    predefined = tracking["PredefinedMetricSpecification"]
    assert predefined["PredefinedMetricType"] == "ALBRequestCountPerTarget"
    assert predefined["ResourceLabel"]["Fn::Join"][1][1] == {"Ref": "TargetGroupFullName"}
    assert "CustomizedMetricSpecification" not in tracking


@pytest.mark.parametrize("strategy", ["blue-green", "canary"])
def test_requests_are_counted_in_either_group(strategy: str) -> None:
    tracking = _request_tracking(service(DeploymentStrategy=strategy))
    assert "PredefinedMetricSpecification" not in tracking
    *each, both = tracking["CustomizedMetricSpecification"]["Metrics"]
    groups = {
        query["Id"]: dimension["Value"]["Ref"]
        for query in each
        for dimension in query["MetricStat"]["Metric"]["Dimensions"]
        if dimension["Name"] == "TargetGroup"
    }
    assert set(groups.values()) == {"TargetGroupFullName", "SecondTargetGroupFullName"}
    assert both["Expression"] == " + ".join(f"FILL({name}, 0)" for name in groups)
    assert [query["ReturnData"] for query in (*each, both)] == [False, False, True]


@pytest.mark.parametrize(("percent", "shares"), [("0", (1, 0)), ("50", (1, 1)), ("100", (0, 1))])
def test_spot_is_used_as_much_as_asked(percent: str, shares: tuple[int, int]) -> None:
    template = service(SpotPercent=percent)
    strategy = stacks.properties(template, "Service")["CapacityProviderStrategy"]
    weights = {provider["CapacityProvider"]: provider["Weight"] for provider in strategy}
    assert weights == {"FARGATE": shares[0], "FARGATE_SPOT": shares[1]}


def test_the_number_of_tasks_follows_the_places_that_the_tasks_tell_of() -> None:
    tracking = stacks.properties(service(), "ScalingByPlaces")["TargetTrackingScalingPolicyConfiguration"]
    metric = tracking["CustomizedMetricSpecification"]
    assert metric["Namespace"] == metrics.NAMESPACE
    assert {metric["MetricName"]: metric["Unit"]} == metrics.OF_TASKS
    assert metric["Dimensions"] == [{"Name": metrics.DEPLOYMENT, "Value": GIVEN["Deployment"]}]
    assert (metric["Statistic"], tracking["TargetValue"]) == ("Average", 60)


def test_the_number_of_tasks_is_the_scalings_alone() -> None:
    template = service(TaskCount="3", MaxTaskCount="7")
    bounds = stacks.properties(template, "Scaling")
    assert "DesiredCount" not in stacks.properties(template, "Service")
    assert (bounds["MinCapacity"], bounds["MaxCapacity"]) == ("3", "7")
    assert "ScheduledActions" not in bounds


@pytest.mark.parametrize(
    ("sleep", "start"), [("nights", "cron(0 ${hour} * * ? *)"), ("nights-and-weekends", "MON-FRI")]
)
def test_a_service_that_sleeps_wakes_up_as_large_as_before(sleep: str, start: str) -> None:
    template = service(Sleep=sleep, SleepFrom="21", SleepUntil="6", TaskCount="3", MaxTaskCount="7")
    to_bed, up = stacks.properties(template, "Scaling")["ScheduledActions"]
    assert to_bed["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 0}
    assert up["ScalableTargetAction"] == {"MinCapacity": "3", "MaxCapacity": "7"}
    assert [action["Schedule"]["Fn::Sub"][1]["hour"] for action in (to_bed, up)] == ["21", "6"]
    assert start in up["Schedule"]["Fn::Sub"][0]


@pytest.mark.parametrize("alternative", ["", "second.model"])
def test_the_app_may_invoke_the_configured_models_only(alternative: str) -> None:
    role = stacks.properties(service(AlternativeModelId=alternative), "TaskRole")
    models = {"global.amazon.nova-2-lite-v1:0", alternative} - {""}
    invoking = [s for s in stacks.statements(role) if "bedrock:InvokeModel" in s["Action"]]
    for statement in invoking:
        resources = statement["Resource"]
        if "Condition" in statement:
            assert [arn["Fn::Sub"] for arn in resources] == [
                "arn:${AWS::Partition}:bedrock:*::foundation-model/*"
            ]
            resources = statement["Condition"]["ArnEquals"]["bedrock:InferenceProfileArn"]
        assert {arn["Fn::Sub"][1]["model"] for arn in resources} == models
    assert len(invoking) == 2


def test_the_app_cannot_scan_or_administer_the_table() -> None:
    role = stacks.properties(service(), "TaskRole")
    table, index = [s for s in stacks.statements(role) if any(a.startswith("dynamodb:") for a in s["Action"])]
    assert table["Resource"] == [{"Ref": "TableArn"}]
    assert {action.removeprefix("dynamodb:") for action in table["Action"]} == {
        "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query",
        "UpdateItem",
    }  # fmt: skip
    assert index["Action"] == ["dynamodb:Query"]
    assert index["Resource"] == [{"Fn::Sub": ["${table}/index/*", {"table": {"Ref": "TableArn"}}]}]


def test_the_app_scans_the_index_of_changes_alone_and_only_to_delete_what_is_old() -> None:
    def scans(days: str) -> list[Json]:
        role = stacks.properties(service(KeepConversationsDays=days), "TaskRole")
        return [each for each in stacks.statements(role) if "dynamodb:Scan" in each["Action"]]

    assert scans("0") == []
    [scan] = scans("30")
    index = {"Fn::Sub": [f"${{table}}/index/{schema.BY_CHANGE}", {"table": {"Ref": "TableArn"}}]}
    assert (scan["Action"], scan["Resource"]) == (["dynamodb:Scan"], [index])


def test_the_app_searches_the_one_index_and_nothing_else_is_new_to_it_with_a_library() -> None:
    def allowed(**parameters: str) -> list[Json]:
        return list(stacks.statements(stacks.properties(service(**parameters), "TaskRole")))

    without = allowed()
    more = {
        action: statement
        for statement in allowed(EmbeddingModelId="an.embedding-model")
        if statement not in without
        for action in statement["Action"]
    }
    assert more.keys() == {"bedrock:InvokeModel", "dynamodb:SearchVectors", "dynamodb:DescribeTable"}
    search, look = more["dynamodb:SearchVectors"], more["dynamodb:DescribeTable"]
    index = {"Fn::Sub": [f"${{table}}/index/{schema.BY_MEANING}", {"table": {"Ref": "TableArn"}}]}
    assert (search["Action"], search["Resource"]) == (["dynamodb:SearchVectors"], [index])
    # DynamoDB's own condition keys are absent from a search: a statement that asks for one allows none.
    assert "Condition" not in search
    assert look["Resource"] == [{"Ref": "TableArn"}]


def test_vectors_are_made_by_the_one_model_alone() -> None:
    role = stacks.properties(service(EmbeddingModelId="an.embedding-model"), "TaskRole")
    direct, behind = [s for s in stacks.statements(role) if s["Action"] == ["bedrock:InvokeModel"]]
    for resources in (direct["Resource"], behind["Condition"]["ArnEquals"]["bedrock:InferenceProfileArn"]):
        assert {arn["Fn::Sub"][1]["model"] for arn in resources} == {"an.embedding-model"}


@pytest.mark.parametrize("model", ["", "amazon.titan-embed-text-v2:0"])
def test_the_app_is_told_of_the_model_for_documents(model: str) -> None:
    container = _container(service(EmbeddingModelId=model))
    environment = {entry["Name"]: _text(entry["Value"]) for entry in container["Environment"]}
    secrets = {entry["Name"]: "from-secrets-manager" for entry in container["Secrets"]}
    settings = Settings.from_env(environment | secrets | {"AWS_REGION": "us-east-1"})
    assert settings.embedding_model_id == model


def test_the_app_counts_tokens_with_models_of_its_region_only() -> None:
    role = stacks.properties(service(), "TaskRole")
    (count,) = [s for s in stacks.statements(role) if "bedrock:CountTokens" in s["Action"]]
    assert count["Action"] == ["bedrock:CountTokens"]
    (models,) = count["Resource"]
    assert "bedrock:${AWS::Region}::foundation-model/*" in str(models)


def test_only_ecs_reads_the_secret_and_pulls_the_image() -> None:
    template = service()
    own = {
        a.split(":")[0]
        for s in stacks.statements(stacks.properties(template, "TaskRole"))
        for a in s["Action"]
    }
    assert own == {"bedrock", "dynamodb", "kms", "s3", "sts"}


def test_the_app_reads_and_writes_files_and_nothing_else_in_the_bucket() -> None:
    statements = [
        each
        for each in stacks.statements(stacks.properties(service(), "TaskRole"))
        if each["Action"][0].startswith("s3:")
    ]
    files, listing = statements
    assert set(files["Action"]) == {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
    assert {each["Fn::Sub"][0] for each in files["Resource"]} == {
        f"${{bucket}}/{prefix}/*" for prefix in ("uploads", "files", "library")
    }
    assert listing["Action"] == ["s3:ListBucket"], "no version is deleted, no policy or lifecycle changed"


def test_with_awss_own_key_nobody_may_use_a_key() -> None:
    template = service(KeyArn="")
    for role in ("TaskRole", "ExecutionRole"):
        actions = {a for s in stacks.statements(stacks.properties(template, role)) for a in s["Action"]}
        assert not [action for action in actions if action.startswith("kms:")]


def test_a_key_is_used_only_through_the_service_that_needs_it() -> None:
    for role, services in (("TaskRole", ["dynamodb", "s3"]), ("ExecutionRole", ["secretsmanager"])):
        (statement,) = [
            s for s in stacks.statements(stacks.properties(service(), role)) if s["Action"][0][:4] == "kms:"
        ]
        assert statement["Resource"] == [{"Ref": "KeyArn"}]
        via = [{"Fn::Sub": f"{each}.${{AWS::Region}}.amazonaws.com"} for each in services]
        named = via if len(via) > 1 else via[0]
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": named}}


def _deployment(template: Json) -> Json:
    return stacks.properties(template, "Service")["DeploymentConfiguration"]


def _request_tracking(template: Json) -> Json:
    return stacks.properties(template, "ScalingByRequests")["TargetTrackingScalingPolicyConfiguration"]


def _container(template: Json) -> Json:
    (container,) = stacks.properties(template, "TaskDefinition")["ContainerDefinitions"]
    return container


def _text(value: object) -> str:
    """The text of a literal, or of a Join of literals."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(parts)
    assert isinstance(value, str), value
    return value


def test_a_task_has_the_places_that_the_application_is_made_for() -> None:
    assert ANSWERS[512] == PLACES == Settings.answers_at_once
    assert max(ANSWERS.values()) <= ANSWERS_AT_ONCE[1]
