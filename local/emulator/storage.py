"""DynamoDB tables and S3 buckets: properties that MiniStack drops, and deletes that AWS refuses.

Also what a load balancer writes into the bucket of its logs as soon as it is made.
"""

from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import dynamodb, s3
from ministack.services.cloudformation import provisioners

from local.emulator.environment import ACCOUNT_ID
from local.emulator.registry import Properties, finish, guard_delete, prepare, succeeded, true


def install() -> None:
    prepare("AWS::DynamoDB::Table", _table_booleans)
    finish("AWS::DynamoDB::Table", _complete_table)
    guard_delete("AWS::DynamoDB::Table", _refuse_protected_table)
    # A bucket has its stack's tags, as whatever can have some, and what is done by tags finds it.
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    finish("AWS::S3::Bucket", _complete_bucket)
    guard_delete("AWS::S3::Bucket", _empty_bucket_only)
    finish("AWS::ElasticLoadBalancingV2::LoadBalancer", _try_the_log_bucket)


def _table_booleans(properties: Properties) -> Properties:
    protected = true(properties.get("DeletionProtectionEnabled"))
    return properties | {"DeletionProtectionEnabled": protected}


def _complete_table(table: str, properties: Properties) -> None:
    if expiry := properties.get("TimeToLiveSpecification"):
        wanted = {"Enabled": true(expiry["Enabled"]), "AttributeName": expiry.get("AttributeName", "")}
        succeeded(dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": wanted}))
    _reconcile_vector_indexes(table, properties)
    if encryption := properties.get("SSESpecification"):
        # The API calls Enabled what a template calls SSEEnabled.
        wanted = encryption | {"Enabled": true(encryption.get("SSEEnabled"))}
        dynamodb._tables[table]["SSEDescription"] = dynamodb._sse_description_from_spec(wanted)
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        wanted = {"PointInTimeRecoveryEnabled": true(recovery.get("PointInTimeRecoveryEnabled"))}
        request = {"TableName": table, "PointInTimeRecoverySpecification": wanted}
        succeeded(dynamodb._update_continuous_backups(request))


def _reconcile_vector_indexes(table: str, properties: Properties) -> None:
    """Make the table's vector indexes what the template says.

    On a new table, which has nothing in it, they are ready at once; on one that is there MiniStack lets them
    take its time, and unlike AWS the update does not wait for them.
    """
    record = dynamodb._tables[table]
    there = {index["IndexName"] for index in record.get("VectorIndexes") or []}
    wanted = {index["IndexName"]: _vector_index(index) for index in properties.get("VectorIndexes") or []}
    for name in there - wanted.keys():
        succeeded(
            dynamodb._update_table(
                {"TableName": table, "VectorIndexUpdates": [{"Delete": {"IndexName": name}}]}
            )
        )
    for name in wanted.keys() - there:
        request = {"TableName": table, "AttributeDefinitions": properties["AttributeDefinitions"]}
        succeeded(dynamodb._update_table(request | {"VectorIndexUpdates": [{"Create": wanted[name]}]}))
        if not any(record["items"].values()):
            for index in record["VectorIndexes"]:
                index.pop("_online_since", None)


def _vector_index(index: Properties) -> Properties:
    return index | {"Dimensions": int(index["Dimensions"])}


def _refuse_protected_table(table: str) -> None:
    if true((dynamodb._tables.get(table) or {}).get("DeletionProtectionEnabled")):
        raise ValueError(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )


def _complete_bucket(bucket: str, properties: Properties) -> None:
    if tags := properties.get("Tags"):
        s3._bucket_tags[bucket] = {each["Key"]: each["Value"] for each in tags}
    rules = (properties.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration")
    if rules:
        succeeded(s3._put_bucket_encryption(bucket, _encryption(rules)))
    rules = (properties.get("LifecycleConfiguration") or {}).get("Rules")
    if rules:
        succeeded(s3._put_bucket_lifecycle(bucket, _lifecycle(rules)))


def _empty_bucket_only(bucket: str) -> None:
    record = s3._buckets.get(bucket)
    if record and (record["objects"] or s3._bucket_has_versions(bucket)):
        raise ValueError("The bucket you tried to delete is not empty. You must delete all versions in it.")


def _try_the_log_bucket(_: str, properties: Properties) -> None:
    """Leave the file with which a load balancer tries the bucket that is to hold its access logs.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    attributes = {each["Key"]: each["Value"] for each in properties.get("LoadBalancerAttributes") or []}
    if not true(attributes.get("access_logs.s3.enabled")):
        return
    folder = f"{attributes.get('access_logs.s3.prefix', '')}/AWSLogs/{ACCOUNT_ID}".lstrip("/")
    text = b"Enable AccessLog for ELB"
    succeeded(s3._put_object(attributes["access_logs.s3.bucket"], f"{folder}/ELBAccessLogTestFile", text, {}))


def _encryption(rules: list[Properties]) -> bytes:
    root = Element("ServerSideEncryptionConfiguration", xmlns=s3.S3_NS)
    for rule in rules:
        element = SubElement(root, "Rule")
        default = SubElement(element, "ApplyServerSideEncryptionByDefault")
        for name in ("SSEAlgorithm", "KMSMasterKeyID"):
            if value := rule["ServerSideEncryptionByDefault"].get(name):
                SubElement(default, name).text = str(value)
        if "BucketKeyEnabled" in rule:
            SubElement(element, "BucketKeyEnabled").text = str(true(rule["BucketKeyEnabled"])).lower()
    return tostring(root)


# Per action of a lifecycle rule: the property and the API's nested element, as (property, element, child).
_LIFECYCLE_ACTIONS = (
    ("ExpirationInDays", "Expiration", "Days"),
    ("NoncurrentVersionExpiration", "NoncurrentVersionExpiration", "NoncurrentDays"),
    ("AbortIncompleteMultipartUpload", "AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
)


def _lifecycle(rules: list[Properties]) -> bytes:
    root = Element("LifecycleConfiguration", xmlns=s3.S3_NS)
    for number, rule in enumerate(rules):
        element = SubElement(root, "Rule")
        SubElement(element, "ID").text = rule.get("Id", f"rule-{number}")
        SubElement(element, "Status").text = rule["Status"]
        SubElement(SubElement(element, "Filter"), "Prefix").text = rule.get("Prefix", "")
        for name, action, child in _LIFECYCLE_ACTIONS:
            value = rule.get(name)
            days = value.get(child) if isinstance(value, dict) else value
            if days is not None:
                SubElement(SubElement(element, action), child).text = str(days)
    return tostring(root)
