"""Durations (`90s`, `30m`, `1h30m`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import durationpy
from pydantic import Field

from presto_operator.api.field_rules import Matches, matches
from presto_operator.api.rules import CelRule, FieldRule, Problem, cel, shown

# Go's form, without a sign and without fractions, which no setting of ours needs.
_PATTERN = r"^([0-9]{1,9}(h|m|s))+$"
_FORM = 'be a duration, for example "90s", "30m" or "1h30m"'

Duration = Annotated[str, Field(max_length=32), Matches(_PATTERN, _FORM)]


def duration_seconds(duration: str) -> int:
    """The whole seconds in a duration.

    Raises:
        ValueError: `duration` is not one.
    """
    if not matches(_PATTERN, duration):
        raise ValueError(f"must {_FORM} (got {shown(duration)})")
    return int(durationpy.from_str(duration).total_seconds())


@dataclass(frozen=True)
class Between(FieldRule):
    """A duration from `least` to `most`."""

    least: str
    most: str

    def cel(self) -> Sequence[CelRule]:
        """One rule."""
        expression = f"duration(self) >= duration('{self.least}') && duration(self) <= duration('{self.most}')"
        return [cel(expression, f"must be {self._bounds}")]

    def sentence(self) -> str:
        """The bounds."""
        return f"{self._bounds.capitalize()}."

    def problems(self, value: str) -> Iterator[Problem]:
        """A shorter or a longer duration."""
        if not duration_seconds(self.least) <= duration_seconds(value) <= duration_seconds(self.most):
            yield Problem("", f"must be {self._bounds} (got {shown(value)})")

    @property
    def _bounds(self) -> str:
        return f"from {self.least} to {self.most}"
