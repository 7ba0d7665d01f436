"""Searching hyperparameters: the parameters of a tuning job, and the choice between what it found and the baseline."""
