"""Hyperparameter tuning jobs: a search that runs training jobs and learns from their objective metric."""
