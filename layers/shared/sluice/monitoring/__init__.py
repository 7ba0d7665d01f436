"""Watching production: which check follows from a request, what it reads, and which schedules there must be. Pure."""
