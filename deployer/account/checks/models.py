"""Whether each configured model answers: it exists here, the account may call it, its terms are agreed to.

Inference profiles stand for a model in several Regions (GetInferenceProfile names them); agreement and
authorization are the model's own: https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from deployer.account.checks.findings import Finding, Level, ok, warning, wrong
from deployer.errors import error_code, one_line

NAME = "models"
MAIN, ALTERNATIVE, EMBEDDING = "ModelId", "AlternativeModelId", "EmbeddingModelId"
FORM_REGION = "us-east-1"
"""Where Anthropic's form is kept, for every Region; in others, people report "Invalid form data"."""
ANTHROPIC = "anthropic."
_UNKNOWN = {"ResourceNotFoundException", "ValidationException"}
_AGREE = (
    "To agree to its terms, as somebody who may aws-marketplace:Subscribe: "
    "`aws bedrock create-foundation-model-agreement --region {region} --model-id {model} "
    '--offer-token "$(aws bedrock list-foundation-model-agreement-offers --region {region} '
    "--model-id {model} --query 'offers[0].offerToken' --output text)\"`."
)
_FORM = (
    "Anthropic's form comes first, once per account: `aws bedrock put-use-case-for-model-access --region "
    f"{FORM_REGION} --form-data fileb://form.json`; docs/operations.md says what is in it."
)


@dataclass(frozen=True)
class _Model:
    """A foundation model and the Regions that answer; without a profile, the one that is asked."""

    identifier: str
    regions: tuple[str, ...]
    by_profile: bool


def check(bedrock: Any, forms: Any, values: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is found of each model of these parameters.

    Args:
        bedrock: a client of the deployment's Region.
        forms: a client of FORM_REGION.
        values: the template's parameters.
    """
    for parameter in (MAIN, ALTERNATIVE, EMBEDDING):
        if parameter == EMBEDDING and values.get("Egress") == "endpoints":
            continue  # there are no documents to ask
        if identifier := values.get(parameter, ""):
            yield from _of(bedrock, forms, parameter, identifier)


def _of(bedrock: Any, forms: Any, parameter: str, identifier: str) -> Iterator[Finding]:
    subject, region = f"{parameter} {identifier}", bedrock.meta.region_name
    model = _behind_profile(bedrock, identifier)
    if (details := _details(bedrock, model)) and (
        unfit := _unfit(details, model, parameter, subject, region)
    ):
        yield unfit
        return
    try:
        found = bedrock.get_foundation_model_availability(modelId=model.identifier)
    except ClientError as error:
        if error_code(error) not in _UNKNOWN:
            raise
        yield _no_such(subject, region)
        return
    if not model.by_profile and found["regionAvailability"] != "AVAILABLE":
        yield _no_such(subject, region)
        return
    if hindrance := _hindrance(forms, model, found, region):
        message, remedy, level = hindrance
        # Without the others everything else works; without the first, nobody gets an answer.
        level = level if parameter == MAIN else Level.WARNING
        yield Finding(check=NAME, subject=subject, level=level, message=message, remedy=remedy)
    elif (lifecycle := details.get("modelLifecycle", {})).get("status") == "LEGACY":
        end = lifecycle.get("endOfLifeTime")
        until = f" and ends on {end:%Y-%m-%d}" if end else ""
        yield warning(NAME, subject, f"The model answers, but is a former one{until}.", "Choose a newer one.")
    else:
        where = f", answering from {', '.join(model.regions)}" if model.by_profile else ""
        yield ok(NAME, subject, f"Available, authorized and agreed to{where}.")


def _behind_profile(bedrock: Any, identifier: str) -> _Model:
    """The model behind an inference profile, or the model of that id itself."""
    try:
        profile = bedrock.get_inference_profile(inferenceProfileIdentifier=identifier)
    except ClientError as error:
        if error_code(error) not in _UNKNOWN:
            raise
        return _Model(identifier, (bedrock.meta.region_name,), by_profile=False)
    arns = [model["modelArn"] for model in profile["models"]]
    # arn:aws:bedrock:REGION::foundation-model/ID; a global profile's model has one without a Region too.
    regions = sorted({arn.split(":")[3] or "every commercial Region" for arn in arns})
    return _Model(arns[0].rpartition("/")[2], tuple(regions), by_profile=True)


def _no_such(subject: str, region: str) -> Finding:
    return wrong(
        NAME,
        subject,
        f"There is no such model or inference profile in {region}.",
        "`aws bedrock list-inference-profiles --query 'inferenceProfileSummaries[].inferenceProfileId' "
        f"--region {region}` lists the profiles.",
    )


def _details(bedrock: Any, model: _Model) -> dict[str, Any]:
    """What Bedrock says of the model; empty where only other Regions know it, or nobody does."""
    try:
        return bedrock.get_foundation_model(modelIdentifier=model.identifier)["modelDetails"]
    except ClientError as error:
        if error_code(error) in _UNKNOWN:
            return {}
        raise


def _unfit(
    details: Mapping[str, Any], model: _Model, parameter: str, subject: str, region: str
) -> Finding | None:
    output = "EMBEDDING" if parameter == EMBEDDING else "TEXT"
    if output not in details.get("outputModalities", [output]):
        what = "make vectors" if parameter == EMBEDDING else "write text"
        return wrong(NAME, subject, f"The model does not {what}.", "Choose another one.")
    if parameter != EMBEDDING and details.get("responseStreamingSupported") is False:
        return wrong(NAME, subject, "The model does not stream its answers.", "Choose another one.")
    if not model.by_profile and "ON_DEMAND" not in details.get("inferenceTypesSupported", ["ON_DEMAND"]):
        return wrong(
            NAME,
            subject,
            "The model answers by an inference profile only.",
            f"`aws bedrock list-inference-profiles --region {region} --query "
            f"\"inferenceProfileSummaries[?contains(inferenceProfileId, '{model.identifier}')]"
            '.inferenceProfileId"` names those to choose from.',
        )
    return None


def _hindrance(
    forms: Any, model: _Model, found: Mapping[str, Any], region: str
) -> tuple[str, str, Level] | None:
    """Why the account cannot call the model, what to do, and how much that matters; None when it can."""
    agreement = found.get("agreementAvailability", {})
    agree = _AGREE.format(region=region, model=model.identifier)
    match agreement.get("status"):
        case "PENDING":
            return "The agreement is being made: that takes up to 15 minutes.", "Wait.", Level.WARNING
        case "NOT_AVAILABLE":
            form = f"{_FORM} " if _lacks_form(forms, model) else ""
            return "Its terms are not agreed to yet.", form + agree, Level.WRONG
        case "ERROR":
            why = one_line(agreement.get("errorMessage", "")) or "Bedrock gives no reason"
            return f"The agreement has failed: {why}.", agree, Level.WRONG
    if found.get("authorizationStatus") != "AUTHORIZED":
        if _lacks_form(forms, model):
            return "The account is not authorized.", _FORM, Level.WRONG
        remedy = "Ask who administers the account or its organization: a policy may forbid the model."
        return "The account is not authorized.", remedy, Level.WRONG
    if found.get("entitlementAvailability") != "AVAILABLE":
        return "The account is not entitled to the model.", agree, Level.WRONG
    return None


def _lacks_form(forms: Any, model: _Model) -> bool:
    """Whether Anthropic's form of first use is not filled in; no is the answer where that cannot be asked."""
    if not model.identifier.startswith(ANTHROPIC):
        return False
    try:
        return not forms.get_use_case_for_model_access().get("formData")
    except ClientError as error:
        return error_code(error) == "ResourceNotFoundException"
