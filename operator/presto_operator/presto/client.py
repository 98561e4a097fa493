"""Presto's HTTP API: the only I/O of this package."""

from __future__ import annotations

import json
import time
from typing import Any

import requests
import urllib3

from presto_operator.presto.queries import QUERIES_PATH, QueryActivity, query_activity
from presto_operator.presto.stats import CLUSTER_PATH, ClusterStats, PrestoUnavailableError, cluster_stats
from presto_operator.presto.tasks import SUMMARIZED, TASKS_PATH, running_tasks

_CONNECT_TIMEOUT_SECONDS = 2.0
_READ_TIMEOUT_SECONDS = 3.0
_TOTAL_TIMEOUT_SECONDS = 5.0
_CHUNK_BYTES = 64 * 1024

_MAX_STATS_BYTES = 1024 * 1024
_MAX_TASKS_BYTES = 16 * 1024 * 1024
_MAX_QUERIES_BYTES = 64 * 1024 * 1024
"""Each query comes with its text, which may have a million characters; most have a few hundred."""


def fetch_cluster_stats(base_uri: str) -> ClusterStats:
    """Ask the coordinator at `base_uri`. Blocks for about five seconds at most, however slowly it answers.

    Raises:
        PrestoUnavailableError: it can't be reached, refuses, or answers nonsense.
    """
    return cluster_stats(_fetch(f"{base_uri}{CLUSTER_PATH}", _MAX_STATS_BYTES))


def fetch_query_activity(base_uri: str) -> QueryActivity:
    """Ask the coordinator at `base_uri` for its queries. Blocks for about five seconds at most.

    Raises:
        PrestoUnavailableError: it can't be reached, refuses, or answers nonsense.
    """
    return query_activity(_fetch(f"{base_uri}{QUERIES_PATH}", _MAX_QUERIES_BYTES))


def fetch_running_tasks(base_uri: str) -> int:
    """Ask the worker at `base_uri` how many tasks it runs. Blocks for about five seconds at most.

    Raises:
        PrestoUnavailableError: it can't be reached, refuses, or answers nonsense.
    """
    return running_tasks(_fetch(f"{base_uri}{TASKS_PATH}?{'='.join(SUMMARIZED)}", _MAX_TASKS_BYTES))


def _fetch(uri: str, max_bytes: int) -> Any:
    """The JSON at `uri`."""
    try:
        with requests.Session() as session:
            # A proxy of the operator's environment is for the world outside, not for Services.
            session.trust_env = False
            timeout = (_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS)
            with session.get(uri, timeout=timeout, stream=True) as response:
                response.raise_for_status()
                return json.loads(_content(response, max_bytes))
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise PrestoUnavailableError(f"{uri}: {error}") from error


def _content(response: requests.Response, max_bytes: int) -> bytes:
    # requests' read timeout is for each read: a server that sends a byte now and then would never meet it.
    deadline = time.monotonic() + _TOTAL_TIMEOUT_SECONDS
    content = bytearray()
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        content += chunk
        if time.monotonic() > deadline:
            raise PrestoUnavailableError(f"{response.url}: no whole answer within {_TOTAL_TIMEOUT_SECONDS:g} s")
        if len(content) > max_bytes:
            raise PrestoUnavailableError(f"{response.url}: the answer is longer than {max_bytes} bytes")
    return bytes(content)
