"""What ends a command, split by who must act: exit code 2 is the caller's to mend, 1 is an operation that failed."""


class CliError(Exception):
    """One sentence that says what was wrong, where, and what to do."""

    exit_code = 1


class OperationFailedError(CliError):
    """The command was understood and could not be carried out."""


class BadInputError(CliError):
    """An argument or a file is not what the command needs."""

    exit_code = 2
