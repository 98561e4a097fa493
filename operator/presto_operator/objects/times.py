"""Times as Kubernetes writes them: RFC 3339, in whole seconds, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def kubernetes_time(text: object) -> datetime | None:
    """The moment that a time of the Kubernetes API means; None if `text` is no time.

    A time without a zone is UTC.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def format_time(moment: datetime) -> str:
    """The moment as the Kubernetes API takes it, such as `2026-01-01T08:30:00Z`; fractions of a second are cut off."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_time(moment: datetime) -> str:
    """The time of day in a message, such as `08:30:00 UTC`."""
    return moment.astimezone(UTC).strftime("%H:%M:%S UTC")


def duration_text(duration: timedelta) -> str:
    """A duration in a message: `95 s`, `12 min`, `3 h 5 min`."""
    seconds = round(duration.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours >= 2 else f"{60 * hours + minutes} min"
