"""docs/architecture.md names packages and files that exist, and every package."""

from __future__ import annotations

import re
from pathlib import Path

import presto_operator

ROOT = Path(__file__).parents[3]
PACKAGE = Path(presto_operator.__file__).parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()

_PATH = re.compile(r"`((?:[a-z_]+/)*(?:[a-z_]+/|[a-z_]+\.py))`")


def test_every_path_on_the_page_exists() -> None:
    named = _PATH.findall(PAGE)
    assert named
    places = (PACKAGE, PACKAGE / "scaling", ROOT)
    assert [path for path in named if not any((place / path).exists() for place in places)] == []


def test_the_table_of_layers_has_every_package() -> None:
    table = PAGE.partition("## Layers")[2].partition("\n## ")[0]
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    assert set(re.findall(r"^\| `(\S+)` \|", table, re.MULTILINE)) == packages | modules
