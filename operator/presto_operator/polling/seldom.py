"""Servers whose answers are too large are asked seldom."""

from __future__ import annotations

from presto_operator.kube import ClusterKey
from presto_operator.polling.pace import loop_time
from presto_operator.presto import PrestoAnswerTooLargeError
from presto_operator.telemetry import metrics

REST_SECONDS = 300.0
"""How long a coordinator is not asked after two answers in a row were too large, and after each further one."""
_PATIENCE = 2


class SeldomAsked:
    """Which coordinators are not asked for the moment, because receiving their answers costs too much."""

    def __init__(self) -> None:
        self._in_a_row: dict[tuple[ClusterKey, str], int] = {}
        self._rests_until: dict[tuple[ClusterKey, str], float] = {}
        self._news: dict[ClusterKey, str] = {}

    def rests(self, key: ClusterKey, what: str) -> bool:
        """Whether a cluster is not to be asked for this now."""
        return loop_time() < self._rests_until.get((key, what), 0.0)

    def answered(self, key: ClusterKey, what: str) -> None:
        """Its answer was within the limits."""
        self._in_a_row.pop((key, what), None)
        if self._rests_until.pop((key, what), None) is not None:
            self._publish(key)

    def too_large(self, key: ClusterKey, what: str, error: PrestoAnswerTooLargeError) -> None:
        """Its answer was too large."""
        metrics.presto_large_answers.labels(key.namespace, key.name).inc()
        self._in_a_row[key, what] = self._in_a_row.get((key, what), 0) + 1
        if self._in_a_row[key, what] < _PATIENCE:
            return
        if (key, what) not in self._rests_until:
            self._news[key] = (
                f"Presto's answers are too large, so it is asked for its {what} every {REST_SECONDS / 60:g} minutes "
                f"only: {error}"
            )
        self._rests_until[key, what] = loop_time() + REST_SECONDS
        self._publish(key)

    def take_news(self, key: ClusterKey) -> str:
        """What is to be told about a cluster since the last call; empty if there is nothing."""
        return self._news.pop(key, "")

    def forget(self, key: ClusterKey) -> None:
        """Forget a cluster that is no more."""
        self._news.pop(key, None)
        for known in (self._in_a_row, self._rests_until):
            for entry in [entry for entry in known if entry[0] == key]:
                del known[entry]

    def _publish(self, key: ClusterKey) -> None:
        is_resting = any(cluster == key for cluster, _ in self._rests_until)
        metrics.presto_asked_seldom.labels(key.namespace, key.name).set(is_resting)
