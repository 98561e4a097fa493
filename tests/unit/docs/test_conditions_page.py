"""docs/conditions.md has the reasons that the code can give, and no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import presto_operator
from presto_operator.api import ConditionType
from presto_operator.api.pool_limit import LimitReason
from presto_operator.metastore import Outcome
from presto_operator.reporting import drain_outcome

PAGE = Path(__file__).parents[3] / "docs" / "conditions.md"
PACKAGE = Path(presto_operator.__file__).parent

COMPUTED = {
    # A condition of before, or one that makes an Event: its reason is written out where it is made.
    "item['reason']": set[str](),
    "condition['reason']": set[str](),
    "_progress_reason(observation, plan)": {"RollingOut", "WaitingForQueries", "NewGeneration", "OldGenerationLingers"},
    "Outcome.NOT_CHECKED": {Outcome.NOT_CHECKED.value},
    "decisive.outcome": {outcome.value for outcome in Outcome},
    "f'Drain{outcome}'": {f"Drain{outcome}" for outcome in drain_outcome._WORDS},
    "f'Pool{limit.reason}'": {f"Pool{reason}" for reason in get_args(LimitReason)},
    "reason": {"ScaleUp", "ScaleDown", "AdviseUp", "AdviseDown"},
}
"""The reasons that an expression can have that isn't a literal, by its text."""


def _given_reasons() -> Iterator[tuple[str, ast.expr]]:
    """The place and the reason of each Verdict and Notice in the code."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                position = {"Verdict": 2, "Notice": 1}.get(node.func.id)
                if position is not None:
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node.args[position]


def _reasons_in_code() -> set[str]:
    found: set[str] = set()
    for place, reason in _given_reasons():
        if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
            found.add(reason.value)
        else:
            assert ast.unparse(reason) in COMPUTED, f"{place}: say in COMPUTED which reasons this can be"
            found |= COMPUTED[ast.unparse(reason)]
    return found


def _reasons_on_page() -> list[str]:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE.read_text(), re.MULTILINE)
    return [reason for row in rows for reason in re.findall(r"`(\w+)`", row)]


def test_the_page_has_every_reason_once_and_no_other() -> None:
    assert sorted(_reasons_on_page()) == sorted(_reasons_in_code())


def test_the_page_has_a_section_for_every_condition() -> None:
    headings = re.findall(r"^## (\w+)$", PAGE.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted([*get_args(ConditionType), "Events"])


@pytest.mark.parametrize("expression", COMPUTED)
def test_every_computed_reason_is_still_in_the_code(expression: str) -> None:
    assert expression in {ast.unparse(reason) for _, reason in _given_reasons()}
