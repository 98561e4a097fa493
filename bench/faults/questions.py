"""The fixed load: queries of TPC-H, and the rows that are the right answers."""

from __future__ import annotations

from tests.kit.questions import Question

SHORT = (
    Question("orders", "SELECT count(*) FROM tpch.tiny.orders", ((15_000,),)),
    Question(
        "ship-modes",
        "SELECT shipmode, count(*) FROM tpch.tiny.lineitem GROUP BY 1",
        (
            ("AIR", 8491),
            ("FOB", 8641),
            ("MAIL", 8669),
            ("RAIL", 8566),
            ("REG AIR", 8616),
            ("SHIP", 8482),
            ("TRUCK", 8710),
        ),
    ),
    Question(
        "customers-of-america",
        "SELECT n.name, count(*) FROM tpch.tiny.customer c JOIN tpch.tiny.nation n ON c.nationkey = n.nationkey "
        "WHERE n.regionkey = 1 GROUP BY 1",
        (("ARGENTINA", 59), ("BRAZIL", 68), ("CANADA", 69), ("PERU", 56), ("UNITED STATES", 48)),
    ),
    Question("quantity", "SELECT sum(quantity) FROM tpch.tiny.lineitem", ((1_536_127.0,),)),
)
"""A second or less each, on every worker."""

LONG = (
    Question(
        "line-items",
        "SELECT returnflag, linestatus, count(*) FROM tpch.sf1.lineitem GROUP BY 1, 2",
        (("A", "F", 1_478_493), ("N", "F", 38_854), ("N", "O", 3_004_998), ("R", "F", 1_478_870)),
    ),
    # Its rows go to the client while it runs: what Presto can't run again.
    Question(
        "customer-keys",
        "SELECT custkey FROM tpch.sf1.customer WHERE custkey % 5 = 0",
        tuple((key,) for key in range(5, 150_001, 5)),
    ),
)
"""Several seconds to a minute each, on every worker; together they keep tasks on every worker all the time."""
