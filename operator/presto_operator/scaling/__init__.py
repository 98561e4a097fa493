"""How many workers there shall be, and where. Pure."""

from presto_operator.scaling.moves import replicas_while_moving
from presto_operator.scaling.placement import Placement, Supply, place_workers
from presto_operator.scaling.pool_limits import PoolObservation
from presto_operator.scaling.rollout import Revision, Step, next_step

__all__ = [
    "Placement",
    "PoolObservation",
    "Revision",
    "Step",
    "Supply",
    "next_step",
    "place_workers",
    "replicas_while_moving",
]
