"""What may go wrong when Presto is asked something."""


class PrestoUnavailableError(Exception):
    """Presto did not answer, or not with what it should have."""


class PrestoNotFoundError(PrestoUnavailableError):
    """Presto knows no such thing."""
