"""How many workers there shall be, and where. Pure."""

from presto_operator.scaling.autoscaler import Decision, decide
from presto_operator.scaling.history import read_autoscaling
from presto_operator.scaling.moves import replicas_while_moving
from presto_operator.scaling.placement import Placement, Supply, place_workers
from presto_operator.scaling.pool_limits import PoolObservation
from presto_operator.scaling.record import autoscaling_status, starting_point
from presto_operator.scaling.rollout import Revision, Step, next_step
from presto_operator.scaling.sample import MAX_SAMPLE_AGE, Sample

__all__ = [
    "MAX_SAMPLE_AGE",
    "Decision",
    "Placement",
    "PoolObservation",
    "Revision",
    "Sample",
    "Step",
    "Supply",
    "autoscaling_status",
    "decide",
    "next_step",
    "place_workers",
    "read_autoscaling",
    "replicas_while_moving",
    "starting_point",
]
