"""The tag of the operator's image."""

from __future__ import annotations

from pathlib import Path

from tests.kit import installation


def test_every_file_of_the_operator_changes_the_tag_of_its_image(tmp_path: Path) -> None:
    for name in installation.IMAGE_SOURCES[:-1]:
        (tmp_path / name).touch()
    scripts = tmp_path / "operator" / "scripts"
    scripts.mkdir(parents=True)
    (tmp_path / "operator" / "__pycache__").mkdir()
    tags = [installation.image_tag(tmp_path)]
    for name in ("code.py", "scripts/server.sh", "py.typed"):
        (tmp_path / "operator" / name).write_text("new")
        tags.append(installation.image_tag(tmp_path))
    assert len(set(tags)) == len(tags)
    (tmp_path / "operator" / "__pycache__" / "code.pyc").write_text("compiled")
    assert installation.image_tag(tmp_path) == tags[-1]
