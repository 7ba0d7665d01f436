"""The offsets of Model Monitor: ISO 8601 durations of days, hours and minutes, back from a schedule's time."""

import re
from datetime import timedelta
from typing import Final

from localcloud.sagemaker.jobs.checks import invalid

_DURATION: Final = re.compile(r"(-?)P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?)?")


def offset(text: str, field: str) -> timedelta:
    """`-PT1H` → minus one hour; ValidationException that names the `field` for anything but a way back (or none)."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise invalid(f"{field} is {text}; it must be an ISO 8601 duration such as -PT1H or -P1D")
    days, hours, minutes = (int(part or 0) for part in match.groups()[1:])
    length = timedelta(days=days, hours=hours, minutes=minutes)
    if length and not match[1]:
        raise invalid(f"{field} is {text}; it must lie before the schedule's time: write -{text}")
    return -length
