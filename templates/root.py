"""The root stack: the whole system. It owns only its children, and every default."""

from __future__ import annotations

from troposphere import Condition, Equals, GetAZs, If, Join, Not, StackName, Sub, Template

from templates import (
    alerts,
    auth,
    build,
    data,
    distribution,
    edge,
    encryption,
    firewall,
    monitoring,
    network,
    service,
    single_sign_on,
    viewer_address,
)
from templates.root_form import GROUPS
from templates.root_parameters import Parameters
from templates.root_rules import add_rules
from templates.wiring import Value, add_child, declare, new_template, output, pin, present, publish, seam

APP_PORT = "8080"
HAS_CLOUDFRONT = "HasCloudFront"
HAS_PUBLIC_TASKS = "HasPublicTasks"
HAS_SINGLE_SIGN_ON = "HasSingleSignOn"


@seam
class Outputs:
    service_url: Value = output("Open this in a browser to chat.")
    user_pool_id: Value = output("The pool of the people who may sign in.")
    user_pool_client_id: Value = output("The app client with which the service signs people in.")
    user_pool_console_url: Value = output("Add and disable users here, in the AWS console.")
    cluster_name: Value = output("The ECS cluster.")
    service_name: Value = output("The ECS service in the cluster.")
    task_definition_arn: Value = output("The task definition that the service runs.")
    table_name: Value = output("The table of sessions, conversations and usage.")
    log_group_name: Value = output("Where the tasks log.")
    pipeline_console_url: Value = output("The build pipeline in the AWS console.")
    dashboard_console_url: Value = output(
        "Is it well, who uses it, what does it cost: the dashboard in the AWS console."
    )


@seam
class SamlOutputs:
    saml_reply_url: Value = output("Register this at your SAML provider: where its answers go (ACS URL).")
    saml_entity_id: Value = output("Register this at your SAML provider: who asks (audience, entity id).")


@seam
class OidcOutputs:
    oidc_redirect_uri: Value = output("Register this at your OpenID Connect provider: the redirect URI.")


def template(tag: str, keep_data: str) -> Template:
    """The system whose image is `tag` (see `deployer.source.image_tag`), its data kept or not."""
    t = new_template(
        "Asistente: your own generative-AI assistant on ECS Fargate, Cognito and Amazon Bedrock."
    )
    p = _parameters(t, tag, keep_data)

    key_arn = _encryption(t, p)
    store = _data(t, p, key_arn)
    alert = add_child(
        t,
        "Alerts",
        alerts.Inputs(key_arn=key_arn, alarm_email=p.alarm_email, monthly_budget=p.monthly_budget),
        alerts.Outputs,
        purpose="One topic for everything that somebody should know, and the budget.",
    )
    net, task_subnet_ids = _network(t, p, key_arn)
    users = _auth(t, p, key_arn)
    image = _build(t, p, key_arn)
    door, service_url = _front_door(t, p, net, key_arn)
    sign_on = _single_sign_on(t, p, users, service_url, key_arn)
    app = _service(t, p, net, users, sign_on, store, image, door, alert, task_subnet_ids, key_arn)
    watch = _monitoring(t, p, alert, store, image, door, app)

    publish(
        t,
        Outputs(
            service_url=service_url,
            user_pool_id=users.user_pool_id,
            user_pool_client_id=users.user_pool_client_id,
            user_pool_console_url=users.user_pool_console_url,
            cluster_name=app.cluster_name,
            service_name=app.service_name,
            task_definition_arn=app.task_definition_arn,
            table_name=store.table_name,
            log_group_name=app.log_group_name,
            pipeline_console_url=image.pipeline_console_url,
            dashboard_console_url=watch.dashboard_console_url,
        ),
    )
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
    present(t, Parameters, GROUPS)
    add_rules(t, parameters)
    return parameters


def _encryption(t: Template, p: Parameters) -> Value:
    """The deployment's own key by its ARN, empty when AWS's keys are to be used."""
    own = t.add_condition("HasOwnKey", Equals(p.encryption_key, "own"))
    key = add_child(
        t,
        "Encryption",
        encryption.Inputs(key_alias=Sub("alias/${AWS::StackName}"), keep_data=p.keep_data),
        encryption.Outputs,
        purpose="The deployment's own key, for what holds or mentions users' data.",
        Condition=own,
    )
    return If(own, key.key_arn, "")


