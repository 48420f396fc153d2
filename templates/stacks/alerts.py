"""The alerts stack: one topic for everything that somebody should know, its e-mail, and the budget.

It owns no alarm: those stand beside what they watch, or in the monitoring stack.
"""

from __future__ import annotations

from awacs import sns as sns_actions
from awacs.aws import Allow, Condition, Principal, Statement, StringEquals
from troposphere import AccountId, Equals, Not, Template, budgets, sns

from templates.parameters import handed_on
from templates.parts.own_key import own_key
from templates.parts.permissions import deny_plain_http, document
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

FORECAST_PERCENT = 100
SPENT_PERCENT = 80


@seam
class Inputs:
    key_arn: Value = parameter("String", "The deployment's own key; empty for AWS's.")
    alarm_email: Value = handed_on()
    monthly_budget: Value = handed_on("Number")


@seam
class Outputs:
    topic_arn: Value = output("Where alarms and failures are published.")


def template() -> Template:
    """The topic and who publishes to it."""
    t = new_template("Asistente - alerts: the topic for alarms and failures, its e-mail, the budget.")
    inputs = declare(t, Inputs)
    has_email = t.add_condition("HasAlarmEmail", Not(Equals(inputs.alarm_email, "")))
    has_budget = t.add_condition("HasBudget", Not(Equals(inputs.monthly_budget, "0")))
    topic = sns.Topic(
        "Topic",
        t,
        DisplayName="Asistente",
        KmsMasterKeyId=own_key(t, inputs.key_arn),
        Metadata=describe(
            "One place for alarms, failed builds and deployments, deleted access logs, and the budget."
        ),
    )
    policy = _policy(t, topic)
    sns.SubscriptionResource(
        "EmailSubscription",
        t,
        Condition=has_email,
        TopicArn=topic.ref(),
        Protocol="email",
        Endpoint=inputs.alarm_email,
        Metadata=describe("Mails what the topic is told, once the address is confirmed."),
    )
    _budget(t, inputs, topic, policy, has_budget)
    publish(t, Outputs(topic_arn=topic.ref()))
    return t


def _policy(t: Template, topic: sns.Topic) -> sns.TopicPolicy:
    own_account = Condition(StringEquals({"aws:SourceAccount": AccountId}))
    return sns.TopicPolicy(
        "TopicPolicy",
        t,
        Topics=[topic.ref()],
        PolicyDocument=document(
            _let_publish("Alarms", "cloudwatch", topic, own_account),
            _let_publish("Budgets", "budgets", topic, own_account),
            # EventBridge supports no condition in the policy of a topic:
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
            _let_publish("Events", "events", topic),
            deny_plain_http([sns_actions.Publish], [topic.ref()]),
        ),
        Metadata=describe("Lets AWS's own alarms, budgets and events publish, and only over TLS."),
    )


def _let_publish(sid: str, service: str, topic: sns.Topic, condition: Condition | None = None) -> Statement:
    extra = {} if condition is None else {"Condition": condition}
    return Statement(
        Sid=sid,
        Effect=Allow,
        Principal=Principal("Service", f"{service}.amazonaws.com"),
        Action=[sns_actions.Publish],
        Resource=[topic.ref()],
        **extra,
    )


def _budget(t: Template, inputs: Inputs, topic: sns.Topic, policy: sns.TopicPolicy, condition: str) -> None:
    def tell(kind: str, percent: int) -> budgets.NotificationWithSubscribers:
        return budgets.NotificationWithSubscribers(
            Notification=budgets.Notification(
                NotificationType=kind,
                ComparisonOperator="GREATER_THAN",
                Threshold=percent,
                ThresholdType="PERCENTAGE",
            ),
            Subscribers=[budgets.Subscriber(SubscriptionType="SNS", Address=topic.ref())],
        )

    budgets.Budget(
        "Budget",
        t,
        Condition=condition,
        # Budgets tries the topic when it is created: the policy has to be there.
        DependsOn=policy,
        Budget=budgets.BudgetData(
            BudgetType="COST",
            TimeUnit="MONTHLY",
            BudgetLimit=budgets.Spend(Amount=inputs.monthly_budget, Unit="USD"),
        ),
        NotificationsWithSubscribers=[tell("ACTUAL", SPENT_PERCENT), tell("FORECASTED", FORECAST_PERCENT)],
        Metadata=describe("Says in time when the account's month gets dearer than intended."),
    )
