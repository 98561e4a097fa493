"""Where the harness keeps things: never in the checkout."""

import os
import re
from pathlib import Path

from tests.harness.errors import HarnessError

CACHE_VARIABLE = "PRESTO_OPERATOR_CACHE"
NAME_PATTERN = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")


def cache_directory() -> Path:
    """Return the folder for what is expensive to make and may be deleted at any time."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().resolve()
    return _base("XDG_CACHE_HOME", ".cache") / "presto-operator"


def clusters_directory() -> Path:
    """Return the folder that has a folder a cluster."""
    return _base("XDG_STATE_HOME", ".local/state") / "presto-operator" / "clusters"


def cluster_directory(name: str) -> Path:
    """Return the folder of the cluster `name`.

    Raises HarnessError for a name that can't be a part of cgroup, container and file names alike.
    """
    if not NAME_PATTERN.fullmatch(name):
        raise HarnessError(f"{name!r} can't name a cluster: at most 20 of a-z, 0-9 and '-', no '-' at either end")
    return clusters_directory() / name


def _base(variable: str, default: str) -> Path:
    chosen = os.environ.get(variable, "")
    # The XDG specification says that a relative path is to be ignored.
    return Path(chosen) if chosen.startswith("/") else Path.home() / default
