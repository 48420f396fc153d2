"""The root stack: the whole system. It owns only its children, and every default.

A child takes what is called like a parameter, or like what another child gives, by itself (`wiring.take`); so
each child below says where it takes from, and what is not simply handed on.
"""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

from troposphere import Condition, Equals, GetAZs, If, Join, Not, StackName, Sub, Template

from templates.outputs import Deployed, Oidc, OwnNetwork, Saml
from templates.parameters import Parameters
from templates.parameters.rules import add_rules
from templates.parts import viewer_address
from templates.stacks import (
    alerts,
    auth,
    build,
    data,
    distribution,
    edge,
    encryption,
    firewall,
    flow_logs,
    monitoring,
    network,
    service,
    single_sign_on,
)
from templates.wiring import (
    Child,
    Value,
    add_child,
    declare,
    new_template,
    pin,
    present,
    publish,
    take,
)

APP_PORT = "8080"

S = TypeVar("S")


def template(tag: str, keep_data: str) -> Template:
    """The system whose image is `tag` (see `source.image_tag`), its data kept or not."""
    t = new_template(
        "Asistente: your own generative-AI assistant on ECS Fargate, Cognito and Amazon Bedrock."
    )
    system = _System(t, _parameters(t, tag, keep_data))
    children = (system.users, system.app, system.store, system.image, system.watch)
    publish(t, take(Deployed, *children, service_url=system.address.service_url))
    publish(t, take(OwnNetwork, system.record), condition=system.when_network_is_ours)
    publish(t, take(Saml, system.sign_on), condition=system.when_single_sign_on_is("saml"))
    publish(t, take(Oidc, system.sign_on), condition=system.when_single_sign_on_is("oidc"))
    return t


def _parameters(t: Template, tag: str, keep_data: str) -> Parameters:
    """Add the parameters, their form and their rules to `t`.

    The tag stands in the templates too (a wait handle is named after it), and so does what KeepData says (as
    deletion policies): no other values are accepted.
    """
    parameters = declare(t, Parameters)
    pin(t, "image_tag", tag)
    pin(t, "keep_data", keep_data)
    t.parameters["SourceKey"].Default = f"source-{tag}.zip"
    present(t, Parameters)
    add_rules(t, parameters)
    return parameters


