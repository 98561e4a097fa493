"""The manifests in the documentation, so that tests apply what users copy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

_DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[str]:
    """The names of the pages that hold manifests."""
    return sorted(path.stem for path in _DOCS.glob("*.md") if manifests(path.stem))


def manifests(page: str) -> list[dict[str, Any]]:
    """The Kubernetes objects in a page's YAML blocks, in their order; fragments of objects are passed over."""
    blocks = _BLOCK.findall((_DOCS / f"{page}.md").read_text())
    documents = [document for block in blocks for document in yaml.safe_load_all(block)]
    return [document for document in documents if isinstance(document, dict) and "kind" in document]
