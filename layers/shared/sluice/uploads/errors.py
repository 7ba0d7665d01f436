from sluice.errors import BadInputError


class UnusableUploadError(BadInputError):
    """The file cannot be trained on; the message says what, where and what to do."""
