"""What the operator's image is built of is pinned by version and hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-build.txt"])
def test_every_requirement_of_the_image_has_a_hash(file: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / file).read_text().strip(), flags=re.IGNORECASE)
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+(\[\w+\])?==", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_package_is_built_with_the_pinned_build_backend() -> None:
    (backend,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert f"{backend} " in (ROOT / "requirements-build.txt").read_text()


def test_the_image_is_built_without_anything_that_has_no_hash() -> None:
    for command in re.findall(r"pip (?:install|wheel) [^&\n]*", (ROOT / "Dockerfile").read_text()):
        assert "--require-hashes" in command or "--no-index" in command, command
