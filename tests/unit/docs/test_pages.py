"""The pages of the documentation: links lead somewhere, and what repeats the code says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import Metric

from presto_operator.settings import Settings
from presto_operator.telemetry.metrics import registry

ROOT = Path(__file__).parents[3]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "adr").glob("*.md")),
    *sorted((ROOT / "bench").rglob("*.md")),
    ROOT / "tests" / "harness" / "README.md",
]

_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?P<path>[^)\s#]*)(?:#(?P<anchor>[^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.finditer(_CODE.sub("", page.read_text())):
        if "://" in link["path"]:
            continue
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        if not target.exists() or (link["anchor"] and link["anchor"] not in _anchors(target)):
            broken.append(link[0])
    assert broken == []


def test_the_readme_names_every_page() -> None:
    linked = {link["path"] for link in _LINK.finditer((ROOT / "README.md").read_text())}
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} <= linked


def test_the_readmes_manifest_is_the_minimal_example() -> None:
    block = re.search(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block is not None
    example = yaml.safe_load((ROOT / "examples" / "minimal.yaml").read_text())
    assert yaml.safe_load(block[1]) == example


def test_the_table_of_metrics_has_the_operators_metrics() -> None:
    documented = set(
        re.findall(r"^\| `(presto_operator_\w+)` \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    )
    published = {_exposed_name(metric) for metric in registry.collect() if metric.name.startswith("presto_operator_")}
    assert documented == published


def test_the_table_of_settings_has_the_operators_settings() -> None:
    documented = re.findall(r"^\| `--([a-z-]+)` \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(name.replace("_", "-") for name in Settings.model_fields)


def _anchors(page: Path) -> set[str]:
    """GitHub's anchors of the page's headings."""
    headings = _HEADING.findall(re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL))
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def _exposed_name(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name
