"""Gaps in single resource types: those that CloudFormation cannot create, and properties that get lost."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator_fixture import RunningEmulator
from tests.local.emulator_kit import StackFailed, begin, deploy, resource, resources

VPC = resource("EC2::VPC", CidrBlock="10.0.0.0/16")
SUBNET = resource("EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.0.0.0/24")


def nat_gateway_with_its_address(aws: RunningEmulator) -> None:
    gateway = resource(
        "EC2::NatGateway",
        SubnetId={"Ref": "Subnet"},
        AllocationId={"Fn::GetAtt": ["Address", "AllocationId"]},
    )
    address = resource("EC2::EIP", Domain="vpc")
    stack = deploy(aws, resources(Vpc=VPC, Subnet=SUBNET, Address=address, Gateway=gateway))
    ec2 = aws.client("ec2")
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[stack.physical_id("Gateway")])["NatGateways"]
    assert found["SubnetId"] == stack.physical_id("Subnet")
    public_ip = stack.physical_id("Address")
    assert public_ip in {a["PublicIp"] for a in ec2.describe_addresses()["Addresses"]}
    stack.delete()
    assert public_ip not in {a["PublicIp"] for a in ec2.describe_addresses()["Addresses"]}


def flow_log_of_a_vpc(aws: RunningEmulator) -> None:
    log = resource(
        "EC2::FlowLog",
        ResourceId={"Ref": "Vpc"},
        ResourceType="VPC",
        TrafficType="REJECT",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="flows",
    )
    stack = deploy(aws, resources(Vpc=VPC, FlowLog=log))
    (found,) = aws.client("ec2").describe_flow_logs(FlowLogIds=[stack.physical_id("FlowLog")])["FlowLogs"]
    assert (found["ResourceId"], found["TrafficType"]) == (stack.physical_id("Vpc"), "REJECT")


def security_group_rule_of_its_own(aws: RunningEmulator) -> None:
    group = resource("EC2::SecurityGroup", GroupDescription="tasks", VpcId={"Ref": "Vpc"})
    rule = resource(
        "EC2::SecurityGroupIngress",
        GroupId={"Fn::GetAtt": ["Group", "GroupId"]},
        IpProtocol="tcp",
        FromPort=8080,
        ToPort=8080,
        CidrIp="10.0.0.0/16",
    )
    stack = deploy(aws, resources(Vpc=VPC, Group=group, Rule=rule))
    (found,) = aws.client("ec2").describe_security_groups(GroupIds=[stack.physical_id("Group")])[
        "SecurityGroups"
    ]
    assert [permission["FromPort"] for permission in found["IpPermissions"]] == [8080]


def network_interface_holds_what_it_is_in(aws: RunningEmulator) -> None:
    group = resource("EC2::SecurityGroup", GroupDescription="Any", VpcId={"Ref": "Vpc"})
    stack = deploy(aws, resources(Vpc=VPC, Subnet=SUBNET, Group=group))
    ec2 = aws.client("ec2")
    occupied, subnet = stack.physical_id("Group"), stack.physical_id("Subnet")
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[occupied])["NetworkInterface"]
    inside = {"Name": "group-id", "Values": [occupied]}
    (found,) = ec2.describe_network_interfaces(Filters=[inside])["NetworkInterfaces"]
    assert found["NetworkInterfaceId"] == made["NetworkInterfaceId"]
    elsewhere = {"Name": "group-id", "Values": ["sg-0123456789abcdef0"]}
    assert ec2.describe_network_interfaces(Filters=[elsewhere])["NetworkInterfaces"] == []
    with pytest.raises(ClientError, match=r"DependencyViolation.*has a dependent object"):
        ec2.delete_security_group(GroupId=occupied)
    with pytest.raises(StackFailed, match=r"has dependencies and cannot be deleted"):
        stack.delete()
    ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    stack.delete()


def endpoint_services_of_what_tasks_call(aws: RunningEmulator) -> None:
    names = [f"com.amazonaws.us-east-1.{service}" for service in ("bedrock-runtime", "cognito-idp", "logs")]
    filters = [{"Name": "service-name", "Values": names}]
    found = aws.client("ec2").describe_vpc_endpoint_services(Filters=filters)["ServiceDetails"]
    assert sorted(service["ServiceName"] for service in found) == names


def address_range_of_a_vpc(aws: RunningEmulator) -> None:
    template = resources(Vpc=VPC) | {"Outputs": {"Range": {"Value": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}}}
    assert deploy(aws, template).outputs() == {"Range": "10.0.0.0/16"}


def vpc_origin_of_an_internal_load_balancer(aws: RunningEmulator) -> None:
    balancer = resource(
        "ElasticLoadBalancingV2::LoadBalancer", Scheme="internal", Subnets=[{"Ref": "Subnet"}]
    )
    origin = resource(
        "CloudFront::VpcOrigin",
        VpcOriginEndpointConfig={
            "Name": f"origin-{uuid.uuid4().hex[:8]}",
            "Arn": {"Ref": "Balancer"},
            "HTTPPort": 80,
            "OriginProtocolPolicy": "http-only",
        },
    )
    template = resources(Vpc=VPC, Subnet=SUBNET, Balancer=balancer, Origin=origin)
    template["Outputs"] = {"Id": {"Value": {"Fn::GetAtt": ["Origin", "Id"]}}}
    stack = deploy(aws, template)
    cloudfront = aws.client("cloudfront")
    config = cloudfront.get_vpc_origin(Id=stack.outputs()["Id"])["VpcOrigin"]["VpcOriginEndpointConfig"]
    assert (config["Arn"], config["OriginProtocolPolicy"]) == (stack.physical_id("Balancer"), "http-only")
    identity = stack.outputs()["Id"]
    stack.delete()
    with pytest.raises(ClientError, match="EntityNotFound"):
        cloudfront.get_vpc_origin(Id=identity)


def whole_task_definition(aws: RunningEmulator) -> None:
    container: dict[str, Any] = {
        "Name": "app",
        "Image": "app",
        "Secrets": [{"Name": "APP_CLIENT_SECRET", "ValueFrom": "arn"}],
        "HealthCheck": {"Command": ["CMD", "true"], "Interval": 30},
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "app"}},
        "PortMappings": [{"ContainerPort": "8080"}],
    }
    definition = resource(
        "ECS::TaskDefinition",
        ContainerDefinitions=[container],
        RuntimePlatform={"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
        Volumes=[{"Name": "tmp"}],
    )
    stack = deploy(aws, resources(Definition=definition))
    found = aws.client("ecs").describe_task_definition(taskDefinition=stack.physical_id("Definition"))[
        "taskDefinition"
    ]
    assert found["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert found["volumes"] == [{"name": "tmp"}]
    (app,) = found["containerDefinitions"]
    assert app["secrets"] == [{"name": "APP_CLIENT_SECRET", "valueFrom": "arn"}]
    assert app["healthCheck"]["interval"] == 30
    assert app["logConfiguration"]["options"] == {"awslogs-group": "app"}
    assert app["portMappings"][0]["containerPort"] == 8080


def numbers_of_a_service(aws: RunningEmulator) -> None:
    template = resources(
        Cluster=resource("ECS::Cluster"),
        Definition=resource("ECS::TaskDefinition", ContainerDefinitions=[{"Name": "app", "Image": "app"}]),
        Service=resource(
            "ECS::Service",
            Cluster={"Ref": "Cluster"},
            TaskDefinition={"Ref": "Definition"},
            DesiredCount={"Ref": "Count"},
            HealthCheckGracePeriodSeconds=90,
        ),
    )
    template["Parameters"] = {"Count": {"Type": "Number"}}
    stack = deploy(aws, template, {"Count": "2"})
    (found,) = aws.client("ecs").describe_services(
        cluster=stack.physical_id("Cluster"), services=[stack.physical_id("Service")]
    )["services"]
    assert (found["desiredCount"], found["healthCheckGracePeriodSeconds"]) == (2, 90)


def _table(**properties: Any) -> dict[str, Any]:
    return resource(
        "DynamoDB::Table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        **properties,
    )


def expiry_and_backups_of_a_table(aws: RunningEmulator) -> None:
    table = _table(
        TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": "true"},
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    stack = deploy(aws, resources(Table=table))
    dynamodb, name = aws.client("dynamodb"), stack.physical_id("Table")
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def vector_index_of_a_table(aws: RunningEmulator) -> None:
    table = resource(
        "DynamoDB::Table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    template = resources(Table=table)
    stack = deploy(aws, template)
    name, dynamodb = stack.physical_id("Table"), aws.client("dynamodb")
    owner = {"AttributeName": "owner", "AttributeType": "S"}
    table["Properties"]["AttributeDefinitions"] += [owner]
    table["Properties"]["VectorIndexes"] = [
        {
            "IndexName": "by-meaning",
            "VectorAttribute": {"AttributeName": "vector"},
            "Dimensions": 2,
            "DistanceFunction": "COSINE",
            "SearchSchema": [{"AttributeName": "owner", "SearchSchemaElementType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ]
    stack.update(template)
    vector = [{"N": "1"}, {"N": "0"}]
    item = {"pk": {"S": "a"}, "owner": {"S": "o"}, "vector": {"L": vector}}
    dynamodb.put_item(TableName=name, Item=item)
    search = {
        "TableName": name, "IndexName": "by-meaning", "SearchVector": vector, "TopK": 1,
        "SearchConditionExpression": "#owner = :owner", "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": {":owner": {"S": "o"}},
    }  # fmt: skip
    (found,) = dynamodb.search_vectors(**search)["SearchResults"]
    assert found["Item"]["pk"] == {"S": "a"}
    del table["Properties"]["VectorIndexes"]
    stack.update(template)
    with pytest.raises(ClientError, match="does not have the specified index"):
        dynamodb.search_vectors(**search)


def protected_table_stays(aws: RunningEmulator) -> None:
    stack = deploy(aws, resources(Table=_table(DeletionProtectionEnabled="true")))
    name = stack.physical_id("Table")
    with pytest.raises(StackFailed, match="protected against deletion"):
        stack.delete()
    assert aws.client("dynamodb").describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True


def encryption_and_lifecycle_of_a_bucket(aws: RunningEmulator) -> None:
    default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    rule = {
        "Status": "Enabled",
        "ExpirationInDays": 90,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    bucket = resource(
        "S3::Bucket",
        BucketEncryption={"ServerSideEncryptionConfiguration": [default]},
        LifecycleConfiguration={"Rules": [rule]},
    )
    stack = deploy(aws, resources(Bucket=bucket))
    s3, name = aws.client("s3"), stack.physical_id("Bucket")
    (encryption,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (found,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert found["Expiration"]["Days"] == 90
    assert found["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
    assert found["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1


def bucket_with_objects_stays(aws: RunningEmulator) -> None:
    stack = deploy(aws, resources(Bucket=resource("S3::Bucket")))
    name = stack.physical_id("Bucket")
    aws.client("s3").put_object(Bucket=name, Key="k", Body=b"v")
    with pytest.raises(StackFailed, match="not empty"):
        stack.delete()
    assert aws.client("s3").get_object(Bucket=name, Key="k")["Body"].read() == b"v"


def load_balancer_tries_the_bucket_of_its_logs(aws: RunningEmulator) -> None:
    logs = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": {"Ref": "Bucket"}}
    attributes = [{"Key": key, "Value": value} for key, value in logs.items()]
    balancer = resource("ElasticLoadBalancingV2::LoadBalancer", LoadBalancerAttributes=attributes)
    stack = deploy(aws, resources(Bucket=resource("S3::Bucket"), Balancer=balancer))
    found = aws.client("s3").list_objects_v2(Bucket=stack.physical_id("Bucket"))["Contents"]
    assert [each["Key"] for each in found] == ["AWSLogs/000000000000/ELBAccessLogTestFile"]


def what_a_rollback_could_not_delete_is_still_the_stacks(aws: RunningEmulator) -> None:
    logs = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": {"Ref": "Bucket"}}
    attributes = [{"Key": key, "Value": value} for key, value in logs.items()]
    balancer = resource("ElasticLoadBalancingV2::LoadBalancer", LoadBalancerAttributes=attributes)
    handle = resource("CloudFormation::WaitConditionHandle")
    wait = resource("CloudFormation::WaitCondition", Handle={"Ref": "Handle"}, Timeout="1")
    wait["DependsOn"] = "Balancer"
    bucket = resource("S3::Bucket")
    stack = begin(aws, resources(Bucket=bucket, Balancer=balancer, Handle=handle, Wait=wait))
    stack.wait_for("ROLLBACK_FAILED")
    cloudformation = aws.client("cloudformation")
    listed = cloudformation.list_stack_resources(StackName=stack.stack_id)["StackResourceSummaries"]
    assert [(each["LogicalResourceId"], each["ResourceStatus"]) for each in listed] == [
        ("Bucket", "DELETE_FAILED")
    ]


def reference_to_a_secret_is_its_arn(aws: RunningEmulator) -> None:
    template = resources(Secret=resource("SecretsManager::Secret", SecretString=json.dumps("s")))
    template["Outputs"] = {"Secret": {"Value": {"Ref": "Secret"}}}
    stack = deploy(aws, template)
    arn = stack.outputs()["Secret"]
    assert arn.startswith("arn:aws:secretsmanager:")
    template["Resources"]["Secret"]["Properties"]["SecretString"] = "new"
    stack.update(template)
    secrets = aws.client("secretsmanager")
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "new"
    stack.delete()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        secrets.get_secret_value(SecretId=arn)


def protected_user_pool_stays(aws: RunningEmulator) -> None:
    stack = deploy(aws, resources(Pool=resource("Cognito::UserPool", DeletionProtection="ACTIVE")))
    pool = stack.physical_id("Pool")
    with pytest.raises(StackFailed, match="deletion protection"):
        stack.delete()
    assert aws.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]["Id"] == pool


def identity_provider_of_a_pool(aws: RunningEmulator) -> None:
    secret = aws.client("secretsmanager").create_secret(
        Name=f"provider-{uuid.uuid4().hex[:8]}", SecretString="what the provider gave"
    )
    provider = resource(
        "Cognito::UserPoolIdentityProvider",
        UserPoolId={"Ref": "Pool"},
        ProviderName="Example",
        ProviderType="OIDC",
        ProviderDetails={
            "oidc_issuer": "https://login.example.com",
            "client_secret": f"{{{{resolve:secretsmanager:{secret['ARN']}:SecretString}}}}",
        },
        AttributeMapping={"email": "email"},
    )
    template = resources(Pool=resource("Cognito::UserPool"), Provider=provider)
    stack = deploy(aws, template)
    cognito = aws.client("cognito-idp")
    named = {"UserPoolId": stack.physical_id("Pool"), "ProviderName": "Example"}
    found = cognito.describe_identity_provider(**named)["IdentityProvider"]
    assert found["ProviderDetails"]["client_secret"] == "what the provider gave"
    provider["Properties"]["AttributeMapping"] = {"email": "mail"}
    stack.update(template)
    found = cognito.describe_identity_provider(**named)["IdentityProvider"]
    assert found["AttributeMapping"] == {"email": "mail"}
    stack.update(resources(Pool=template["Resources"]["Pool"]))
    assert cognito.list_identity_providers(UserPoolId=named["UserPoolId"])["Providers"] == []


CASES = [
    nat_gateway_with_its_address,
    flow_log_of_a_vpc,
    security_group_rule_of_its_own,
    network_interface_holds_what_it_is_in,
    endpoint_services_of_what_tasks_call,
    address_range_of_a_vpc,
    vpc_origin_of_an_internal_load_balancer,
    whole_task_definition,
    numbers_of_a_service,
    expiry_and_backups_of_a_table,
    vector_index_of_a_table,
    protected_table_stays,
    encryption_and_lifecycle_of_a_bucket,
    bucket_with_objects_stays,
    load_balancer_tries_the_bucket_of_its_logs,
    what_a_rollback_could_not_delete_is_still_the_stacks,
    reference_to_a_secret_is_its_arn,
    protected_user_pool_stays,
    identity_provider_of_a_pool,
]
