"""Why Presto can't be asked."""


class PrestoUnavailableError(Exception):
    """Presto did not answer, or not as expected."""


class PrestoNotFoundError(PrestoUnavailableError):
    """Presto answered that what was asked for doesn't exist."""


class PrestoAnswerTooLargeError(PrestoUnavailableError):
    """Presto's answer exceeds the limit of its endpoint, or a large one is unusable or did not arrive in time."""
