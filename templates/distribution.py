"""The distribution stack: HTTPS for everyone without owning a domain, by CloudFront before the load balancer.

It exists only when FrontDoor is cloudfront. Apart from the edge stack because CloudFront takes many minutes
(a VPC origin up to 15), and nothing but the service's address has to wait for it.
"""

from __future__ import annotations

from typing import Any

from troposphere import Equals, If, Select, Split, StackId, StackName, Sub, Template, cloudfront

from templates.viewer_address import HEADER
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

# Managed policies have the same ids in every account:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"

ORIGIN = "LoadBalancer"
READ_SECONDS = 120
"""How long CloudFront waits for the next byte of an answer; the most it allows."""
KEEPALIVE_SECONDS = 60
STATIC_PATHS = ("/assets/*", "/static/*")
"""What is the same for everyone: the chat's own scripts, styles and fonts."""
VIEWER_ADDRESS_CODE = f"""function handler(event) {{
  event.request.headers['{HEADER}'] = {{value: event.viewer.ip}};
  return event.request;
}}
"""
EVERY_METHOD = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]


@seam
class Inputs:
    load_balancer_arn: Value = parameter("String", "The internal load balancer.")
    load_balancer_dns_name: Value = parameter("String", "Its name in DNS.")
    is_limited_to_addresses: Value = parameter(
        "String", "Whether only some IPv4 addresses may come.", AllowedValues=["yes", "no"]
    )


@seam
class Outputs:
    service_url: Value = output("The service's address.")


def template() -> Template:
    """CloudFront, with the internal load balancer as its only origin."""
    t = new_template("Asistente - distribution: HTTPS for everyone, by CloudFront with a VPC origin.")
    inputs = declare(t, Inputs)
    origin = cloudfront.VpcOrigin(
        "VpcOrigin",
        t,
        VpcOriginEndpointConfig=cloudfront.VpcOriginEndpointConfig(
            Arn=inputs.load_balancer_arn, Name=StackName, HTTPPort=80, OriginProtocolPolicy="http-only"
        ),
        Metadata=describe("CloudFront's private way into the VPC; the load balancer has no public address."),
    )
    limited = t.add_condition("HasAllowedAddresses", Equals(inputs.is_limited_to_addresses, "yes"))
    viewer_address = _viewer_address(t)
    distribution = cloudfront.Distribution(
        "Distribution",
        t,
        DistributionConfig=cloudfront.DistributionConfig(
            Enabled=True,
            Comment=StackName,
            HttpVersion="http2and3",
            # The allow-list is of IPv4: who has both comes with that.
            IPV6Enabled=If(limited, False, True),
            Origins=[_origin(inputs, origin)],
            DefaultCacheBehavior=cloudfront.DefaultCacheBehavior(
                **_behavior(CACHING_DISABLED, EVERY_METHOD, viewer_address), Compress=False
            ),
            CacheBehaviors=[
                cloudfront.CacheBehavior(
                    PathPattern=path,
                    **_behavior(CACHING_OPTIMIZED, ["GET", "HEAD"], viewer_address),
                    Compress=True,
                )
                for path in STATIC_PATHS
            ],
            # CloudFront's own name and certificate: it offers TLS 1.2 and 1.3 but takes no minimum from us.
            ViewerCertificate=cloudfront.ViewerCertificate(CloudFrontDefaultCertificate=True),
        ),
        Metadata=describe(
            "The front door: HTTPS under CloudFront's own name, nothing cached but static files."
        ),
    )
    publish(t, Outputs(service_url=Sub("https://${name}", name=distribution.get_att("DomainName"))))
    return t


def _origin(inputs: Inputs, origin: cloudfront.VpcOrigin) -> cloudfront.Origin:
    return cloudfront.Origin(
        Id=ORIGIN,
        DomainName=inputs.load_balancer_dns_name,
        VpcOriginConfig=cloudfront.VpcOriginConfig(
            VpcOriginId=origin.get_att("Id"),
            OriginReadTimeout=READ_SECONDS,
            OriginKeepaliveTimeout=KEEPALIVE_SECONDS,
        ),
    )


def _viewer_address(t: Template) -> cloudfront.Function:
    return cloudfront.Function(
        "ViewerAddress",
        t,
        Name=Sub("viewer-address-${id}", id=Select(2, Split("/", StackId))),
        AutoPublish=True,
        FunctionConfig=cloudfront.FunctionConfig(
            Comment="Tells the firewall and the tasks who asks", Runtime="cloudfront-js-2.0"
        ),
        FunctionCode=VIEWER_ADDRESS_CODE,
        Metadata=describe(
            "Puts people's true address where firewall and tasks read it, over whatever they sent."
        ),
    )


def _behavior(cache_policy: str, methods: list[str], viewer_address: cloudfront.Function) -> dict[str, Any]:
    """What all paths share: HTTPS only; every cookie, query string and header (Host too) is handed on."""
    return {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": methods,
        "CachePolicyId": cache_policy,
        "OriginRequestPolicyId": ALL_VIEWER,
        "FunctionAssociations": [
            cloudfront.FunctionAssociation(
                EventType="viewer-request", FunctionARN=viewer_address.get_att("FunctionARN")
            )
        ],
    }
