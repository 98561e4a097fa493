from __future__ import annotations

import pytest

from presto_operator.presto import jvm_config

_MEBIBYTE = 1024**2
_GIBIBYTE = 1024**3


@pytest.mark.parametrize(
    ("heap_bytes", "argument"),
    [
        (16 * _GIBIBYTE, "-Xmx16384M"),
        (900 * _MEBIBYTE, "-Xmx900M"),
        (900 * _MEBIBYTE + _MEBIBYTE - 1, "-Xmx900M"),
        (900 * _MEBIBYTE - 1, "-Xmx899M"),
    ],
)
def test_heap_is_rounded_down_to_whole_mebibytes(heap_bytes: int, argument: str) -> None:
    heaps = [line for line in _arguments(heap_bytes) if line.startswith("-Xmx")]
    assert heaps == [argument]


@pytest.mark.parametrize(
    ("heap_bytes", "is_set"), [(8 * _GIBIBYTE - 1, False), (8 * _GIBIBYTE, True), (100 * _GIBIBYTE, True)]
)
def test_region_size_is_set_on_large_heaps_only(heap_bytes: int, *, is_set: bool) -> None:
    assert ("-XX:G1HeapRegionSize=32M" in _arguments(heap_bytes)) is is_set


def test_extra_arguments_come_last_and_in_their_order() -> None:
    extra = ["-XX:G1HeapRegionSize=16M", "-Dsome.property=a b", "-XX:-UseGCOverheadLimit"]
    assert _arguments(16 * _GIBIBYTE, *extra)[-3:] == extra


def test_out_of_memory_ends_the_process() -> None:
    assert "-XX:+ExitOnOutOfMemoryError" in _arguments(_GIBIBYTE)


def test_every_line_is_one_argument() -> None:
    assert all(line.startswith("-") for line in _arguments(_GIBIBYTE, "-Da=b"))


def _arguments(heap_bytes: int, *extra: str) -> list[str]:
    text = jvm_config(heap_bytes=heap_bytes, java=11, extra_arguments=extra)
    assert text.endswith("\n")
    return text.splitlines()
