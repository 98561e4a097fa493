"""What is to be done about a cluster, from what was seen and what its status remembers. Pure."""

from presto_operator.planning.autoscale import (
    Autoscaled,
    autoscaling_field,
    autoscaling_notices,
    autoscaling_verdicts,
    scales_by_load,
    workers_to_ask,
)
from presto_operator.planning.backoff import HeldDeployment
from presto_operator.planning.decision import Decision, cost_question, decide, draft
from presto_operator.planning.departures import (
    DELETION_COST,
    FIRST_TO_GO,
    is_chosen,
    lowerings,
    replaced_notices,
    stayed,
    stayed_notice,
)
from presto_operator.planning.handover import LAST_PAGE
from presto_operator.planning.memory import Memory, memory_of
from presto_operator.planning.observation import Observation, PoolCount, Serving, observe, pool_counts
from presto_operator.planning.plan import Plan, is_served, plan
from presto_operator.planning.reclaim import (
    NodeSignals,
    Reclaim,
    is_coordinator,
    node_digest,
    reclaim_notices,
    reclaims,
    waiting_coordinator_notice,
    waiting_coordinator_words,
)
from presto_operator.planning.seen import MAY_START, Invalid, Reclaimed, Seen, Spec, Turn, Unreadable, Valid
from presto_operator.planning.serving import named_generations, serving_generation
from presto_operator.planning.supply import limit_notices
from presto_operator.planning.verdict import Verdict

__all__ = [
    "DELETION_COST",
    "FIRST_TO_GO",
    "LAST_PAGE",
    "MAY_START",
    "Autoscaled",
    "Decision",
    "HeldDeployment",
    "Invalid",
    "Memory",
    "NodeSignals",
    "Observation",
    "Plan",
    "PoolCount",
    "Reclaim",
    "Reclaimed",
    "Seen",
    "Serving",
    "Spec",
    "Turn",
    "Unreadable",
    "Valid",
    "Verdict",
    "autoscaling_field",
    "autoscaling_notices",
    "autoscaling_verdicts",
    "cost_question",
    "decide",
    "draft",
    "is_chosen",
    "is_coordinator",
    "is_served",
    "limit_notices",
    "lowerings",
    "memory_of",
    "named_generations",
    "node_digest",
    "observe",
    "plan",
    "pool_counts",
    "reclaim_notices",
    "reclaims",
    "replaced_notices",
    "scales_by_load",
    "serving_generation",
    "stayed",
    "stayed_notice",
    "waiting_coordinator_notice",
    "waiting_coordinator_words",
    "workers_to_ask",
]
