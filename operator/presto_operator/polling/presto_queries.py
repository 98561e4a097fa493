"""Asking a coordinator for its queries, when a decision depends on them."""

from __future__ import annotations

import logging

from presto_operator.desired import coordinator_name
from presto_operator.kube import ClusterKey
from presto_operator.polling.presto_transport import Presto
from presto_operator.presto import QUERIES_QUESTION, PrestoUnavailableError, QueryActivity
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)


class QueryReader:
    """Asks a generation's coordinator for its queries.

    A pass waits for the answer, unlike for what is polled: a decision to interrupt queries, and the report of what it
    cost, need the queries of this moment. They are asked for only while such a decision is due.
    """

    def __init__(self, presto: Presto) -> None:
        self._presto = presto

    async def activity(self, key: ClusterKey, generation: str) -> QueryActivity | None:
        """The queries of this generation; None if its coordinator gave no answer within seconds."""
        try:
            service = coordinator_name(key, generation)
            return await self._presto.get_of_service(key.namespace, service, QUERIES_QUESTION)
        except PrestoUnavailableError as error:
            metrics.presto_poll_errors.labels(key.namespace, key.name).inc()
            _logger.warning("%s: queries of generation %s could not be read: %s", key, generation, error)
            return None
