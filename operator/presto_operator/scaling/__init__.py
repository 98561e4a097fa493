"""How many workers there shall be, and where. Pure."""

from presto_operator.scaling.placement import Placement, place_workers

__all__ = ["Placement", "place_workers"]
