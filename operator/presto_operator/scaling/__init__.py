"""How many workers are desired, in which pools, and which are removed. Pure."""

from presto_operator.scaling.autoscaler import decide
from presto_operator.scaling.budget import AtRisk, Turnover, next_turnover
from presto_operator.scaling.history import read_autoscaling
from presto_operator.scaling.pace import Revision
from presto_operator.scaling.placement import Placement, Supply, place_workers
from presto_operator.scaling.pool_limits import PoolObservation
from presto_operator.scaling.record import autoscaling_status, starting_point
from presto_operator.scaling.sample import is_fresh
from presto_operator.scaling.victims import Candidate, Departure, departure, depends_on_tasks

__all__ = [
    "AtRisk",
    "Candidate",
    "Departure",
    "Placement",
    "PoolObservation",
    "Revision",
    "Supply",
    "Turnover",
    "autoscaling_status",
    "decide",
    "departure",
    "depends_on_tasks",
    "is_fresh",
    "next_turnover",
    "place_workers",
    "read_autoscaling",
    "starting_point",
]
