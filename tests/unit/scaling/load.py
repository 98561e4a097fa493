"""Samples of a load, and settings of autoscaling, of which a test names only what matters to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from presto_operator.api import Autoscaling, AutoscalingHistory
from presto_operator.presto.load import ClusterLoad
from presto_operator.scaling import decide
from presto_operator.scaling.autoscaler import Decision

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def autoscaling(**fields: Any) -> Autoscaling:
    """Autoscaling with these fields, as a manifest has them.

    Unless told, it is by two queries a worker, 1 to 100 workers, and with HPA's windows.
    """
    windows = {"scaleUp": {"stabilizationWindowSeconds": 0}, "scaleDown": {"stabilizationWindowSeconds": 300}}
    defaults: dict[str, Any] = {"maxReplicas": 100, "targets": {"queriesPerWorker": "2"}, "behavior": windows}
    return Autoscaling.model_validate({**defaults, **fields}, by_alias=True, by_name=False)


def sample(at: datetime = NOON, **fields: Any) -> ClusterLoad:
    """A sample of a cluster without any query, with these fields changed."""
    idle: dict[str, Any] = {
        "running": 0,
        "blocked": 0,
        "queued": 0,
        "waiting": 0,
        "held_back": 0,
        "active_workers": 0,
        "worker_cpu_percent": None,
        "workers_with_cpu": 0,
    }
    return ClusterLoad(at=at, **{**idle, **fields})


@dataclass
class Fleet:
    """Workers that follow one decision after the other, on a clock that only the test moves."""

    settings: Autoscaling
    wanted: int = 1
    now: datetime = NOON
    history: AutoscalingHistory = field(default_factory=AutoscalingHistory)

    def decide(self, **load: Any) -> Decision:
        """The decision under this load, which is followed at once."""
        return self._followed(sample(self.now, **load))

    def decide_blindly(self) -> Decision:
        """The decision without a sample."""
        return self._followed(None)

    def after(self, **duration: float) -> Fleet:
        """This fleet, so much later."""
        self.now += timedelta(**duration)
        return self

    def _followed(self, load: ClusterLoad | None) -> Decision:
        decision = decide(self.settings, sample=load, wanted=self.wanted, history=self.history, now=self.now)
        self.wanted, self.history = decision.wanted, decision.history
        return decision
