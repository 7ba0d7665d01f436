"""Errors, split by who must act on them."""


class SluiceError(Exception):
    """Base of every error that Sluice raises on purpose."""


class BadInputError(SluiceError):
    """The user must act: the file or the definition is wrong. The message says what, where and what to do."""


class TransientError(SluiceError):
    """Nobody must act: the same call may succeed later, and the caller retries."""


class DefectError(SluiceError):
    """We must act: something that the design rules out has happened."""
