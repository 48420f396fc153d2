"""What a resource is, in the words of its type's schema, as Cloud Control's GetResource tells it.

https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-read.html
Properties that a schema calls writeOnly are told of none: EnabledMfas of a pool, a key's days of waiting.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import cognito, dynamodb, kms, s3

Properties = dict[str, Any]

POOL = (
    "UserPoolId", "AccountRecoverySetting", "AdminCreateUserConfig", "AliasAttributes",
    "AutoVerifiedAttributes", "DeletionProtection", "MfaConfiguration", "Policies", "UsernameAttributes",
    "UsernameConfiguration",
)  # fmt: skip


VECTOR_INDEX = (
    "IndexName", "VectorAttribute", "Dimensions", "DistanceFunction", "SearchSchema", "Projection",
)  # fmt: skip


def _table(name: str) -> Properties | None:
    if name not in dynamodb._tables:
        return None
    table = dynamodb._table_description(name)
    expiry = dynamodb._ttl_settings.get(name) or {}
    key = table.get("SSEDescription") or {}
    encryption = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key.get("KMSMasterKeyArn")}
    return {
        "TableName": name,
        "Arn": table["TableArn"],
        "BillingMode": (table.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED"),
        "AttributeDefinitions": table["AttributeDefinitions"],
        "KeySchema": table["KeySchema"],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index["IndexName"],
                "KeySchema": index["KeySchema"],
                "Projection": index["Projection"],
                "ContributorInsightsSpecification": {"Enabled": False},
            }
            for index in table.get("GlobalSecondaryIndexes") or []
        ],
        "VectorIndexes": [
            {name: index[name] for name in VECTOR_INDEX if name in index}
            for index in table.get("VectorIndexes") or []
        ],
        "DeletionProtectionEnabled": bool(dynamodb._tables[name].get("DeletionProtectionEnabled")),
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": bool(dynamodb._pitr_settings.get(name)),
        },
        "SSESpecification": encryption if key.get("Status") == "ENABLED" else {"SSEEnabled": False},
        "TimeToLiveSpecification": {
            "Enabled": expiry.get("TimeToLiveStatus") == "ENABLED",
            "AttributeName": expiry.get("AttributeName", ""),
        },
    }


def _pool(pool_id: str) -> Properties | None:
    pool = cognito._user_pools.get(pool_id)
    if pool is None:
        return None
    told = {"UserPoolId": pool_id, **pool}
    return {name: told[name] for name in POOL if told.get(name) is not None}


def _key(key_id: str) -> Properties | None:
    key = kms._keys.get(key_id)
    if key is None:
        return None
    return {
        "KeyId": key_id,
        "Arn": key["Arn"],
        "Description": key["Description"],
        "Enabled": key["Enabled"],
        "EnableKeyRotation": bool(key.get("KeyRotationEnabled")),
        "KeyPolicy": json.loads(key["Policy"]) if isinstance(key["Policy"], str) else key["Policy"],
    }


def _bucket(name: str) -> Properties | None:
    if name not in s3._buckets:
        return None
    status = s3._bucket_versioning.get(name)
    versioning = {"VersioningConfiguration": {"Status": status}} if status else {}
    return {"BucketName": name, "Arn": f"arn:aws:s3:::{name}", **versioning}


READ: dict[str, Callable[[str], Properties | None]] = {
    "AWS::Cognito::UserPool": _pool,
    "AWS::DynamoDB::Table": _table,
    "AWS::KMS::Key": _key,
    "AWS::S3::Bucket": _bucket,
}
"""By type, what reads one by its identifier; None where there is none."""