def _data(t: Template, p: Parameters, key_arn: Value) -> data.Outputs:
    return add_child(
        t,
        "Data",
        data.Inputs(key_arn=key_arn, keep_data=p.keep_data),
        data.Outputs,
        purpose="What must survive: the table of sessions and conversations.",
    )


def _auth(t: Template, p: Parameters, key_arn: Value) -> auth.Outputs:
    return add_child(
        t,
        "Auth",
        auth.Inputs(key_arn=key_arn, keep_data=p.keep_data, sign_up_domains=p.sign_up_domains, mfa=p.mfa),
        auth.Outputs,
        purpose="Who may sign in: user pool, app client, its secret.",
    )


def _build(t: Template, p: Parameters, key_arn: Value) -> build.Outputs:
    """The image, built when its tag is a new one."""
    return add_child(
        t,
        "Build",
        build.Inputs(
            key_arn=key_arn,
            image_tag=p.image_tag,
            artifact_bucket_name=p.artifact_bucket_name,
            source_key=p.source_key,
            log_retention_days=p.log_retention_days,
        ),
        build.Outputs,
        purpose="From the source in S3 to the image in ECR; complete when the image is there.",
    )


def _network(t: Template, p: Parameters, key_arn: Value) -> tuple[network.Outputs, Value]:
    """Our own network, or what the user says of an existing one; and the tasks' subnets in it."""
    existing = t.add_condition("HasExistingNetwork", Equals(p.egress, "existing"))
    any_zones = t.add_condition("HasNoAvailabilityZones", Equals(p.availability_zones, ""))
    ours = add_child(
        t,
        "Network",
        network.Inputs(
            key_arn=key_arn,
            vpc_cidr=p.vpc_cidr,
            availability_zones=If(any_zones, Join(",", GetAZs("")), p.availability_zones),
            egress=p.egress,
            log_retention_days=p.log_retention_days,
        ),
        network.Outputs,
        purpose="VPC over two zones, subnets, egress.",
        Condition=t.add_condition("HasOwnNetwork", Not(Condition(existing))),
    )
    # Behind CloudFront nothing stands in the public subnets, but a list of subnets cannot be empty.
    no_public = t.add_condition("HasNoPublicSubnets", Equals(p.existing_public_subnet_ids, ""))
    public = If(no_public, p.existing_private_subnet_ids, p.existing_public_subnet_ids)
    private = If(existing, p.existing_private_subnet_ids, ours.private_subnet_ids)
    net = network.Outputs(
        vpc_id=If(existing, p.existing_vpc_id, ours.vpc_id),
        vpc_cidr=If(existing, p.existing_vpc_cidr, ours.vpc_cidr),
        public_subnet_ids=If(existing, public, ours.public_subnet_ids),
        private_subnet_ids=private,
    )
    # Without a way out of the private subnets, each task has a public address of its own.
    public_tasks = t.add_condition(HAS_PUBLIC_TASKS, Equals(p.egress, "none"))
    return net, If(public_tasks, ours.public_subnet_ids, private)


