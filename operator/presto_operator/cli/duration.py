"""Durations as values of options."""

from __future__ import annotations

from datetime import timedelta

import click
import durationpy


class Duration(click.ParamType[timedelta]):
    """A duration as Go and Kubernetes write it: `500ms`, `10s`, `5m`."""

    name = "duration"

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The duration; a `timedelta` is returned as it is."""
        if isinstance(value, timedelta):
            return value
        try:
            return durationpy.from_str(value)
        except durationpy.DurationError:
            self.fail(f'"{value}" is not a duration; write for example "500ms", "10s" or "5m"', param, ctx)


def duration_text(duration: timedelta) -> str:
    """The shortest text that is this duration."""
    return str(durationpy.to_str(duration))
