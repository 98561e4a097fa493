"""The last worker is kept while queries run. Pure."""

from __future__ import annotations

from datetime import datetime

from presto_operator.objects import wanted_replicas
from presto_operator.planning.handover import LAST_PAGE
from presto_operator.planning.observation import Observation
from presto_operator.presto import QueryActivity

LAST_WORKER_MESSAGE = "the last worker is kept until no queries run"


def generation_to_ask(observation: Observation, serving: str | None, wanted_workers: int) -> str | None:
    """The generation whose queries decide whether its last worker may be removed; None if no worker is in question.

    A coordinator that isn't ready has no queries.
    """
    if wanted_workers > 0 or serving is None or not observation.coordinator_is_ready(serving):
        return None
    workers = sum(wanted_replicas(deployment) for deployment in observation.deployments("worker", serving))
    return serving if workers else None


def kept_workers(wanted_workers: int, activity: QueryActivity | None, now: datetime) -> int:
    """The number of workers to keep: at least one while queries run.

    Args:
        wanted_workers: how many are desired.
        activity: the queries of the coordinator; None if they are unknown: some may run then.
        now: the time.
    """
    is_quiet = activity is not None and not activity.since(now - LAST_PAGE)
    return wanted_workers if is_quiet else max(1, wanted_workers)
