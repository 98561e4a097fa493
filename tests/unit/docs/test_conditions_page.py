"""docs/conditions.md has the reasons that the code defines, and no others."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from presto_operator.objects.reasons import EventReason
from presto_operator.planning.verdict import CONDITION_REASONS

_DOCS = Path(__file__).parents[3] / "docs"
PAGE = (_DOCS / "conditions.md").read_text()

SECTIONS: dict[str, type[StrEnum]] = {str(name): reasons for name, reasons in CONDITION_REASONS.items()}
SECTIONS["Events"] = EventReason

_KUBERNETES_EVENTS = ("FailedPreStopHook",)
"""Events of the kubelet that pages explain."""


def _reasons(section: str) -> list[str]:
    """The reasons in the first column of a section's table."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE)
    return [reason for row in rows for reason in re.findall(r"`(\w+)`", row)]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_has_every_reason_once_and_no_other(section: str) -> None:
    assert sorted(_reasons(section)) == sorted(SECTIONS[section])


def test_every_section_is_a_condition_or_the_events() -> None:
    assert set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)) == set(SECTIONS)


@pytest.mark.parametrize("page", sorted(_DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_an_event_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"\bEvents? (?:is |are )?`([A-Z]\w+)`", page.read_text())
    assert set(named) <= {*EventReason, *_KUBERNETES_EVENTS}
