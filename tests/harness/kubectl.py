"""kubectl, as the harness and its tests use it."""

import json
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.harness.command import Runner, run
from tests.harness.interface import NodeStatus
from tests.harness.spec import Taint
from tests.harness.waiting import wait_until

FAKE_NODE_ANNOTATION = "kwok.x-k8s.io/node"


class Kubectl:
    """kubectl for one cluster."""

    def __init__(self, program: Path, kubeconfig: Path, runner: Runner = run) -> None:
        """Take the program and whom it talks to."""
        self.program = program
        self.kubeconfig = kubeconfig
        self.runner = runner

    def __call__(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60.0, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run it. See `command.run` for what is raised."""
        command: list[str | Path] = [self.program, f"--kubeconfig={self.kubeconfig}", *arguments]
        return self.runner(command, timeout=timeout, stdin=stdin, check=check)

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Apply objects, server-side."""
        manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=manifest)

    def get(self, *arguments: str) -> Any:
        """Return what `kubectl get` answers, read from JSON."""
        return json.loads(self("get", *arguments, "--output=json").stdout)

    def nodes(self) -> tuple[NodeStatus, ...]:
        """Return the nodes as the API server has them."""
        return tuple(read_node(item) for item in self.get("nodes")["items"])

    def wait_for_ready_nodes(self, names: Collection[str], timeout: float) -> None:
        """Return once all of these nodes are Ready."""

        def ready() -> bool:
            return set(names) <= {node.name for node in self.nodes() if node.ready}

        shown = ", ".join(sorted(names)[:5]) + (" and more" if len(names) > 5 else "")
        wait_until(ready, timeout=timeout, what=f"nodes to be Ready: {shown}", interval=0.3)

    def label_node(self, name: str, labels: Mapping[str, str]) -> None:
        """Give a node labels."""
        if labels:
            self("label", "--overwrite", "node", name, *(f"{key}={value}" for key, value in labels.items()))

    def taint_node(self, name: str, taint: Taint) -> None:
        """Give a node a taint."""
        self("taint", "--overwrite", "node", name, str(taint))

    def untaint_node(self, name: str, taint: Taint) -> None:
        """Take a taint from a node; it is no error when it isn't there."""
        node = read_node(self.get("node", name))
        if any(Taint.parse(text).key == taint.key and text.endswith(f":{taint.effect}") for text in node.taints):
            self("taint", "node", name, f"{taint.key}:{taint.effect}-")


def read_node(item: Mapping[str, Any]) -> NodeStatus:
    """Return what matters of a Node object."""
    conditions: Sequence[Mapping[str, str]] = item.get("status", {}).get("conditions", [])
    return NodeStatus(
        name=item["metadata"]["name"],
        ready=any(each["type"] == "Ready" and each["status"] == "True" for each in conditions),
        labels=item["metadata"].get("labels", {}),
        taints=tuple(
            str(Taint(key=taint["key"], effect=taint["effect"], value=taint.get("value", "")))
            for taint in item.get("spec", {}).get("taints", [])
        ),
        fake=item["metadata"].get("annotations", {}).get(FAKE_NODE_ANNOTATION) == "fake",
    )
