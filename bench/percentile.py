"""Percentiles of a few hundred samples."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(samples: Sequence[float], percent: float) -> float | None:
    """The smallest sample that is no less than `percent` percent of them (nearest rank); None if there is none.

    It is always a sample that was measured: nothing is interpolated.

    Raises:
        ValueError: `percent` is not above 0 and up to 100.
    """
    if not 0 < percent <= 100:
        raise ValueError(f"there is no percentile {percent:g}")
    if not samples:
        return None
    return sorted(samples)[math.ceil(len(samples) * percent / 100) - 1]
