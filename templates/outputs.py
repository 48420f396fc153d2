"""What the root stack says at its end: what people and commands need to know of a deployment."""

from __future__ import annotations

from templates.wiring import Value, output, seam


@seam
class Deployed:
    service_url: Value = output("Open this in a browser to chat.")
    user_pool_id: Value = output("The pool of the people who may sign in.")
    user_pool_client_id: Value = output("The app client with which the service signs people in.")
    user_pool_console_url: Value = output("Add and disable users here, in the AWS console.")
    cluster_name: Value = output("The ECS cluster.")
    service_name: Value = output("The ECS service in the cluster.")
    task_definition_arn: Value = output("The task definition that the service runs.")
    table_name: Value = output("The table of sessions, conversations and usage.")
    files_bucket_name: Value = output("The bucket of the files that people attach.")
    log_group_name: Value = output("Where the tasks log.")
    pipeline_console_url: Value = output("The build pipeline in the AWS console.")
    dashboard_console_url: Value = output(
        "Is it well, who uses it, what does it cost: the dashboard in the AWS console."
    )


@seam
class OwnNetwork:
    flow_log_group_name: Value = output("Where the connections in the VPC are recorded.")


@seam
class Saml:
    saml_reply_url: Value = output("Register this at your SAML provider: where its answers go (ACS URL).")
    saml_entity_id: Value = output("Register this at your SAML provider: who asks (audience, entity id).")


@seam
class Oidc:
    oidc_redirect_uri: Value = output("Register this at your OpenID Connect provider: the redirect URI.")
