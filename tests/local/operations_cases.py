"""Gaps in what runs and guards a service: scaling, budgets, and the firewall's parts."""

import contextlib
import uuid

import pytest

from tests.emulator_fixture import RunningEmulator
from tests.local.emulator_kit import deploy, resource, resources

METRICS = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}


def service_that_scales(aws: RunningEmulator) -> None:
    container = {"Name": "app", "Image": "app:1"}
    target = resource(
        "ApplicationAutoScaling::ScalableTarget",
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId={"Fn::Join": ["/", ["service", {"Ref": "Cluster"}, {"Fn::GetAtt": ["Service", "Name"]}]]},
        MinCapacity=3,
        MaxCapacity=5,
        ScheduledActions=[{"ScheduledActionName": "Stop", "Schedule": "cron(0 22 * * ? *)"}],
    )
    policy = resource(
        "ApplicationAutoScaling::ScalingPolicy",
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        ScalingTargetId={"Ref": "Target"},
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 60},
    )
    stack = deploy(
        aws,
        resources(
            Cluster=resource("ECS::Cluster"),
            Task=resource("ECS::TaskDefinition", ContainerDefinitions=[container]),
            Service=resource("ECS::Service", Cluster={"Ref": "Cluster"}, TaskDefinition={"Ref": "Task"}),
            Target=target,
            Policy=policy,
        ),
    )
    cluster, service = stack.physical_id("Cluster"), stack.physical_id("Service")
    (found,) = aws.client("ecs").describe_services(cluster=cluster, services=[service])["services"]
    assert found["desiredCount"] == 3
    scaling = aws.client("application-autoscaling")
    of_this = {"ServiceNamespace": "ecs", "ResourceId": f"service/{cluster}/{found['serviceName']}"}
    targets = {"ServiceNamespace": "ecs", "ResourceIds": [of_this["ResourceId"]]}
    (bounds,) = scaling.describe_scalable_targets(**targets)["ScalableTargets"]
    assert (bounds["MinCapacity"], bounds["MaxCapacity"]) == (3, 5)
    (tracked,) = scaling.describe_scaling_policies(**of_this)["ScalingPolicies"]
    assert tracked["PolicyName"] == "cpu"
    (action,) = scaling.describe_scheduled_actions(**of_this)["ScheduledActions"]
    assert action["ScheduledActionName"] == "Stop"
    stack.delete()
    assert scaling.describe_scalable_targets(**targets)["ScalableTargets"] == []


def budget_with_its_limit(aws: RunningEmulator) -> None:
    name = f"budget-{uuid.uuid4().hex[:8]}"
    budget = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": 50, "Unit": "USD"},
    }
    template = resources(Budget=resource("Budgets::Budget", Budget=budget))
    stack = deploy(aws, template)
    account = aws.client("sts").get_caller_identity()["Account"]
    budgets = aws.client("budgets")

    def limit() -> float:
        found = budgets.describe_budget(AccountId=account, BudgetName=name)["Budget"]
        return float(found["BudgetLimit"]["Amount"])

    assert limit() == 50
    template["Resources"]["Budget"]["Properties"]["Budget"]["BudgetLimit"]["Amount"] = 80
    stack.update(template)
    assert limit() == 80
    stack.delete()
    assert name not in {
        b["BudgetName"] for b in budgets.describe_budgets(AccountId=account).get("Budgets", [])
    }


def firewall_with_an_allow_list(aws: RunningEmulator) -> None:
    addresses = resource(
        "WAFv2::IPSet", Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=["192.0.2.0/24"]
    )
    acl = resource("WAFv2::WebACL", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=METRICS)
    vpc = resource("EC2::VPC", CidrBlock="10.0.0.0/16")
    subnet = resource("EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.0.0.0/24")
    balancer = resource("ElasticLoadBalancingV2::LoadBalancer", Subnets=[{"Ref": "Subnet"}])
    association = resource(
        "WAFv2::WebACLAssociation",
        ResourceArn={"Ref": "Balancer"},
        WebACLArn={"Fn::GetAtt": ["Acl", "Arn"]},
    )
    group = resource("Logs::LogGroup", LogGroupName=f"aws-waf-logs-{uuid.uuid4().hex[:8]}")
    logging = resource(
        "WAFv2::LoggingConfiguration",
        ResourceArn={"Fn::GetAtt": ["Acl", "Arn"]},
        LogDestinationConfigs=[{"Fn::GetAtt": ["Group", "Arn"]}],
    )
    stack = deploy(
        aws,
        resources(
            Addresses=addresses, Acl=acl, Vpc=vpc, Subnet=subnet, Balancer=balancer,
            Association=association, Group=group, Logging=logging,
        ),
    )  # fmt: skip
    waf, arn = aws.client("wafv2"), stack.physical_id("Balancer")
    name, identity, scope = stack.physical_id("Addresses").split("|")
    found = waf.get_ip_set(Name=name, Scope=scope, Id=identity)["IPSet"]
    assert found["Addresses"] == ["192.0.2.0/24"]
    assert waf.get_web_acl_for_resource(ResourceArn=arn)["WebACL"]["Id"]
    stack.delete()
    assert name not in {each["Name"] for each in waf.list_ip_sets(Scope=scope)["IPSets"]}


def service_linked_roles_are_there_once(aws: RunningEmulator) -> None:
    iam = aws.client("iam")
    for name, service in (
        ("AWSServiceRoleForECS", "ecs"),
        ("AWSServiceRoleForApplicationAutoScaling_ECSService", "ecs.application-autoscaling"),
    ):
        with contextlib.suppress(iam.exceptions.InvalidInputException):  # another test was first
            iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")
        assert iam.get_role(RoleName=name)["Role"]["Path"] == f"/aws-service-role/{service}.amazonaws.com/"
        with pytest.raises(iam.exceptions.InvalidInputException, match=f"{name} has been taken"):
            iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")


def quotas_with_room_for_everything(aws: RunningEmulator) -> None:
    """Nothing enforces a quota here."""
    quotas = aws.client("service-quotas")
    for ask in (quotas.get_service_quota, quotas.get_aws_default_service_quota):
        assert ask(ServiceCode="vpc", QuotaCode="L-F678F1CE")["Quota"]["Value"] >= 1000


def models_of_this_machine_and_of_today(aws: RunningEmulator) -> None:
    """The templates' own models are as in a new account, and the local mode's need no agreement."""
    bedrock = aws.client("bedrock")

    def agreement(model: str) -> str:
        found = bedrock.get_foundation_model_availability(modelId=model)
        return found["agreementAvailability"]["status"]

    profile = bedrock.get_inference_profile(inferenceProfileIdentifier="global.amazon.nova-2-lite-v1:0")
    assert profile["models"][0]["modelArn"].endswith("foundation-model/amazon.nova-2-lite-v1:0")
    assert agreement("amazon.nova-2-lite-v1:0") == "AVAILABLE"
    assert agreement("anthropic.claude-haiku-4-5-20251001-v1:0") == "NOT_AVAILABLE"
    assert agreement("local.any-model") == "AVAILABLE"


CASES = [
    service_that_scales,
    budget_with_its_limit,
    firewall_with_an_allow_list,
    service_linked_roles_are_there_once,
    quotas_with_room_for_everything,
    models_of_this_machine_and_of_today,
]
