"""A day of queries, drawn from a seed: office hours, bursts, heavy spells, and a long tail of durations."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

HOUR = 3600.0
DAY = 24 * HOUR
OFFICE_HOURS = (8 * HOUR, 20 * HOUR)
OFFICE_FACTOR = 2.4
"""Queries an hour within office hours, over those at night."""

# Seconds that a query takes on as many workers as it can use, by the share of queries that take no longer.
_DURATIONS = ((0.0, 0.15), (0.5, 1.4), (0.95, 10.0), (0.99, 212.0), (1.0, 1200.0))


@dataclass(frozen=True)
class Query:
    """One query of the day."""

    arrival: float
    """Seconds since midnight."""
    duration: float
    """Seconds that it takes on as many workers as it can use."""
    parallelism: int
    """Workers that it can use at the same time."""
    cpu: float
    """Share of a worker's processors that it keeps busy on each, from 0 to 1; the rest is waiting for S3."""

    @property
    def work(self) -> float:
        """Seconds of workers that it needs."""
        return self.duration * self.parallelism


def day(seed: int, queries: int) -> list[Query]:
    """About so many queries, in the order of their arrival; the same ones for the same seed."""
    source = random.Random(seed)
    arrivals = [(at, 0.0) for at in _ordinary_arrivals(source, queries * 0.88)]
    arrivals += [(at, 0.0) for at in _bursts(source, queries * 0.07)]
    arrivals += [(at, 1.0) for at in _heavy_spells(source, queries * 0.05)]
    return [_query(source, at, weight) for at, weight in sorted(arrivals)]


def _ordinary_arrivals(source: random.Random, expected: float) -> Iterator[float]:
    """Arrivals of people who know nothing of each other."""
    office = OFFICE_HOURS[1] - OFFICE_HOURS[0]
    at_night = expected / (DAY + office * (OFFICE_FACTOR - 1))
    at = 0.0
    while True:
        at += source.expovariate(at_night * OFFICE_FACTOR)
        if at >= DAY:
            return
        if source.random() * OFFICE_FACTOR < _factor(at):
            yield at


def _factor(at: float) -> float:
    """How many times as many queries as at night arrive at a time; people come and go within an hour."""
    start, end = OFFICE_HOURS
    rise = min(1.0, max(0.0, (at - start + HOUR / 2) / HOUR))
    fall = min(1.0, max(0.0, (end + HOUR / 2 - at) / HOUR))
    return 1 + (OFFICE_FACTOR - 1) * min(rise, fall)


def _bursts(source: random.Random, expected: float) -> Iterator[float]:
    """Dashboards that refresh, and jobs that a scheduler starts together: many queries within half a minute."""
    count = 16
    for _ in range(count):
        start = source.uniform(6 * HOUR, 22 * HOUR)
        for _ in range(round(expected / count)):
            yield start + source.uniform(0, 30)


def _heavy_spells(source: random.Random, expected: float) -> Iterator[float]:
    """Minutes in which somebody joins everything with everything."""
    count = 6
    for _ in range(count):
        start, length = source.uniform(0, DAY - HOUR), source.uniform(8 * 60, 20 * 60)
        for _ in range(round(expected / count)):
            yield start + source.uniform(0, length)


def _query(source: random.Random, at: float, weight: float) -> Query:
    duration = _duration(source.random())
    # Who reads more reads it on more workers.
    parallelism = 2 if duration < 1.4 else 4 if duration < 10 else 8 if duration < 212 else 16
    cpu = source.uniform(0.9, 1.0) if weight else source.uniform(0.35, 0.95)
    return Query(at, duration, parallelism, cpu)


def _duration(share: float) -> float:
    shares = [point for point, _ in _DURATIONS]
    place = min(bisect_right(shares, share), len(shares) - 1)
    (low, short), (high, long) = _DURATIONS[place - 1], _DURATIONS[place]
    within = (share - low) / (high - low)
    return math.exp(math.log(short) + within * (math.log(long) - math.log(short)))
