"""All that is in the deployment's one DynamoDB table."""
