"""The local SageMaker: its API is checked by botocore's own model, its jobs and endpoints are real processes."""
