from __future__ import annotations

import pytest

from presto_operator.presto.units import data_size_bytes, presto_duration_seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0B", 0),
        ("1kB", 1024),
        ("300MB", 300 * 1024**2),
        ("1.5GB", 1536 * 1024**2),
        ("2 TB", 2 * 1024**4),
        ("1PB", 1024**5),
    ],
)
def test_reads_a_data_size(text: str, size: int) -> None:
    assert data_size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "300", "300mb", "300MiB", "-1GB", "1,5GB", "GB"])
def test_refuses_what_is_no_data_size(text: str) -> None:
    with pytest.raises(ValueError, match='must be a data size, for example "300MB"'):
        data_size_bytes(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("10s", 10), ("1.50m", 90), ("500ms", 0.5), (" 2 h ", 7200), ("1d", 86400), ("0ns", 0)]
)
def test_reads_durations_as_presto_writes_them(text: str, seconds: float) -> None:
    assert presto_duration_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "10", "s", "10 sec", "1h30m", "-1s"])
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match='must be a Presto duration, for example "10s"'):
        presto_duration_seconds(text)


@pytest.mark.parametrize("digits", ["9" * 400, "1" + "0" * 5000, "9" * 400 + ".5"])
def test_refuses_what_no_number_can_hold(digits: str) -> None:
    with pytest.raises(ValueError, match="is too large"):
        data_size_bytes(f"{digits}GB")
    with pytest.raises(ValueError, match="is too large"):
        presto_duration_seconds(f"{digits}d")
