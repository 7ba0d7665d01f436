"""Model Monitor: job definitions, schedules, and the processing jobs that a schedule starts.

What a firing of a schedule analyzes, and when it comes, stands in `window` and `expression`.
"""
