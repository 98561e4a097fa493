"""Presto's HTTP API: the only I/O of this package."""

from __future__ import annotations

import requests

from presto_operator.presto.stats import CLUSTER_PATH, ClusterStats, PrestoUnavailableError, cluster_stats

_CONNECT_TIMEOUT_SECONDS = 2.0
_READ_TIMEOUT_SECONDS = 3.0


def fetch_cluster_stats(base_uri: str) -> ClusterStats:
    """Ask the coordinator at `base_uri`. Blocks for at most five seconds.

    Raises:
        PrestoUnavailableError: it can't be reached, refuses, or answers nonsense.
    """
    try:
        response = requests.get(f"{base_uri}{CLUSTER_PATH}", timeout=(_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS))
        response.raise_for_status()
        return cluster_stats(response.json())
    except requests.RequestException as error:
        raise PrestoUnavailableError(f"{base_uri}{CLUSTER_PATH}: {error}") from error
