"""Looks at a data file and proposes a model definition, each choice with its evidence. Pure but for reading.py."""
