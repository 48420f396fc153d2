"""The data stack: the table of sessions, conversations and usage, and the bucket of people's files.

It owns nothing that can be built again.
"""

from __future__ import annotations

from troposphere import If, NoValue, Template, dynamodb, s3

from templates.parameters import handed_on
from templates.parts.buckets import BUCKET_LOGS, S3_KEYS, private_bucket, tls_only
from templates.parts.change_index import CHANGE_INDEX
from templates.parts.deletion_policies import deletion_policies, keeps_data
from templates.parts.library import VECTOR_INDEX, has_library
from templates.parts.own_key import has_own_key
from templates.wiring import Value, declare, describe, new_template, output, parameter, publish, seam

PARTITION_KEY = "pk"
SORT_KEY = "sk"
CHANGE_ATTRIBUTE = "updated_at"
"""Epoch seconds; only the heads of conversations have it, so only they are in the index."""
EXPIRY_ATTRIBUTE = "expires_at"
"""Epoch seconds; DynamoDB deletes the item some time after."""
VECTOR_ATTRIBUTE = "vector"
DIMENSIONS = 512
OWNER_ATTRIBUTE = "library"
"""Whose a passage is: DynamoDB searches in one library at a time, and wants to be told in which."""
FILTERS = ("model", "collection", "document", "language")
"""By what else a search may be narrowed: equal to a value, or left open."""
UPLOADS = "uploads/"
"""What was uploaded and never sent; what was sent is copied out of here."""
UPLOAD_DAYS = 1
DELETED_FILE_DAYS = 3
DELETED_FILE_DAYS_FOR_THROW_AWAY = 1
"""So long a deleted file can be had back by whoever runs the deployment; after that it is gone."""


@seam
class Inputs:
    key_arn: Value = parameter("String", "The deployment's own key; empty for AWS's.")
    artifact_bucket_name: Value = handed_on()
    keep_data: Value = handed_on()
    embedding_model_id: Value = handed_on()


@seam
class Outputs:
    table_name: Value = output("The table of sessions, conversations and usage.")
    table_arn: Value = output("ARN of the table, for the tasks' policy.")
    files_bucket_name: Value = output("The bucket of the files that people attach.")
    files_bucket_arn: Value = output("ARN of that bucket, for the tasks' policy.")


def template(keep_data: str) -> Template:
    """What must survive, unless `keep_data` is no."""
    t = new_template("Asistente - data: the table with sessions, conversations and usage, people's files.")
    inputs = declare(t, Inputs)
    kept = keeps_data(t, inputs.keep_data)
    table = _table(t, inputs, keep_data, kept)
    files = _files(t, inputs, keep_data, kept)
    publish(
        t,
        Outputs(
            table_name=table.ref(),
            table_arn=table.get_att("Arn"),
            files_bucket_name=files.ref(),
            files_bucket_arn=files.get_att("Arn"),
        ),
    )
    return t


def _table(t: Template, inputs: Inputs, keep_data: str, kept: str) -> dynamodb.Table:
    """The one table."""
    library = has_library(t, inputs.embedding_model_id)
    return dynamodb.Table(
        "Table",
        t,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            dynamodb.AttributeDefinition(AttributeName=PARTITION_KEY, AttributeType="S"),
            dynamodb.AttributeDefinition(AttributeName=SORT_KEY, AttributeType="S"),
            dynamodb.AttributeDefinition(AttributeName=CHANGE_ATTRIBUTE, AttributeType="N"),
            # DynamoDB refuses the definition of an attribute that no key and no index uses.
            *(If(library, _text(name), NoValue) for name in (OWNER_ATTRIBUTE, *FILTERS)),
        ],
        KeySchema=[
            dynamodb.KeySchema(AttributeName=PARTITION_KEY, KeyType="HASH"),
            dynamodb.KeySchema(AttributeName=SORT_KEY, KeyType="RANGE"),
        ],
        GlobalSecondaryIndexes=[_change_index()],
        VectorIndexes=If(library, [_vector_index()], NoValue),
        TimeToLiveSpecification=dynamodb.TimeToLiveSpecification(
            AttributeName=EXPIRY_ATTRIBUTE, Enabled=True
        ),
        PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(
            PointInTimeRecoveryEnabled=True
        ),
        SSESpecification=If(
            has_own_key(t, inputs.key_arn),
            dynamodb.SSESpecification(SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=inputs.key_arn),
            # Said, not left out: a table that had the other key would refuse the update.
            dynamodb.SSESpecification(SSEEnabled=False),
        ),
        DeletionProtectionEnabled=If(kept, True, False),
        Metadata=describe("Holds sessions, conversations and token usage, shared by all tasks."),
        **deletion_policies(keep_data),
    )


