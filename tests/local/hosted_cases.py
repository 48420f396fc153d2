"""Gaps in Cognito's hosted endpoints: what MiniStack lets through on the way to another provider and back."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.emulator_fixture import RunningEmulator
from tests.single_sign_on import (
    ANA,
    SIGNED_OUT,
    Organization,
    Visitor,
    brought,
    make_organization,
    run_provider,
)


def code_needs_its_verifier(aws: RunningEmulator) -> None:
    for verifier in ("", "w" * 43):
        with organization(aws) as here:
            assert error_of(here.exchange(a_code(here), code_verifier=verifier)) == "invalid_grant"


def code_needs_the_clients_secret(aws: RunningEmulator) -> None:
    for secret in ("", "wrong"):
        with organization(aws) as here:
            assert error_of(here.exchange(a_code(here), secret=secret)) == "invalid_client"


def code_needs_the_address_that_it_was_sent_to(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        assert error_of(here.exchange(a_code(here), redirect_uri="")) == "invalid_grant"


def challenge_is_of_the_one_method_that_there_is(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        for method in ("plain", ""):
            back = Visitor().leads_to(here.authorize_url(code_challenge_method=method))
            assert brought(back) == {"error": "invalid_request", "state": "of-the-application"}


def only_flows_that_are_switched_on_are_begun(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        back = Visitor().leads_to(here.authorize_url(response_type="token"))
        assert brought(back) == {"error": "unauthorized_client", "state": "of-the-application"}


def disabled_user_gets_no_code(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        a_code(here)
        here.idp.admin_disable_user(UserPoolId=here.pool_id, Username=here.username(ANA))
        back = brought(Visitor().vouched_for(here.authorize_url(), ANA))
        assert (back["error"], back["error_description"]) == ("invalid_request", "User is disabled.")


def disabled_user_gets_nothing_for_a_code(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        code = a_code(here)
        here.idp.admin_disable_user(UserPoolId=here.pool_id, Username=here.username(ANA))
        assert error_of(here.exchange(code)) == "invalid_grant"


def what_the_provider_refuses_reaches_the_application(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        visitor = Visitor()
        asked = brought(visitor.leads_to(here.authorize_url()))
        refusal = {"error": "access_denied", "error_description": "not you", "state": asked["state"]}
        back = visitor.leads_to(f"{asked['redirect_uri']}?{httpx.QueryParams(refusal)}")
        assert brought(back) == refusal | {"state": "of-the-application"}


def browser_is_known_until_it_signs_out(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        visitor = Visitor()
        a_code(here, visitor)
        again = brought(visitor.leads_to(here.authorize_url()))
        assert again["state"] == "of-the-application", "straight back, without the provider"
        assert here.exchange(again["code"]).status_code == 200
        leaving = {"client_id": here.hosted.client_id, "logout_uri": SIGNED_OUT}
        assert visitor.leads_to(f"{aws.endpoint_url}/logout?{httpx.QueryParams(leaving)}") == SIGNED_OUT
        assert "code" not in brought(visitor.leads_to(here.authorize_url()))


def sign_out_leads_to_registered_addresses_only(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        here.register(LogoutURLs=[])
        leaving = {"client_id": here.hosted.client_id, "logout_uri": SIGNED_OUT}
        assert httpx.get(f"{aws.endpoint_url}/logout", params=leaving, trust_env=False).status_code == 400


def pools_domain_is_answered_for_here(aws: RunningEmulator) -> None:
    with organization(aws) as here:
        here.idp.create_user_pool_domain(UserPoolId=here.pool_id, Domain=f"people-{uuid.uuid4().hex[:8]}")
        asked = brought(Visitor().leads_to(here.authorize_url()))
        assert asked["redirect_uri"] == f"{aws.endpoint_url}/oauth2/idpresponse"


@contextmanager
def organization(aws: RunningEmulator) -> Iterator[Organization]:
    """A pool whose people come from a provider that runs as long as the block."""
    with run_provider() as issuer:
        yield make_organization(aws, issuer)


def a_code(here: Organization, visitor: Visitor | None = None) -> str:
    """What the pool sends to the application after the provider has vouched for Ana."""
    return brought((visitor or Visitor()).vouched_for(here.authorize_url(), ANA))["code"]


def error_of(answer: httpx.Response) -> str:
    """What OAuth calls a refusal."""
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


CASES = [
    code_needs_its_verifier,
    code_needs_the_clients_secret,
    code_needs_the_address_that_it_was_sent_to,
    challenge_is_of_the_one_method_that_there_is,
    only_flows_that_are_switched_on_are_begun,
    disabled_user_gets_no_code,
    disabled_user_gets_nothing_for_a_code,
    what_the_provider_refuses_reaches_the_application,
    browser_is_known_until_it_signs_out,
    sign_out_leads_to_registered_addresses_only,
    pools_domain_is_answered_for_here,
]
