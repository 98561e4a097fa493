"""What is known of a cluster on disk: enough for any later command to use it, or to clear it away."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, Field

from tests.harness.images.archive import ImageArchive
from tests.harness.local.addresses import Addresses
from tests.harness.local.namespaces import Namespaces
from tests.harness.locks import file_lock
from tests.harness.paths import cluster_directory, clusters_directory
from tests.harness.processes import ProcessIdentity
from tests.harness.spec import ClusterSpec, NodeSpec

_editing = threading.Lock()


class NodeState(BaseModel):
    """A node as it was started. `gone` nodes were killed; their Node object may still be there."""

    spec: NodeSpec
    number: int
    namespaces: Namespaces | None = None
    processes: dict[str, ProcessIdentity] = Field(default_factory=dict)
    gone: bool = False


class ClusterState(BaseModel):
    """A cluster. `complete` is set last, when it is up: without it the cluster is a ruin."""

    spec: ClusterSpec
    octet: int
    api_server_port: int
    etcd_client_port: int
    etcd_peer_port: int
    complete: bool = False
    edge: Namespaces | None = None
    processes: dict[str, ProcessIdentity] = Field(default_factory=dict)
    nodes: dict[str, NodeState] = Field(default_factory=dict)
    loaded: dict[Path, ImageArchive] = Field(default_factory=dict)
    """Image archives that every node has, or gets when it joins, by their file."""
    loaded_digests: dict[Path, str] = Field(default_factory=dict)
    """What was in those files when they were loaded."""

    @property
    def addresses(self) -> Addresses:
        """The cluster's address plan."""
        return Addresses(self.octet)

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://{self.addresses.host}:{self.api_server_port}"


class StateFile:
    """The state of one cluster in its folder."""

    def __init__(self, name: str) -> None:
        """Name the file; nothing is read yet."""
        self.directory = cluster_directory(name)
        self.file = self.directory / "state.json"

    def read(self) -> ClusterState | None:
        """Return what is written, None when nothing is, or nothing that can be read."""
        try:
            return ClusterState.model_validate_json(self.file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def write(self, state: ClusterState) -> None:
        """Replace what is written, in one go."""
        self.directory.mkdir(parents=True, exist_ok=True)
        aside = self.file.with_suffix(".new")
        aside.write_text(json.dumps(json.loads(state.model_dump_json()), indent=1))
        aside.replace(self.file)

    @contextmanager
    def edit(self) -> Iterator[ClusterState]:
        """Yield the state to be changed and write it back; others, in this process or not, wait."""
        with _editing, file_lock(self.directory / "state.lock", "the cluster's state"):
            state = self.read()
            if state is None:
                raise FileNotFoundError(self.file)
            yield state
            self.write(state)


def known_clusters() -> dict[str, ClusterState | None]:
    """Return every cluster that has a folder, with its state where that can be read."""
    top = clusters_directory()
    if not top.is_dir():
        return {}
    return {folder.name: StateFile(folder.name).read() for folder in sorted(top.iterdir()) if folder.is_dir()}
