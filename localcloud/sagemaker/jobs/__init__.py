"""Processing and training jobs: processes that keep SageMaker's container contract."""
