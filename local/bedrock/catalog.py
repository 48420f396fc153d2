"""What Bedrock's control plane says about what is served here."""

from __future__ import annotations

import re
from typing import Any

from local.bedrock.errors import ApiError, not_found, validation

INVALID_MODEL = "The provided model identifier is invalid."
_ARN = re.compile(r"arn:aws[a-z-]*:bedrock:[a-z0-9-]*::foundation-model/(?P<model_id>.+)")


def check_model(identifier: str, *model_ids: str) -> str:
    """Return the id of the model, named by it or its ARN in any region. Raises ApiError for another name."""
    arn = _ARN.fullmatch(identifier)
    named = arn["model_id"] if arn else identifier
    if named not in model_ids:
        raise validation(INVALID_MODEL)
    return named


def details(model_id: str, region: str) -> dict[str, Any]:
    """Return FoundationModelDetails, which FoundationModelSummary has in common."""
    return {
        "modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model_id}",
        "modelId": model_id,
        "modelName": model_id.removeprefix("local."),
        "providerName": "This machine",
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }


def embedding_details(model_id: str, region: str) -> dict[str, Any]:
    """Return the same of a model that makes vectors."""
    own = {"outputModalities": ["EMBEDDING"], "responseStreamingSupported": False}
    return details(model_id, region) | own


def availability(model_id: str) -> dict[str, Any]:
    """Return GetFoundationModelAvailability's answer: what must be granted in AWS is granted here."""
    return {
        "modelId": model_id,
        "agreementAvailability": {"status": "AVAILABLE"},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
    }


def no_such_profile(identifier: str) -> ApiError:
    """The answer to GetInferenceProfile: there are no profiles on one machine."""
    return not_found(
        f"The inference profile {identifier} does not exist: the local model is called by its own id."
    )
