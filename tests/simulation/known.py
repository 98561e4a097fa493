"""Defects that the simulation has found and that are not mended yet. Each is looked away from by name, until it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto


class Known(Enum):
    """A defect that is not mended yet."""

    SCALED_WITHOUT_BUDGET = auto()
    """While another generation is pending, the pools of the serving one are scaled without a budget."""
    NOT_HEALED = auto()
    """What serves is not created again while the spec is invalid, nor its Deployments while another is pending (M7)."""

    LATE_STATUS = auto()
    """Where the status of a Deployment is late, ready workers may count as if they didn't serve, and are removed."""
    LABEL_OF_DEPLOYMENT = auto()
    """A Deployment whose label was removed is forgotten: old workers stay for good, and where it is the serving
    coordinator's, its generation counts as gone, and what belongs to it is removed."""


_unmended = set(Known)


def is_unmended(defect: Known) -> bool:
    """Whether the simulation looks away from a defect."""
    return defect in _unmended


@contextmanager
def looking_at(defect: Known) -> Iterator[None]:
    """Don't look away from this defect, for a test that it is still there."""
    _unmended.discard(defect)
    try:
        yield
    finally:
        _unmended.add(defect)
