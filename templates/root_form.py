"""The root's parameters as a form in the console, in the order in which a newcomer thinks of them."""

from __future__ import annotations

GROUPS = {
    "Address": {
        "front_door": "Front door",
        "domain_name": "Domain name",
        "hosted_zone_id": "Hosted zone",
    },
    "Firewall": {
        "use_firewall": "Use a firewall",
        "rate_limit": "Requests in five minutes from one address",
        "allowed_addresses": "Allowed addresses",
        "allowed_countries": "Allowed countries",
    },
    "Models": {
        "model_id": "Model",
        "alternative_model_id": "Alternative model",
    },
    "People": {
        "sign_up_domains": "Domains that may sign up",
        "mfa": "Authenticator app",
        "session_idle_minutes": "Idle minutes before signing in again",
        "session_max_hours": "Hours before signing in again",
        "daily_token_budget": "Tokens per person and day",
        "max_output_tokens": "Longest answer in tokens",
    },
    "Single sign-on": {
        "single_sign_on": "Identity provider of your own",
        "single_sign_on_provider": "Its name",
        "single_sign_on_domain_prefix": "Prefix of the pool's domain",
        "saml_metadata_url": "SAML: address of its metadata",
        "oidc_issuer": "OpenID Connect: its issuer",
        "oidc_client_id": "OpenID Connect: client id",
        "oidc_client_secret_arn": "OpenID Connect: secret that holds the client secret",
    },
    "Capacity": {
        "task_count": "Tasks at rest",
        "max_task_count": "Tasks at most",
        "task_cpu": "CPU units of a task",
        "task_memory": "Memory of a task in MiB",
        "spot_percent": "Percentage of tasks on Spot",
        "deployment_strategy": "How a new version takes over",
    },
    "Sleep": {
        "sleep": "When no task runs",
        "sleep_from": "Hour at which tasks stop",
        "sleep_until": "Hour at which tasks start",
        "time_zone": "Time zone of these hours",
    },
    "Network": {
        "egress": "How tasks reach AWS",
        "vpc_cidr": "Address range of the new VPC",
        "existing_vpc_id": "Existing VPC",
        "existing_vpc_cidr": "Its address range",
        "existing_public_subnet_ids": "Its public subnets",
        "existing_private_subnet_ids": "Its private subnets",
    },
    "Data, logs and protection": {
        "keep_data": "Keep users and conversations",
        "protect_front_door": "Protect the load balancer",
        "encryption_key": "Whose key encrypts",
        "log_retention_days": "Days that logs are kept",
    },
    "Alarms, budget and measurements": {
        "alarm_email": "E-mail for alarms",
        "monthly_budget": "Monthly budget in USD",
        "container_insights": "Container Insights",
    },
    "Filled in by deploy.sh": {
        "artifact_bucket_name": "Artifact bucket",
        "source_key": "Source",
        "image_tag": "Image tag",
        "availability_zones": "Availability Zones",
        "origin_facing_prefix_list_id": "CloudFront's prefix list",
    },
}
"""The order of the form: groups, and in them fields of `Parameters` with their labels."""
