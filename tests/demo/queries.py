"""Queries of the TPC-H benchmark that a person can check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    """A query, and what it asks in words."""

    question: str
    sql: str


QUERIES = (
    Query(
        "How many line items are there? (TPC-H says 60175 at this scale)", "SELECT count(*) AS line_items FROM lineitem"
    ),
    Query(
        "Q1, pricing summary: what has been billed, shipped and returned?",
        """
        SELECT returnflag, linestatus, sum(quantity) AS quantity, round(sum(extendedprice)) AS price, count(*) AS orders
        FROM lineitem
        WHERE shipdate <= DATE '1998-12-01' - INTERVAL '90' DAY
        GROUP BY returnflag, linestatus
        ORDER BY returnflag, linestatus
        """,
    ),
    Query(
        "Q5, local supplier volume: which nation of Asia earned most at home in 1994?",
        """
        SELECT n.name AS nation, round(sum(l.extendedprice * (1 - l.discount))) AS revenue
        FROM customer c, orders o, lineitem l, supplier s, nation n, region r
        WHERE c.custkey = o.custkey AND l.orderkey = o.orderkey AND l.suppkey = s.suppkey
          AND c.nationkey = s.nationkey AND s.nationkey = n.nationkey AND n.regionkey = r.regionkey
          AND r.name = 'ASIA' AND o.orderdate >= DATE '1994-01-01' AND o.orderdate < DATE '1995-01-01'
        GROUP BY n.name
        ORDER BY revenue DESC
        """,
    ),
    Query(
        "Which workers has Presto itself got?",
        "SELECT node_id, node_version, state FROM system.runtime.nodes WHERE coordinator = false ORDER BY node_id",
    ),
)
