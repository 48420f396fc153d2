"""Each configured model: there, authorized, agreed to; and what to do where one is not.

Bedrock answers as its API reference says:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetFoundationModelAvailability.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetInferenceProfile.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetUseCaseForModelAccess.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.account.checks import models
from deployer.account.checks.findings import Finding, guarded
from tests.deployer.account.checks.stubbed import REGION, answering

NOVA, CLAUDE = "amazon.nova-2-lite-v1:0", "anthropic.claude-haiku-4-5-20251001-v1:0"
UNKNOWN = "ResourceNotFoundException"


def profile(model: str, *regions: str) -> tuple[str, Any]:
    arns = [f"arn:aws:bedrock:{region}::foundation-model/{model}" for region in regions]
    return "get_inference_profile", {
        "inferenceProfileName": "p",
        "inferenceProfileArn": "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/p",
        "models": [{"modelArn": arn} for arn in arns],
        "inferenceProfileId": "p",
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def details(model: str, **more: Any) -> tuple[str, Any]:
    found = {
        "modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/{model}",
        "modelId": model,
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }
    return "get_foundation_model", {"modelDetails": found | more}


def availability(model: str, agreement: str = "AVAILABLE", **more: str) -> tuple[str, Any]:
    found = {
        "modelId": model,
        "agreementAvailability": {"status": agreement},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
    }
    return "get_foundation_model_availability", found | more


NO_PROFILE = ("get_inference_profile", UNKNOWN)
FORM = ("get_use_case_for_model_access", {"formData": b"0123456789"})
NO_FORM = ("get_use_case_for_model_access", UNKNOWN)


def found(model: str, *answers: tuple[str, Any], form: Any = None, parameter: str = models.MAIN) -> Finding:
    with (
        answering("bedrock", *answers) as bedrock,
        answering("bedrock", *([form] if form else []), region=models.FORM_REGION) as forms,
    ):
        [finding] = models.check(bedrock, forms, {parameter: model})
    return finding


def test_a_model_that_answers_is_well() -> None:
    finding = found(NOVA, NO_PROFILE, details(NOVA), availability(NOVA))
    assert (finding.level, finding.remedy) == ("ok", "")


def test_the_regions_behind_a_profile_are_named() -> None:
    finding = found(
        f"eu.{NOVA}",
        profile(NOVA, "eu-west-3", "eu-central-1"),
        ("get_foundation_model", UNKNOWN),  # known in other Regions only
        availability(NOVA, regionAvailability="NOT_AVAILABLE"),  # as is the model by itself
    )
    assert finding.level == "ok"
    assert "answering from eu-central-1, eu-west-3" in finding.message


TITAN = "amazon.titan-embed-text-v2:0"
MAKES_VECTORS: dict[str, Any] = {"outputModalities": ["EMBEDDING"], "responseStreamingSupported": False}


def test_a_model_for_documents_makes_vectors_and_need_not_stream() -> None:
    answers = (NO_PROFILE, details(TITAN, **MAKES_VECTORS), availability(TITAN))
    assert found(TITAN, *answers, parameter=models.EMBEDDING).level == "ok"
    finding = found(NOVA, NO_PROFILE, details(NOVA), parameter=models.EMBEDDING)
    assert (finding.level, finding.message) == ("wrong", "The model does not make vectors.")
    finding = found(TITAN, NO_PROFILE, details(TITAN, **MAKES_VECTORS))
    assert (finding.level, finding.message) == ("wrong", "The model does not write text.")


def test_what_a_model_for_documents_lacks_is_a_warning() -> None:
    answers = (
        NO_PROFILE, details(TITAN, **MAKES_VECTORS), availability(TITAN, authorizationStatus="NOT_AUTHORIZED")
    )  # fmt: skip
    assert found(TITAN, *answers, parameter=models.EMBEDDING).level == "warning"


def test_without_documents_nothing_is_asked_of_their_model() -> None:
    with answering("bedrock") as bedrock:
        assert list(models.check(bedrock, bedrock, {models.EMBEDDING: TITAN, "Egress": "endpoints"})) == []
        assert list(models.check(bedrock, bedrock, {models.EMBEDDING: ""})) == []


@pytest.mark.parametrize(
    "answers",
    [
        [NO_PROFILE, ("get_foundation_model", UNKNOWN), ("get_foundation_model_availability", UNKNOWN)],
        [
            ("get_inference_profile", "ValidationException"),
            ("get_foundation_model", "ValidationException"),
            ("get_foundation_model_availability", "ValidationException"),
        ],
        [NO_PROFILE, details(NOVA), availability(NOVA, regionAvailability="NOT_AVAILABLE")],
    ],
)
@pytest.mark.parametrize("parameter", [models.MAIN, models.ALTERNATIVE])
def test_a_model_that_is_not_there_is_wrong(answers: list[Any], parameter: str) -> None:
    finding = found(NOVA, *answers, parameter=parameter)
    assert finding.level == "wrong"
    assert f"no such model or inference profile in {REGION}" in finding.message
    assert "list-inference-profiles" in finding.remedy


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"outputModalities": ["EMBEDDING"]}, "does not write text"),
        ({"responseStreamingSupported": False}, "does not stream"),
        ({"inferenceTypesSupported": ["PROVISIONED"]}, "by an inference profile only"),
    ],
)
def test_a_model_that_cannot_chat_is_wrong(more: Any, words: str) -> None:
    finding = found(NOVA, NO_PROFILE, details(NOVA, **more))
    assert (finding.level, words in finding.message) == ("wrong", True)


@pytest.mark.parametrize(("parameter", "level"), [(models.MAIN, "wrong"), (models.ALTERNATIVE, "warning")])
def test_terms_that_nobody_agreed_to_come_with_the_commands(parameter: str, level: str) -> None:
    finding = found(
        f"global.{CLAUDE}",
        profile(CLAUDE, ""),
        details(CLAUDE),
        availability(CLAUDE, "NOT_AVAILABLE"),
        form=NO_FORM,
        parameter=parameter,
    )
    assert finding.level == level
    assert "put-use-case-for-model-access --region us-east-1" in finding.remedy
    assert f"create-foundation-model-agreement --region {REGION} --model-id {CLAUDE}" in finding.remedy
    assert f"list-foundation-model-agreement-offers --region {REGION} --model-id {CLAUDE}" in finding.remedy


def test_a_form_that_is_filled_in_is_not_asked_for() -> None:
    finding = found(CLAUDE, NO_PROFILE, details(CLAUDE), availability(CLAUDE, "NOT_AVAILABLE"), form=FORM)
    assert "put-use-case" not in finding.remedy
    assert "create-foundation-model-agreement" in finding.remedy


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        ({"agreementAvailability": {"status": "PENDING"}}, "warning", "up to 15 minutes"),
        (
            {"agreementAvailability": {"status": "ERROR", "errorMessage": "No payment\nmethod."}},
            "wrong",
            "No payment method.",
        ),
        ({"authorizationStatus": "NOT_AUTHORIZED"}, "wrong", "not authorized"),
        ({"entitlementAvailability": "NOT_AVAILABLE"}, "wrong", "not entitled"),
    ],
)
def test_every_other_hindrance_is_told(status: Any, level: str, words: str) -> None:
    finding = found(NOVA, NO_PROFILE, details(NOVA), availability(NOVA, **status))
    assert (finding.level, words in finding.message) == (level, True)
    assert finding.remedy


def test_a_former_model_says_when_it_ends() -> None:
    lifecycle = {"status": "LEGACY", "endOfLifeTime": datetime(2027, 3, 1, tzinfo=UTC)}
    finding = found(NOVA, NO_PROFILE, details(NOVA, modelLifecycle=lifecycle), availability(NOVA))
    assert (finding.level, "ends on 2027-03-01" in finding.message) == ("warning", True)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalServerException"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_who_gets_no_answer_is_told_and_goes_on(code: str, at: int) -> None:
    answers = [NO_PROFILE, details(NOVA), availability(NOVA)]
    answers[at] = (answers[at][0], code)
    with answering("bedrock", *answers[: at + 1]) as bedrock, answering("bedrock") as forms:
        [finding] = guarded("models", lambda: models.check(bedrock, forms, {models.MAIN: NOVA}))
    assert (finding.level, finding.message.startswith("Not checked. ")) == ("warning", True)
    assert ("make policy" in finding.remedy) == (code == "AccessDeniedException")


def test_an_answer_of_another_form_fails_nothing() -> None:
    with answering("bedrock", NO_PROFILE, ("get_foundation_model", {})) as bedrock:
        [finding] = guarded("models", lambda: models.check(bedrock, bedrock, {models.MAIN: NOVA}))
    assert (finding.level, "cannot be read" in finding.message) == ("warning", True)


def test_who_may_not_read_the_form_still_learns_how_to_agree() -> None:
    form = ("get_use_case_for_model_access", "AccessDeniedException")
    finding = found(CLAUDE, NO_PROFILE, details(CLAUDE), availability(CLAUDE, "NOT_AVAILABLE"), form=form)
    assert "create-foundation-model-agreement" in finding.remedy


def test_credentials_that_expire_in_the_middle_end_everything() -> None:
    with (
        answering("bedrock", NO_PROFILE, ("get_foundation_model", "ExpiredTokenException")) as bedrock,
        answering("bedrock") as forms,
        pytest.raises(ClientError),
    ):
        guarded("models", lambda: models.check(bedrock, forms, {models.MAIN: NOVA}))
