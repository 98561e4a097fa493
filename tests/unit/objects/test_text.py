from __future__ import annotations

import pytest

from presto_operator.objects import clipped, counted, enumerated, named


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b", "c"], "a, b, c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_a_list_names_three_and_counts_the_others(items: list[str], text: str) -> None:
    assert named(items) == text


def test_how_many_are_named_and_what_is_between_them_can_be_chosen() -> None:
    assert named(["a b", "c d", "e f"], most=2, separator="; ") == "a b; c d and 1 more"


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        ([*"abcdefg"], "a, b, c, d, e and 2 more"),
    ],
)
def test_a_list_within_a_sentence_ends_in_and(items: list[str], text: str) -> None:
    assert enumerated(items) == text


def test_one_thing_is_no_plural() -> None:
    assert [counted(number, "worker") for number in (0, 1, 2)] == ["0 workers", "1 worker", "2 workers"]


@pytest.mark.parametrize(
    ("text", "clip"),
    [
        ("12345678", "12345678"),
        ("123456789", "12345..."),
        ("1234é678", "1234..."),
        ("éééé", "éééé"),
        ("a\ud800", "a\\ud800"),
    ],
)
def test_a_text_is_clipped_to_so_many_bytes_without_half_a_character(text: str, clip: str) -> None:
    assert clipped(text, 8) == clip
