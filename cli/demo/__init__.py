"""`sluice demo`: the whole loop once, from an empty local cloud to predictions, as a list of stages."""
