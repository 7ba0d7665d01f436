"""Batch transform jobs: a model's containers answer every record of files in S3."""
