"""Following a run: its history as events, its tuning job's progress, and how both are told."""