class _System:
    """The children with their wiring: the attribute of each adds it, and is what it gives to others."""

    def __init__(self, t: Template, parameters: Parameters) -> None:
        self.t = t
        self.p = parameters

    @cached_property
    def key(self) -> encryption.Outputs:
        """The deployment's own key, empty when AWS's keys are to be used."""
        own = self.t.add_condition("HasOwnKey", Equals(self.p.encryption_key, "own"))
        purpose = "The deployment's own key, for what holds or mentions users' data."
        alias = Sub("alias/${AWS::StackName}")
        key = self._add("Encryption", encryption, purpose, self.p, when=own, key_alias=alias)
        return encryption.Outputs(key_arn=If(own, key.key_arn, ""))

    @cached_property
    def store(self) -> data.Outputs:
        purpose = "What must survive: the table of sessions and conversations, people's files."
        model = self._embedding_model_id
        return self._add("Data", data, purpose, self.p, self.key, embedding_model_id=model)

    @cached_property
    def _embedding_model_id(self) -> Value:
        """The model for documents, empty where there are none to ask.

        The gateway endpoint is not known to lead to the address of DynamoDB's searches, and no interface
        endpoint for it is documented:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchWorkingWith.html
        """
        enclosed = self.t.add_condition("HasNoWayOut", Equals(self.p.egress, "endpoints"))
        return If(enclosed, "", self.p.embedding_model_id)

    @cached_property
    def alert(self) -> alerts.Outputs:
        purpose = "One topic for everything that somebody should know, and the budget."
        return self._add("Alerts", alerts, purpose, self.p, self.key)

    @cached_property
    def users(self) -> auth.Outputs:
        purpose = "Who may sign in: user pool, app client, its secret."
        return self._add("Auth", auth, purpose, self.p, self.key)

    @cached_property
    def image(self) -> build.Outputs:
        """The image, built when its tag is a new one."""
        purpose = "From the source in S3 to the image in ECR; complete when the image is there."
        return self._add("Build", build, purpose, self.p, self.key)

    @cached_property
    def _existing_network(self) -> str:
        return self.t.add_condition("HasExistingNetwork", Equals(self.p.egress, "existing"))

    @cached_property
    def when_network_is_ours(self) -> str:
        return self.t.add_condition("HasOwnNetwork", Not(Condition(self._existing_network)))

    @cached_property
    def _own_network(self) -> network.Outputs:
        any_zones = self.t.add_condition("HasNoAvailabilityZones", Equals(self.p.availability_zones, ""))
        return self._add(
            "Network",
            network,
            "VPC over two zones, subnets, egress.",
            self.p,
            when=self.when_network_is_ours,
            availability_zones=If(any_zones, Join(",", GetAZs("")), self.p.availability_zones),
        )

    @cached_property
    def record(self) -> flow_logs.Outputs:
        """Who talked to whom in our own network: an existing one has its owner's record."""
        purpose, vpc_id = "The record of connections in the VPC.", self._own_network.vpc_id
        when = self.when_network_is_ours
        return self._add("FlowLogs", flow_logs, purpose, self.p, self.key, when=when, vpc_id=vpc_id)

    @cached_property
    def net(self) -> network.Outputs:
        """Our own network, or what the user says of an existing one."""
        p, ours, existing = self.p, self._own_network, self._existing_network
        # Behind CloudFront nothing stands in the public subnets, but a list of subnets cannot be empty.
        no_public = self.t.add_condition("HasNoPublicSubnets", Equals(p.existing_public_subnet_ids, ""))
        public = If(no_public, p.existing_private_subnet_ids, p.existing_public_subnet_ids)
        return network.Outputs(
            vpc_id=If(existing, p.existing_vpc_id, ours.vpc_id),
            vpc_cidr=If(existing, p.existing_vpc_cidr, ours.vpc_cidr),
            public_subnet_ids=If(existing, public, ours.public_subnet_ids),
            private_subnet_ids=If(existing, p.existing_private_subnet_ids, ours.private_subnet_ids),
        )

    @cached_property
    def _limited_to_addresses(self) -> Value:
        anybody = self.t.add_condition("HasNoAllowedAddresses", Equals(self.p.allowed_addresses, ""))
        return If(anybody, "no", "yes")

    @cached_property
    def wall(self) -> firewall.Outputs:
        """The firewall, empty without one."""
        anywhere = self.t.add_condition("HasNoAllowedCountries", Equals(self.p.allowed_countries, ""))
        has_firewall = self.t.add_condition("HasFirewall", Equals(self.p.use_firewall, "yes"))
        wall = self._add(
            "Firewall",
            firewall,
            "The web ACL of AWS WAF that the load balancer stands behind.",
            self.p,
            self.key,
            when=has_firewall,
            is_limited_to_addresses=self._limited_to_addresses,
            is_limited_to_countries=If(anywhere, "no", "yes"),
        )
        return firewall.Outputs(web_acl_arn=If(has_firewall, wall.web_acl_arn, ""))

    @cached_property
    def door(self) -> edge.Outputs:
        purpose, cidr = "The load balancer at the front door.", self.net.vpc_cidr
        return self._add("Edge", edge, purpose, self.p, self.net, self.wall, vpc_cidr=cidr, app_port=APP_PORT)

    @cached_property
    def _has_cloudfront(self) -> str:
        return self.t.add_condition("HasCloudFront", Equals(self.p.front_door, "cloudfront"))

    @cached_property
    def address(self) -> distribution.Outputs:
        """The address that people open: CloudFront's, or the load balancer's own."""
        cdn = self._add(
            "Distribution",
            distribution,
            "HTTPS for everyone, by CloudFront before the load balancer.",
            self.door,
            when=self._has_cloudfront,
            is_limited_to_addresses=self._limited_to_addresses,
        )
        return distribution.Outputs(
            service_url=If(self._has_cloudfront, cdn.service_url, self.door.service_url)
        )

    @cached_property
    def _has_single_sign_on(self) -> str:
        return self.t.add_condition("HasSingleSignOn", Not(Equals(self.p.single_sign_on, "off")))

    def when_single_sign_on_is(self, kind: str) -> str:
        """Add the condition that the company's identity provider is of this kind, saml or oidc."""
        return self.t.add_condition(f"Has{kind.capitalize()}", Equals(self.p.single_sign_on, kind))

    @cached_property
    def sign_on(self) -> single_sign_on.Outputs:
        """The company's identity provider as a way in. A resource cannot be named like a parameter."""
        return self._add(
            "SignOn",
            single_sign_on,
            "The way in by the company's own identity provider.",
            self.p,
            self.key,
            self.users,
            self.address,
            when=self._has_single_sign_on,
            kind=self.p.single_sign_on,
            provider_name=self.p.single_sign_on_provider,
            domain_prefix=self.p.single_sign_on_domain_prefix,
        )

    @cached_property
    def app(self) -> service.Outputs:
        # Without a way out of the private subnets, each task has a public address of its own.
        public_tasks = self.t.add_condition("HasPublicTasks", Equals(self.p.egress, "none"))
        subnets = If(public_tasks, self._own_network.public_subnet_ids, self.net.private_subnet_ids)

        def with_single_sign_on(value: Value) -> If:
            """Only with single sign-on does the service wait for the address that people open."""
            return If(self._has_single_sign_on, value, "")

        sources = (self.p, self.key, self.net, self.users, self.store, self.image, self.door, self.alert)
        return self._add(
            "Service",
            service,
            "The tasks that people talk to.",
            *sources,
            deployment=StackName,
            embedding_model_id=self._embedding_model_id,
            vpc_cidr=self.net.vpc_cidr,
            # Where the load balancer is open to everybody, anybody can send this header.
            viewer_address_header=If(self._has_cloudfront, viewer_address.HEADER, ""),
            task_subnet_ids=subnets,
            assign_public_ip=If(public_tasks, "ENABLED", "DISABLED"),
            app_port=APP_PORT,
            single_sign_on_url=with_single_sign_on(self.sign_on.url),
            single_sign_on_provider=with_single_sign_on(self.sign_on.provider_name),
            single_sign_on_client_id=with_single_sign_on(self.sign_on.client_id),
            single_sign_on_secret_arn=with_single_sign_on(self.sign_on.client_secret_arn),
        )

    @cached_property
    def watch(self) -> monitoring.Outputs:
        guarded = self.t.add_condition("HasProtectedFrontDoor", Equals(self.p.protect_front_door, "yes"))
        bucket = If(guarded, self.door.access_log_bucket_name, "")
        purpose = "Alarms, messages of failures, and the dashboard."
        sources = (self.p, self.alert, self.store, self.image, self.door, self.app)
        return self._add(
            "Monitoring", monitoring, purpose, *sources, deployment=StackName, guarded_bucket_name=bucket
        )

    def _add(
        self,
        title: str,
        child: Child[S],
        purpose: str,
        *sources: object,
        when: str | None = None,
        **given: Value,
    ) -> S:
        """Add a child that takes its inputs from `sources` by their names, and what is `given`."""
        inputs = take(child.Inputs, *sources, **given)
        return add_child(self.t, title, child, inputs, purpose=purpose, condition=when)