def _front_door(
    t: Template, p: Parameters, net: network.Outputs, key_arn: Value
) -> tuple[edge.Outputs, Value]:
    """The load balancer, what stands before it as chosen, and the address that people open."""
    web_acl_arn, limited_to_addresses = _firewall(t, p, key_arn)
    door = add_child(
        t,
        "Edge",
        edge.Inputs(
            front_door=p.front_door,
            domain_name=p.domain_name,
            hosted_zone_id=p.hosted_zone_id,
            vpc_id=net.vpc_id,
            vpc_cidr=net.vpc_cidr,
            origin_facing_prefix_list_id=p.origin_facing_prefix_list_id,
            public_subnet_ids=net.public_subnet_ids,
            private_subnet_ids=net.private_subnet_ids,
            app_port=APP_PORT,
            deployment_strategy=p.deployment_strategy,
            log_retention_days=p.log_retention_days,
            artifact_bucket_name=p.artifact_bucket_name,
            web_acl_arn=web_acl_arn,
            protect_front_door=p.protect_front_door,
        ),
        edge.Outputs,
        purpose="The load balancer at the front door.",
    )
    t.add_condition(HAS_CLOUDFRONT, Equals(p.front_door, "cloudfront"))
    cdn = add_child(
        t,
        "Distribution",
        distribution.Inputs(
            load_balancer_arn=door.load_balancer_arn,
            load_balancer_dns_name=door.load_balancer_dns_name,
            is_limited_to_addresses=limited_to_addresses,
        ),
        distribution.Outputs,
        purpose="HTTPS for everyone, by CloudFront before the load balancer.",
        Condition=HAS_CLOUDFRONT,
    )
    return door, If(HAS_CLOUDFRONT, cdn.service_url, door.service_url)


def _firewall(t: Template, p: Parameters, key_arn: Value) -> tuple[Value, Value]:
    """The web ACL by its ARN, empty without one; and whether (yes or no) only some addresses may come."""
    without_addresses = t.add_condition("HasNoAllowedAddresses", Equals(p.allowed_addresses, ""))
    without_countries = t.add_condition("HasNoAllowedCountries", Equals(p.allowed_countries, ""))
    limited_to_addresses = If(without_addresses, "no", "yes")
    has_firewall = t.add_condition("HasFirewall", Equals(p.use_firewall, "yes"))
    wall = add_child(
        t,
        "Firewall",
        firewall.Inputs(
            front_door=p.front_door,
            rate_limit=p.rate_limit,
            allowed_addresses=p.allowed_addresses,
            is_limited_to_addresses=limited_to_addresses,
            allowed_countries=p.allowed_countries,
            is_limited_to_countries=If(without_countries, "no", "yes"),
            key_arn=key_arn,
            log_retention_days=p.log_retention_days,
        ),
        firewall.Outputs,
        purpose="The web ACL of AWS WAF that the load balancer stands behind.",
        Condition=has_firewall,
    )
    return If(has_firewall, wall.web_acl_arn, ""), limited_to_addresses


def _single_sign_on(
    t: Template, p: Parameters, users: auth.Outputs, service_url: Value, key_arn: Value
) -> single_sign_on.Outputs:
    """The company's identity provider as a way in, and what the user has to register there."""
    t.add_condition(HAS_SINGLE_SIGN_ON, Not(Equals(p.single_sign_on, "off")))
    provider = add_child(
        t,
        "SignOn",
        single_sign_on.Inputs(
            key_arn=key_arn,
            user_pool_id=users.user_pool_id,
            service_url=service_url,
            kind=p.single_sign_on,
            provider_name=p.single_sign_on_provider,
            domain_prefix=p.single_sign_on_domain_prefix,
            saml_metadata_url=p.saml_metadata_url,
            oidc_issuer=p.oidc_issuer,
            oidc_client_id=p.oidc_client_id,
            oidc_client_secret_arn=p.oidc_client_secret_arn,
        ),
        single_sign_on.Outputs,
        purpose="The way in by the company's own identity provider.",
        # A resource cannot be named like a parameter.
        module="single_sign_on",
        Condition=HAS_SINGLE_SIGN_ON,
    )
    publish(
        t,
        SamlOutputs(saml_reply_url=provider.saml_reply_url, saml_entity_id=provider.saml_entity_id),
        condition=t.add_condition("HasSaml", Equals(p.single_sign_on, "saml")),
    )
    publish(
        t,
        OidcOutputs(oidc_redirect_uri=provider.oidc_redirect_uri),
        condition=t.add_condition("HasOidc", Equals(p.single_sign_on, "oidc")),
    )
    return provider


