"""Every reason that is defined is given somewhere: pages and alerts are checked against the definitions."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import pytest

from presto_operator.objects import EventReason
from presto_operator.planning.verdict import CONDITION_REASONS

_PACKAGE = Path(__file__).parents[3] / "operator" / "presto_operator"
_SOURCES = "\n".join(path.read_text() for path in _PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("reasons", [*CONDITION_REASONS.values(), EventReason], ids=lambda reasons: reasons.__name__)
def test_a_reason_that_is_defined_is_given(reasons: type[StrEnum]) -> None:
    unused = [reason.name for reason in reasons if f"{reasons.__name__}.{reason.name}" not in _SOURCES]
    assert unused == []


@pytest.mark.parametrize("reasons", [*CONDITION_REASONS.values(), EventReason], ids=lambda reasons: reasons.__name__)
def test_a_reason_is_one_word_in_camel_case(reasons: type[StrEnum]) -> None:
    assert all(reason.isalpha() and reason[0].isupper() for reason in reasons)
