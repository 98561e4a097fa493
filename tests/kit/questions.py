"""Queries of TPC-H data, and their right answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """A query, and the rows that are the right answer, in whatever order."""

    name: str
    sql: str
    rows: Sequence[Row]

    def is_answered_by(self, rows: Sequence[Row]) -> bool:
        """Whether these are the right rows."""
        return sorted(rows) == sorted(self.rows)


SHORT = Question("orders", "SELECT count(*) FROM tpch.tiny.orders", [(15_000,)])
"""Less than a second."""
JOIN = Question(
    "join",
    "SELECT count(*) FROM tpch.sf1.lineitem l JOIN tpch.sf1.orders o ON l.orderkey = o.orderkey",
    [(6_001_215,)],
)
"""Several seconds, on every worker."""
DISTINCT = Question("distinct", "SELECT count(DISTINCT orderkey) FROM tpch.sf1.lineitem", [(1_500_000,)])
"""Several seconds, on every worker."""
SCAN = Question(
    "scan", "SELECT count(*) FROM tpch.sf1.lineitem WHERE comment NOT LIKE '%absent%words%'", [(6_001_215,)]
)
"""Several seconds, on every worker, with hardly any memory."""

ENDLESS = "SELECT count(*) FROM tpch.sf1.lineitem l JOIN tpch.sf1.orders o ON l.orderkey < -o.orderkey"
"""Runs on every worker until it is killed."""
ENDLESS_ON_ONE_WORKER = (
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a (x) CROSS JOIN UNNEST(sequence(1, 10000)) b (y) "
    "CROSS JOIN UNNEST(sequence(1, 1000)) c (z) WHERE x + y + z > 0"
)
"""Runs on whichever worker Presto chooses, until it is killed."""
