"""Defects that the simulation has found and that are not mended yet. Each is looked away from by name, until it is."""

from __future__ import annotations

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
    """A Deployment whose label was removed is forgotten, and its workers with it."""


UNMENDED: frozenset[Known] = frozenset(Known)
