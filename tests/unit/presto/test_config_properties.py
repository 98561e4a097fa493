"""Values with which Presto 0.287 doesn't start, each tried on its own ConfigurationFactory."""

from __future__ import annotations

import pytest

from presto_operator.presto import PrestoVersion, is_unknown, property_problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task.concurrency", "many"),
        ("task.concurrency", "16 "),
        ("task.concurrency", ""),
        ("task.concurrency", "1e3"),
        ("task.concurrency", "99999999999"),
        ("task.concurrency", "9" * 5000),
        ("task.info.max-age", "60"),
        ("task.info.max-age", "h"),
        ("task.max-partial-aggregation-memory", "1GiB"),
        ("task.max-partial-aggregation-memory", "9" * 400 + "GB"),
        ("exchange.http-client.max-connections", "lots"),
        ("http-server.https.port", "65536"),
        ("http-server.https.port", "-1"),
        ("jmx.rmiregistry.port", "x"),
        ("jetty.http.port", "8080"),
    ],
)
def test_a_value_that_presto_refuses_is_refused(name: str, value: str) -> None:
    problem = property_problem(name, value)
    assert problem
    assert len(problem) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task.concurrency", "16"),
        ("task.concurrency", "+16"),
        ("task.concurrency", "${ENV:N}"),
        ("task.info.max-age", "1.5h"),
        ("task.info.max-age", " 1 h"),
        ("task.max-partial-aggregation-memory", "1.5GB"),
        ("exchange.http-client.max-connections", "100"),
        ("http-server.https.enabled", "yes"),
        ("http-server.https.port", "0"),
        ("no.such.property", "anything"),
    ],
)
def test_a_value_that_presto_takes_passes(name: str, value: str) -> None:
    assert property_problem(name, value) is None


def test_unknown_properties_are_known_as_such_only_of_the_release_that_was_read() -> None:
    assert is_unknown("no.such.property", PrestoVersion(287))
    assert not is_unknown("no.such.property", PrestoVersion(288))
    assert not is_unknown("query.max-memory", PrestoVersion(287))
    assert not is_unknown("exchange.http-client.max-connections", PrestoVersion(287))
