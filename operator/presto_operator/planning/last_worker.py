"""The last worker stays while queries run. Pure."""

from __future__ import annotations

from datetime import datetime

from presto_operator.objects import wanted_replicas
from presto_operator.planning.handover import LAST_PAGE
from presto_operator.planning.observation import Observation
from presto_operator.presto import QueryActivity

LAST_WORKER_MESSAGE = "the last worker stays until no query is unfinished"


def generation_to_ask(observation: Observation, serving: str | None, wanted_workers: int) -> str | None:
    """The generation whose queries decide whether its last worker may go; None if that isn't the question.

    Queries of a coordinator that isn't ready run on no worker.
    """
    if wanted_workers > 0 or serving is None or not observation.coordinator_is_ready(serving):
        return None
    workers = sum(wanted_replicas(deployment) for deployment in observation.deployments("worker", serving))
    return serving if workers else None


def kept_workers(wanted_workers: int, activity: QueryActivity | None, now: datetime) -> int:
    """How many workers there shall be instead of none.

    Args:
        wanted_workers: how many are asked for.
        activity: the queries of the coordinator; None: it could not be asked, and some may run.
        now: the time.
    """
    is_quiet = activity is not None and not activity.since(now - LAST_PAGE)
    return wanted_workers if is_quiet else max(1, wanted_workers)
