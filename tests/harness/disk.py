"""Room on the disk, asked for before a big step rather than found missing in the middle of it."""

import shutil
from pathlib import Path

from tests.harness.errors import HarnessError

GIBIBYTE = 1024**3


def require_free_space(directory: Path, needed_gib: float, what: str, how_to_move: str) -> None:
    """Raise HarnessError unless `directory`'s file system has `needed_gib` GiB free for `what`.

    `how_to_move` names the setting that puts the folder elsewhere.
    """
    existing = directory
    while not existing.exists():
        existing = existing.parent
    available_gib = shutil.disk_usage(existing).free / GIBIBYTE
    if available_gib < needed_gib:
        raise HarnessError(
            f"{what} needs {needed_gib:.1f} GiB in {directory}, {available_gib:.1f} GiB are free: "
            f"free some, or set {how_to_move} to a folder elsewhere"
        )