def _service(
    t: Template,
    p: Parameters,
    net: network.Outputs,
    users: auth.Outputs,
    sign_on: single_sign_on.Outputs,
    store: data.Outputs,
    image: build.Outputs,
    door: edge.Outputs,
    alert: alerts.Outputs,
    task_subnet_ids: Value,
    key_arn: Value,
) -> service.Outputs:
    return add_child(
        t,
        "Service",
        service.Inputs(
            key_arn=key_arn,
            deployment=StackName,
            image_uri=image.image_uri,
            image_tag=p.image_tag,
            repository_arn=image.repository_arn,
            vpc_id=net.vpc_id,
            vpc_cidr=net.vpc_cidr,
            # Where the load balancer is open to everybody, anybody can send this header.
            viewer_address_header=If(HAS_CLOUDFRONT, viewer_address.HEADER, ""),
            task_subnet_ids=task_subnet_ids,
            assign_public_ip=If(HAS_PUBLIC_TASKS, "ENABLED", "DISABLED"),
            load_balancer_security_group_id=door.load_balancer_security_group_id,
            target_group_arn=door.target_group_arn,
            second_target_group_arn=door.second_target_group_arn,
            listener_arn=door.listener_arn,
            shifting_rule_arn=door.shifting_rule_arn,
            load_balancer_full_name=door.load_balancer_full_name,
            target_group_full_name=door.target_group_full_name,
            second_target_group_full_name=door.second_target_group_full_name,
            deployment_strategy=p.deployment_strategy,
            topic_arn=alert.topic_arn,
            app_port=APP_PORT,
            public_scheme=door.public_scheme,
            user_pool_id=users.user_pool_id,
            user_pool_client_id=users.user_pool_client_id,
            client_secret_arn=users.client_secret_arn,
            # Only with single sign-on does the service wait for the address that people open.
            single_sign_on_url=If(HAS_SINGLE_SIGN_ON, sign_on.url, ""),
            single_sign_on_provider=If(HAS_SINGLE_SIGN_ON, sign_on.provider_name, ""),
            single_sign_on_client_id=If(HAS_SINGLE_SIGN_ON, sign_on.client_id, ""),
            single_sign_on_secret_arn=If(HAS_SINGLE_SIGN_ON, sign_on.client_secret_arn, ""),
            table_name=store.table_name,
            table_arn=store.table_arn,
            model_id=p.model_id,
            alternative_model_id=p.alternative_model_id,
            task_count=p.task_count,
            max_task_count=p.max_task_count,
            spot_percent=p.spot_percent,
            sleep=p.sleep,
            sleep_from=p.sleep_from,
            sleep_until=p.sleep_until,
            time_zone=p.time_zone,
            task_cpu=p.task_cpu,
            task_memory=p.task_memory,
            container_insights=p.container_insights,
            log_retention_days=p.log_retention_days,
            sign_up_domains=p.sign_up_domains,
            mfa=p.mfa,
            session_idle_minutes=p.session_idle_minutes,
            session_max_hours=p.session_max_hours,
            daily_token_budget=p.daily_token_budget,
            max_output_tokens=p.max_output_tokens,
        ),
        service.Outputs,
        purpose="The tasks that people talk to.",
    )


def _monitoring(
    t: Template,
    p: Parameters,
    alert: alerts.Outputs,
    store: data.Outputs,
    image: build.Outputs,
    door: edge.Outputs,
    app: service.Outputs,
) -> monitoring.Outputs:
    guarded = t.add_condition("HasProtectedFrontDoor", Equals(p.protect_front_door, "yes"))
    return add_child(
        t,
        "Monitoring",
        monitoring.Inputs(
            deployment=StackName,
            topic_arn=alert.topic_arn,
            load_balancer_full_name=door.load_balancer_full_name,
            target_group_full_name=door.target_group_full_name,
            second_target_group_full_name=door.second_target_group_full_name,
            cluster_name=app.cluster_name,
            service_name=app.service_name,
            service_arn=app.service_arn,
            table_name=store.table_name,
            model_id=p.model_id,
            alternative_model_id=p.alternative_model_id,
            log_group_name=app.log_group_name,
            pipeline_name=image.pipeline_name,
            guarded_bucket_name=If(guarded, door.access_log_bucket_name, ""),
        ),
        monitoring.Outputs,
        purpose="Alarms, messages of failures, and the dashboard.",
    )
