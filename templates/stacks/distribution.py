"""The distribution stack: HTTPS for everyone without owning a domain, by CloudFront before the load balancer.

It exists only when FrontDoor is cloudfront. Apart from the edge stack because CloudFront takes many minutes
(a VPC origin up to 15), and nothing but the service's address has to wait for it.
"""

from __future__ import annotations

from typing import Any

from troposphere import Equals, If, Select, Split, StackId, StackName, Sub, Template, cloudfront

from templates.parts.viewer_address import HEADER
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
ERRORS = (400, 403, 404, 405, 414, 500, 501, 502, 503, 504)
"""What CloudFront keeps for ten seconds unless told otherwise, 5xx whatever the answer's Cache-Control says:
one person's broken stream, or refusal, would be everybody's.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html"""
STATIC_PATHS = ("/assets/*", "/static/*")
"""What is the same for everyone: the chat's own scripts, styles and fonts."""
VIEWER_ADDRESS_CODE = f"""function handler(event) {{
  event.request.headers['{HEADER}'] = {{value: event.viewer.ip}};
  return event.request;
}}
"""
STICKY_COOKIES = ["AWSALB", "AWSALBCORS", "AWSALBTG", "AWSALBTGCORS"]
"""The load balancer's own, for the task and the target group:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html"""
EVERY_METHOD = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]


@seam
class Inputs:
    load_balancer_arn: Value = parameter("String", "The internal load balancer.")
    load_balancer_dns_name: Value = parameter("String", "The load balancer's name in DNS.")
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
    # CloudFront changes no VPC origin that is in use, not even its tags: what has to change about it needs
    # another logical ID, so that a new one comes before the old one goes.
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
    no_cookies = _no_cookies(t)
    asked_for = _static_request(t)
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
                **_behavior(CACHING_DISABLED, ALL_VIEWER, EVERY_METHOD, viewer_address), Compress=False
            ),
            CacheBehaviors=[
                cloudfront.CacheBehavior(
                    PathPattern=path,
                    **_behavior(CACHING_OPTIMIZED, asked_for.ref(), ["GET", "HEAD"], viewer_address),
                    ResponseHeadersPolicyId=no_cookies.ref(),
                    Compress=True,
                )
                for path in STATIC_PATHS
            ],
            CustomErrorResponses=[
                cloudfront.CustomErrorResponse(ErrorCode=code, ErrorCachingMinTTL=0) for code in ERRORS
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
        Name=_own_name("viewer-address"),
        AutoPublish=True,
        FunctionConfig=cloudfront.FunctionConfig(
            Comment="Tells the firewall and the tasks who asks", Runtime="cloudfront-js-2.0"
        ),
        FunctionCode=VIEWER_ADDRESS_CODE,
        Metadata=describe(
            "Puts people's true address where firewall and tasks read it, over whatever they sent."
        ),
    )


def _static_request(t: Template) -> cloudfront.OriginRequestPolicy:
    """Of a request for a file: who asks, which the firewall counts, and which task served the page.

    Two versions have different files while one takes over from the other, so a file comes from where its page
    came from. No managed policy has these two things and nothing else. What is not here, as the session's
    cookie or Sec-Fetch-Site, must not matter to an answer that everybody gets.
    """
    return cloudfront.OriginRequestPolicy(
        "StaticRequest",
        t,
        OriginRequestPolicyConfig=cloudfront.OriginRequestPolicyConfig(
            Name=_own_name("static-request"),
            Comment="For files that are the same for everyone",
            HeadersConfig=cloudfront.OriginRequestHeadersConfig(HeaderBehavior="whitelist", Headers=[HEADER]),
            CookiesConfig=cloudfront.OriginRequestCookiesConfig(
                CookieBehavior="whitelist", Cookies=STICKY_COOKIES
            ),
            QueryStringsConfig=cloudfront.OriginRequestQueryStringsConfig(QueryStringBehavior="none"),
        ),
        Metadata=describe("Hands on, for static files, only who asks and which task the page came from."),
    )


def _no_cookies(t: Template) -> cloudfront.ResponseHeadersPolicy:
    """Without it, whoever gets a cached file would be moved to the task of the one who asked for it first.

    The load balancer names its task in a cookie on every answer, and CloudFront keeps the cookies of what it
    caches where it hands cookies on:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Cookies.html
    """
    return cloudfront.ResponseHeadersPolicy(
        "NoCookies",
        t,
        ResponseHeadersPolicyConfig=cloudfront.ResponseHeadersPolicyConfig(
            Name=_own_name("no-cookies"),
            Comment="What is cached for everyone sets nobody's cookies",
            RemoveHeadersConfig=cloudfront.RemoveHeadersConfig(
                Items=[cloudfront.RemoveHeader(Header="Set-Cookie")]
            ),
        ),
        Metadata=describe("Takes cookies off the static files that everybody gets from the cache."),
    )


def _own_name(what: str) -> Sub:
    """A name that no other stack of the account has."""
    return Sub(f"{what}-${{id}}", id=Select(2, Split("/", StackId)))


def _behavior(
    cache_policy: str, request_policy: Value, methods: list[str], viewer_address: cloudfront.Function
) -> dict[str, Any]:
    """What all paths share: HTTPS only, and the function that says who asks."""
    return {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": methods,
        "CachePolicyId": cache_policy,
        "OriginRequestPolicyId": request_policy,
        "FunctionAssociations": [
            cloudfront.FunctionAssociation(
                EventType="viewer-request", FunctionARN=viewer_address.get_att("FunctionARN")
            )
        ],
    }
