"""EC2: resources and attributes that MiniStack serves and its CloudFormation does not give."""

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from local.emulator.registry import Attributes, Properties, add, finish, new_id, succeeded

# Those with interface endpoints at AWS that MiniStack does not name.
MORE_ENDPOINT_SERVICES = ("bedrock-runtime", "cognito-idp")


def install() -> None:
    ec2._VPCE_INTERFACE_SERVICES = (*ec2._VPCE_INTERFACE_SERVICES, *MORE_ENDPOINT_SERVICES)
    add("AWS::EC2::EIP", _create_address, _delete_address, _keep_address)
    add("AWS::EC2::NatGateway", _create_nat_gateway, _delete_nat_gateway)
    add("AWS::EC2::FlowLog", _create_flow_log, _delete_flow_log)
    for direction, permissions in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        rule = _SecurityGroupRule(permissions)
        add(f"AWS::EC2::SecurityGroup{direction}", rule.create, rule.delete)
    finish("AWS::EC2::VPC", lambda vpc, _: {"CidrBlock": ec2._vpcs[vpc]["CidrBlock"]})


def _create_address(_logical_id: str, _properties: Properties, _stack: str) -> tuple[str, Attributes]:
    before = set(ec2._addresses.keys())
    succeeded(ec2._allocate_address({"Domain": ["vpc"]}))
    (allocation,) = set(ec2._addresses.keys()) - before
    return _address(allocation)


def _keep_address(
    physical_id: str, _old: Properties, _new: Properties, _stack: str
) -> tuple[str, Attributes]:
    return _address(next(key for key, record in ec2._addresses.items() if record["PublicIp"] == physical_id))


def _address(allocation: str) -> tuple[str, Attributes]:
    public_ip = ec2._addresses[allocation]["PublicIp"]
    return public_ip, {"AllocationId": allocation, "PublicIp": public_ip}


def _delete_address(physical_id: str, _properties: Properties) -> None:
    for allocation, record in list(ec2._addresses.items()):
        if record["PublicIp"] == physical_id:
            succeeded(ec2._release_address({"AllocationId": [allocation]}))


def _create_nat_gateway(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    if properties["SubnetId"] not in ec2._subnets:
        raise ValueError(f"The subnet ID '{properties['SubnetId']}' does not exist")
    before = set(ec2._nat_gateways.keys())
    succeeded(
        ec2._create_nat_gateway(
            {
                "SubnetId": [properties["SubnetId"]],
                "AllocationId": [properties.get("AllocationId", "")],
                "ConnectivityType": [properties.get("ConnectivityType", "public")],
            }
        )
    )
    (gateway,) = set(ec2._nat_gateways.keys()) - before
    return gateway, {"NatGatewayId": gateway}


def _delete_nat_gateway(physical_id: str, _properties: Properties) -> None:
    ec2._nat_gateways.pop(physical_id, None)


def _create_flow_log(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    before = set(ec2._flow_logs.keys())
    wanted = {
        "ResourceId.1": properties["ResourceId"],
        "ResourceType": properties["ResourceType"],
        "TrafficType": properties.get("TrafficType", "ALL"),
        "LogDestinationType": properties.get("LogDestinationType", "cloud-watch-logs"),
        "LogDestination": properties.get("LogDestination", ""),
        "LogGroupName": properties.get("LogGroupName", ""),
    }
    succeeded(ec2._create_flow_logs({name: [value] for name, value in wanted.items()}))
    (flow_log,) = set(ec2._flow_logs.keys()) - before
    return flow_log, {"Id": flow_log}


def _delete_flow_log(physical_id: str, _properties: Properties) -> None:
    ec2._flow_logs.pop(physical_id, None)


class _SecurityGroupRule:
    """A rule that is a resource of its own, so that two groups can name each other."""

    def __init__(self, permissions: str) -> None:
        self._permissions = permissions

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
        group = ec2._security_groups.get(properties["GroupId"])
        if group is None:
            raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
        group.setdefault(self._permissions, []).extend(provisioners._ec2_sg_permissions([properties]))
        rule = new_id("sgr")
        return rule, {"Id": rule}

    def delete(self, _physical_id: str, properties: Properties) -> None:
        group = ec2._security_groups.get(properties["GroupId"])
        for permission in provisioners._ec2_sg_permissions([properties]):
            if group and permission in group[self._permissions]:
                group[self._permissions].remove(permission)
