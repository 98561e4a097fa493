"""What is done to the operator, and by how many clusters."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "hostile"
"""The names of clusters that mean harm begin so."""
HEALTHY = "healthy"
"""The cluster whose nodes are reclaimed meanwhile."""
WORKERS = 5


@dataclass(frozen=True)
class Scenario:
    """One of the things that tenants do."""

    name: str
    title: str
    clusters: int = 1
    """PrestoClusters of tenants who mean harm."""
    presto: str = "good"
    """How their coordinators answer; see `presto.py`."""
    megabytes: int = 0
    """The size of each answer."""
    takes_over: bool = False
    """Whether each of them waits for a moment without queries, so that it is asked for them."""
    config_maps: int = 0
    """ConfigMaps of 0.96 MB with a label of the operator, in a namespace without clusters."""
    big_specs: bool = False
    """Whether their specs have a megabyte."""


SCENARIOS = (
    Scenario("quiet", "nobody means harm"),
    Scenario("dicts-10", "answers of 10 MB, small objects", presto="dicts", megabytes=10, takes_over=True),
    Scenario("dicts-60", "answers of 60 MB, small objects", presto="dicts", megabytes=60, takes_over=True),
    Scenario("fit-3", "20 clusters, answers of 3 MB that fit", 20, presto="dicts", megabytes=3, takes_over=True),
    Scenario("texts-50", "100 queries of 0.5 MB text", presto="texts", megabytes=50, takes_over=True),
    Scenario("deep-10", "answers of 10 MB, nested", presto="deep", megabytes=10, takes_over=True),
    Scenario("endless", "answers without an end", presto="endless", takes_over=True),
    Scenario("drip", "40 clusters that answer a byte a second", 40, presto="drip", takes_over=True),
    Scenario("hanging", "40 clusters that never answer", 40, presto="hang", takes_over=True),
    Scenario("config-maps", "300 labelled ConfigMaps of 0.96 MB", config_maps=300),
    Scenario("specs", "3 specs of 1 MB", 3, big_specs=True),
)