def _change_index() -> dynamodb.GlobalSecondaryIndex:
    """A person's conversations by their last change.

    CloudFormation adds or removes one index in an update, and changes none in place: the keys alone are in
    it, so that nothing which the application lists one day makes it another index.
    """
    return dynamodb.GlobalSecondaryIndex(
        IndexName=CHANGE_INDEX,
        KeySchema=[
            dynamodb.KeySchema(AttributeName=PARTITION_KEY, KeyType="HASH"),
            dynamodb.KeySchema(AttributeName=CHANGE_ATTRIBUTE, KeyType="RANGE"),
        ],
        Projection=dynamodb.Projection(ProjectionType="KEYS_ONLY"),
    )


def _vector_index() -> dynamodb.VectorIndex:
    """The passages of documents by their meaning. Nothing of it can be changed: another is another index.

    The keys alone are in it, with the vector and what narrows a search: what a search examines is paid for,
    and a passage whose document was deleted a moment ago is not found in the table any more.
    """
    narrowing = [(OWNER_ATTRIBUTE, "HASH"), *((name, "INLINE_FILTER") for name in FILTERS)]
    return dynamodb.VectorIndex(
        IndexName=VECTOR_INDEX,
        VectorAttribute=dynamodb.VectorAttribute(AttributeName=VECTOR_ATTRIBUTE),
        Dimensions=DIMENSIONS,
        DistanceFunction="COSINE",
        SearchSchema=[
            dynamodb.SearchSchemaElement(AttributeName=name, SearchSchemaElementType=kind)
            for name, kind in narrowing
        ],
        Projection=dynamodb.Projection(ProjectionType="KEYS_ONLY"),
    )


def _text(name: str) -> dynamodb.AttributeDefinition:
    return dynamodb.AttributeDefinition(AttributeName=name, AttributeType="S")


def _files(t: Template, inputs: Inputs, keep_data: str, kept: str) -> s3.Bucket:
    """The bucket of people's files, encrypted with the deployment's key when it has one."""
    own = s3.ServerSideEncryptionRule(
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
            SSEAlgorithm="aws:kms", KMSMasterKeyID=inputs.key_arn
        ),
        BucketKeyEnabled=True,
    )
    bucket = private_bucket(
        t,
        "Files",
        purpose="Holds the files that people attach, each under its owner and conversation.",
        days=None,
        # The policies alone would be no change that CloudFormation takes notice of.
        noncurrent_days=If(kept, DELETED_FILE_DAYS, DELETED_FILE_DAYS_FOR_THROW_AWAY),
        sooner={UPLOADS: UPLOAD_DAYS},
        encryption=If(has_own_key(t, inputs.key_arn), own, S3_KEYS),
        policies=deletion_policies(keep_data),
        LoggingConfiguration=s3.LoggingConfiguration(
            DestinationBucketName=inputs.artifact_bucket_name, LogFilePrefix=f"{BUCKET_LOGS}files/"
        ),
    )
    tls_only(t, bucket, purpose="Refuses every request that does not come over TLS.")
    return bucket
