"""Cognito's identity providers as resources: MiniStack has their API, and its CloudFormation does not."""

from ministack.services import cognito

from local.emulator.registry import Attributes, Properties, add, succeeded

FIXED = ("UserPoolId", "ProviderName", "ProviderType")


def install() -> None:
    add("AWS::Cognito::UserPoolIdentityProvider", _create, _delete, _update)


def _create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    succeeded(cognito._create_identity_provider(properties))
    return properties["ProviderName"], {}


def _update(physical_id: str, old: Properties, new: Properties, stack: str) -> tuple[str, Attributes]:
    if any(old.get(key) != new.get(key) for key in FIXED):
        created = _create("", new, stack)
        _delete(physical_id, old)
        return created
    succeeded(cognito._update_identity_provider({"AttributeMapping": {}} | new))
    return physical_id, {}


def _delete(physical_id: str, properties: Properties) -> None:
    # With its pool it is gone already.
    cognito._delete_identity_provider({"UserPoolId": properties["UserPoolId"], "ProviderName": physical_id})
