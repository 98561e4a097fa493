"""Why Presto ran queries again, by its own account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import requests

from bench.faults.tally import Outcome

_REQUEST_SECONDS = 10.0
UNKNOWN = "UNKNOWN"


def retried_for(base_url: str, outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Error codes of the attempts that another followed, counted; UNKNOWN where Presto doesn't know the query."""
    attempts = [query_id for outcome in outcomes for query_id in outcome.query_ids[:-1]]
    return dict(Counter(_error_code(base_url, query_id) for query_id in attempts).most_common())


def _error_code(base_url: str, query_id: str) -> str:
    try:
        answer = requests.get(f"{base_url}/v1/query/{query_id}", timeout=_REQUEST_SECONDS)
    except requests.RequestException:
        return UNKNOWN
    if not answer.ok:
        return UNKNOWN
    return str((answer.json().get("errorCode") or {}).get("name", UNKNOWN))
