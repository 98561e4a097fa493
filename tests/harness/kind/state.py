"""What is known of a kind cluster on disk, beside what kind itself knows."""

from pathlib import Path

from pydantic import BaseModel, Field

from tests.harness.paths import cluster_directory
from tests.harness.processes import ProcessIdentity
from tests.harness.spec import ClusterSpec


class KindState(BaseModel):
    """The cluster as it was asked for, what was loaded into it, and the kwok controller on this machine."""

    spec: ClusterSpec
    images: list[str] = Field(default_factory=list)
    kwok: ProcessIdentity | None = None

    def write(self) -> None:
        """Replace what is written."""
        file = state_file(self.spec.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.model_dump_json(indent=1))


def state_file(name: str) -> Path:
    """Return where the state of the cluster `name` is."""
    return cluster_directory(name) / "kind.json"


def read_state(name: str) -> KindState | None:
    """Return the state of the cluster `name`, None when there is none."""
    try:
        return KindState.model_validate_json(state_file(name).read_text())
    except (FileNotFoundError, ValueError):
        return None
