"""Folders for the builder, without the time and room of a copy."""

import shutil
from pathlib import Path


def link_tree(source: Path, target: Path) -> None:
    """Make `target` a copy of the folder `source` whose files are hard links. Both are on one file system."""
    shutil.copytree(source, target, symlinks=True, copy_function=_link)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)
