"""Percentiles by nearest rank."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.percentile import percentile

samples = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


@given(samples, st.floats(0.1, 100))
def test_it_is_a_sample_that_enough_others_do_not_exceed(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-6


@given(samples)
def test_the_hundredth_is_the_largest(values: list[float]) -> None:
    assert percentile(values, 100) == max(values)


def test_a_hundred_samples_have_their_99th_as_the_last_but_one() -> None:
    assert percentile(list(range(100)), 99) == 98
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0


def test_no_sample_no_percentile() -> None:
    assert percentile([], 50) is None


@pytest.mark.parametrize("percent", [0, -1, 100.5])
def test_what_is_no_percentile_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile([1.0], percent)
