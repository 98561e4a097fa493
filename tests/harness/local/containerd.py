"""containerd: the configuration of a node's own one, starting it, and giving it images."""

import json
import tempfile
from ipaddress import IPv4Network
from pathlib import Path

from tests.harness.images.partial_archive import write_partial_archive
from tests.harness.images.pause import PAUSE_REFERENCE
from tests.harness.local.namespaces import Namespaces
from tests.harness.prerequisites import cni_directory, find_program

# Seen from inside of the node, whose /run is its own.
SOCKET = Path("/run/containerd/containerd.sock")
IMPORT_SECONDS = 300.0


def containerd_config(*, root: Path, network_config: Path, network_plugins: Path) -> str:
    """Return containerd's configuration, version 2."""
    return f"""\
version = 2
root = {_quoted(root)}
state = "/run/containerd"
# It would make a folder in /opt.
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
  address = {_quoted(SOCKET)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {_quoted(PAUSE_REFERENCE)}
  # Without CAP_SYS_RESOURCE no process may lower its OOM score, and no sandbox would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {_quoted(network_plugins)}
    conf_dir = {_quoted(network_config)}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
"""


def pod_network_config(pods: IPv4Network) -> str:
    """Return the CNI configuration: each pod gets a cable to its node and an address out of `pods`."""
    return json.dumps(
        {
            "cniVersion": "1.0.0",
            "name": "pods",
            "plugins": [
                {
                    "type": "ptp",
                    "ipMasq": False,
                    "ipam": {
                        "type": "host-local",
                        "dataDir": "/run/pod-addresses",
                        "ranges": [[{"subnet": str(pods)}]],
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                },
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        },
        indent=1,
    )


def write_containerd_config(directory: Path, *, root: Path, pods: IPv4Network | None) -> Path:
    """Write the configuration, with that of the pod network if there is one, and return its path."""
    network_config = directory / "cni"
    network_config.mkdir(parents=True, exist_ok=True)
    if pods is not None:
        (network_config / "10-pods.conflist").write_text(pod_network_config(pods))
    file = directory / "containerd.toml"
    file.write_text(containerd_config(root=root, network_config=network_config, network_plugins=cni_directory()))
    return file


def containerd_command(config: Path) -> list[str | Path]:
    """Return the command that runs containerd."""
    return [find_program("containerd") or "containerd", "--config", config]


def is_serving(node: Namespaces) -> bool:
    """Tell whether the node's containerd answers on its socket."""
    # The node's own root folder, as /proc shows it, has the node's own /run.
    return (Path(f"/proc/{node.keeper.pid}/root") / SOCKET.relative_to("/")).is_socket()


def import_image(node: Namespaces, archive: Path) -> None:
    """Give the node an image."""
    node.run_inside(
        ["ctr", "--namespace", "k8s.io", "images", "import", archive],
        timeout=IMPORT_SECONDS,
        hint=f"is {archive} a docker or OCI archive?",
    )


def import_missing_layers(node: Namespaces, archive: Path, root: Path) -> None:
    """Give the node an image, sparing it the layers that its containerd folder `root` has already."""
    blobs = root / "io.containerd.content.v1.content" / "blobs" / "sha256"
    with tempfile.TemporaryDirectory(dir=root.parent, prefix="import-") as aside:
        partial = Path(aside) / "partial.tar"
        done = write_partial_archive(archive, partial, lambda digest: (blobs / digest).exists())
        import_image(node, partial if done else archive)


def _quoted(path: Path | str) -> str:
    return json.dumps(str(path))
