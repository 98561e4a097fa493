"""How many workers there shall be, and where. Pure."""

from presto_operator.scaling.budget import AtRisk, Turnover, next_turnover
from presto_operator.scaling.placement import Placement, Supply, place_workers
from presto_operator.scaling.pool_limits import PoolObservation
from presto_operator.scaling.rollout import Revision, Step, next_step
from presto_operator.scaling.victims import Candidate, Departure, departure, depends_on_tasks

__all__ = [
    "AtRisk",
    "Candidate",
    "Departure",
    "Placement",
    "PoolObservation",
    "Revision",
    "Step",
    "Supply",
    "Turnover",
    "departure",
    "depends_on_tasks",
    "next_step",
    "next_turnover",
    "place_workers",
]
