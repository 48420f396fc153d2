"""Which models answer, and who may ask them how much."""

from __future__ import annotations

from templates.parameters.patterns import DOMAIN
from templates.parts.numbers import whole_number
from templates.wiring import Value, parameter, seam

MODEL_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,2047}$"
USER_POOL_ID = r"[a-z]{2}(-[a-z]+)+-[0-9]_[0-9A-Za-z]{1,44}"
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html"""
MOST_TOKENS_A_DAY = 10**12
"""More is a slip of the hand."""


@seam
class Models:
    """Models"""

    model_id: Value = parameter(
        "String",
        "The Amazon Bedrock model, or inference profile, that answers unless another is chosen in the chat.",
        AllowedPattern=MODEL_ID_PATTERN,
        ConstraintDescription="A model id or inference profile id, such as global.amazon.nova-2-lite-v1:0.",
        Default="global.amazon.nova-2-lite-v1:0",
        label="Model",
    )
    alternative_model_id: Value = parameter(
        "String",
        "A second model to choose in the chat; empty for none. Models of Anthropic answer once an "
        "administrator who may subscribe in AWS Marketplace has opened the model in the playground of the "
        "Bedrock console and filled in its form: once per account. The app itself cannot.",
        AllowedPattern=r"^$|" + MODEL_ID_PATTERN,
        ConstraintDescription="A model id or inference profile id, or nothing.",
        Default="global.anthropic.claude-haiku-4-5-20251001-v1:0",
        label="Alternative model",
        see="docs/operations.md",
    )
    embedding_model_id: Value = parameter(
        "String",
        "The Amazon Bedrock model, or inference profile, that makes vectors of documents and questions, with "
        "512 numbers each. Empty: no documents to ask. None either with Egress endpoints, for DynamoDB's "
        "searches have an address of their own, and AWS documents no private way to it.",
        AllowedPattern=r"^$|" + MODEL_ID_PATTERN,
        ConstraintDescription="A model id or inference profile id, or nothing.",
        Default="amazon.titan-embed-text-v2:0",
        label="Model for documents",
    )
    former_embedding_model_id: Value = parameter(
        "String",
        "After a change of EmbeddingModelId: the model before, whose vectors serve until those of the new "
        "one are made. A question costs a vector of both, so empty it again when that is over.",
        AllowedPattern=r"^$|" + MODEL_ID_PATTERN,
        ConstraintDescription="A model id or inference profile id, or nothing.",
        Default="",
        label="Former model for documents",
        see="docs/documents.md",
    )

    system_prompt: Value = parameter(
        "String",
        "What every model is told before anything else: whom it serves, how it should answer, what it must "
        "leave alone. Everybody can read it in the application, and a model can be talked out of it, so it "
        "is no place for secrets and no access control. Each question pays for its tokens. Empty: nothing "
        "more than the product's own.",
        MaxLength=4000,
        ConstraintDescription="A text of at most 4000 characters, or nothing.",
        Default="",
        label="Instructions to the models",
        see="docs/assistants.md",
    )


@seam
class People:
    """People"""

    sign_up_domains: Value = parameter(
        "String",
        "Domains whose e-mail addresses may sign up by themselves, such as example.com,example.org; empty: "
        "only administrators add people.",
        AllowedPattern=rf"^$|^{DOMAIN}(, ?{DOMAIN})*$",
        ConstraintDescription="Domains in lower case with commas between them, or nothing.",
        MaxLength=1000,
        Default="",
        label="Domains that may sign up",
    )
    existing_user_pool_id: Value = parameter(
        "String",
        "A user pool of your own in which people are already; empty: the deployment makes one. It has to "
        "take e-mail addresses at the sign-in. Whoever is in it may sign in here. The deployment adds an app "
        "client to it, which goes with the stack, and changes nothing else; Mfa says what the pool does.",
        AllowedPattern=rf"^$|^{USER_POOL_ID}$",
        ConstraintDescription="The id of a user pool in this Region, such as eu-west-1_Ab12Cd34E, or "
        "nothing.",
        Default="",
        label="Existing user pool",
        example="eu-west-1_Ab12Cd34E",
        see="docs/existing-user-pool.md",
    )
    mfa: Value = parameter(
        "String",
        "Codes of an authenticator app at sign-in. optional: people may set one up on their account page. "
        "required: they have to, at the next sign-in. off: passwords alone.",
        AllowedValues=["off", "optional", "required"],
        Default="optional",
        label="Authenticator app",
    )
    session_idle_minutes: Value = whole_number(
        "Minutes without activity after which people have to sign in again.",
        low=5,
        high=1440,
        default=30,
        label="Idle minutes before signing in again",
    )
    session_max_hours: Value = whole_number(
        "Hours after which people have to sign in again in any case.",
        low=1,
        high=24,
        default=12,
        label="Hours before signing in again",
    )
    daily_token_budget: Value = whole_number(
        "Tokens (questions and answers) that each person may use per day (UTC); 0 for no limit.",
        low=0,
        high=MOST_TOKENS_A_DAY,
        default=200000,
        label="Tokens per person and day",
    )
    max_output_tokens: Value = whole_number(
        "The longest answer that a person may ask for, in tokens.",
        low=64,
        high=65536,
        default=2048,
        label="Longest answer in tokens",
    )
