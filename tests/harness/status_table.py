"""A cluster's status as tables for people."""

from rich.console import Console
from rich.table import Table

from tests.harness.interface import ClusterStatus


def print_status(status: ClusterStatus) -> None:
    """Print what there is of a cluster."""
    console = Console(soft_wrap=True)
    answers = "answers" if status.reachable else "does NOT answer"
    console.print(f"cluster {status.name} ({status.provider}), its API server {answers}")
    console.print(f"kubeconfig {status.kubeconfig}")
    logs = status.kubeconfig.parent.parent / "logs"
    console.print(f"logs {logs}")
    components = Table("component", "pid", "state", "log")
    for component in status.components:
        components.add_row(
            component.name,
            str(component.pid or "-"),
            "running" if component.running else "gone",
            str(component.log.relative_to(logs)) if component.log and component.log.is_relative_to(logs) else "-",
        )
    console.print(components)
    real = [node for node in status.nodes if not node.fake]
    nodes = Table("node", "ready", "labels", "taints")
    for node in real:
        labels = [f"{key}={value}" for key, value in sorted(node.labels.items()) if not _is_default(key)]
        nodes.add_row(node.name, "yes" if node.ready else "no", "\n".join(labels), "\n".join(node.taints))
    console.print(nodes)
    fake = [node for node in status.nodes if node.fake]
    if fake:
        console.print(f"fake nodes: {len(fake)}, {sum(node.ready for node in fake)} of them Ready")
    console.print("images: " + (", ".join(status.images) or "none"))


def _is_default(label: str) -> bool:
    return label.partition("/")[2] in ("arch", "os", "hostname")
