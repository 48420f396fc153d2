"""CloudFront VPC origins: MiniStack serves them, its CloudFormation cannot create them."""

from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import cloudfront

from local.emulator.registry import Attributes, Properties, add, succeeded


def install() -> None:
    add("AWS::CloudFront::VpcOrigin", _create_vpc_origin, _delete_vpc_origin, _update_vpc_origin)


def _create_vpc_origin(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    request = Element("CreateVpcOriginRequest")
    request.append(_endpoint(properties))
    before = set(cloudfront._vpc_origins.keys())
    succeeded(cloudfront._create_vpc_origin(tostring(request)))
    (origin,) = set(cloudfront._vpc_origins.keys()) - before
    return origin, _vpc_origin_attributes(origin)


def _update_vpc_origin(
    physical_id: str, _old: Properties, new: Properties, _stack: str
) -> tuple[str, Attributes]:
    etag = succeeded(cloudfront._get_vpc_origin(physical_id))[1]["ETag"]
    succeeded(cloudfront._update_vpc_origin(physical_id, {"if-match": etag}, tostring(_endpoint(new))))
    return physical_id, _vpc_origin_attributes(physical_id)


def _delete_vpc_origin(physical_id: str, _properties: Properties) -> None:
    if physical_id in cloudfront._vpc_origins:
        etag = succeeded(cloudfront._get_vpc_origin(physical_id))[1]["ETag"]
        succeeded(cloudfront._delete_vpc_origin(physical_id, {"if-match": etag}))


def _vpc_origin_attributes(origin: str) -> Attributes:
    record = cloudfront._vpc_origins[origin]
    return {"Id": origin, "Arn": record["Arn"], "Status": record["Status"]}


def _endpoint(properties: Properties) -> Element:
    config = properties["VpcOriginEndpointConfig"]
    root = Element("VpcOriginEndpointConfig")
    values = {
        "Name": config["Name"],
        "Arn": config["Arn"],
        "HTTPPort": config.get("HTTPPort", 80),
        "HTTPSPort": config.get("HTTPSPort", 443),
        "OriginProtocolPolicy": config.get("OriginProtocolPolicy", "match-viewer"),
    }
    for name, value in values.items():
        SubElement(root, name).text = str(value)
    if protocols := config.get("OriginSSLProtocols"):
        element = SubElement(root, "OriginSslProtocols")
        SubElement(element, "Quantity").text = str(len(protocols))
        items = SubElement(element, "Items")
        for protocol in protocols:
            SubElement(items, "SslProtocol").text = protocol
    return root
