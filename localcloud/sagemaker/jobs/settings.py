"""How the local cloud runs jobs; nothing here is an AWS parameter."""

from dataclasses import dataclass

from localcloud.sagemaker.jobs.isolation import Choice


@dataclass(frozen=True)
class JobSettings:
    """Seconds as on AWS: the cloud's time scale shortens the waits.

    `isolation` forces one of the two ways to /opt/ml. `keep_files` leaves a job's data beside its log when it has
    succeeded (a failed job's data always stay, to be looked at).
    """

    isolation: Choice = "auto"
    stop_grace_seconds: float = 120.0
    checkpoint_seconds: float = 60.0
    keep_files: bool = False
