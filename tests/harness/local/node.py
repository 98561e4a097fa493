"""A node of the local provider: starting it, and taking it away."""

import json
import shutil
from pathlib import Path

from tests.harness import binaries
from tests.harness.errors import HarnessError, WaitedInVainError
from tests.harness.kubectl import Kubectl
from tests.harness.local import containerd
from tests.harness.local.addresses import free_node_number
from tests.harness.local.control_plane import kubeconfig_file
from tests.harness.local.image_template import clone_template
from tests.harness.local.kubeconfig import write_kubeconfig
from tests.harness.local.kubelet import kubelet_command, kubelet_config, labels_given_later, proxy_config
from tests.harness.local.namespaces import Namespaces
from tests.harness.local.network import connect_node
from tests.harness.local.state import ClusterState, NodeState
from tests.harness.local.surroundings import KUBELET_DIRECTORY, Surroundings
from tests.harness.processes import ProcessIdentity, last_lines
from tests.harness.spec import NodeSpec
from tests.harness.waiting import wait_until

READY_SECONDS = 120.0


def reserve_node(surroundings: Surroundings, spec: NodeSpec) -> None:
    """Write down that this node is to be, with a number that gives it its addresses."""
    with surroundings.state_file.edit() as state:
        known = state.nodes.get(spec.name)
        if known is not None and not known.gone:
            raise HarnessError(f"node {spec.name} is there already")
        others = [node.number for name, node in state.nodes.items() if name != spec.name]
        number = known.number if known is not None else free_node_number(others)
        state.nodes[spec.name] = NodeState(spec=spec, number=number)


def start_node(surroundings: Surroundings, spec: NodeSpec, template: Path) -> None:
    """Start a reserved node's processes; it is Ready some seconds later."""
    state, folder = _state(surroundings), _folder(surroundings, spec.name)
    _clear(surroundings, spec.name)
    clone_template(template, folder / "containerd")
    namespaces = surroundings.create_namespaces(spec.name, binaries.pause_program())
    with surroundings.state_file.edit() as edited:
        edited.nodes[spec.name].namespaces = namespaces
    assert state.edge is not None
    connect_node(state.edge, namespaces, state.addresses, state.nodes[spec.name].number)
    _start_containerd(surroundings, spec, namespaces, state)
    _start_kubelet(surroundings, spec, namespaces, state)
    _start_proxy(surroundings, spec, namespaces, state)


def wait_for_node(surroundings: Surroundings, spec: NodeSpec, kubectl: Kubectl) -> None:
    """Return once a started node is Ready and has all its labels."""
    node = _state(surroundings).nodes[spec.name]

    def ready_or_dead() -> bool:
        for component, process in node.processes.items():
            if not process.is_alive():
                log = surroundings.log(component, spec.name)
                raise HarnessError(f"{component} of {spec.name} ended\n{last_lines(log)}")
        return any(each.ready for each in kubectl.nodes() if each.name == spec.name)

    try:
        wait_until(ready_or_dead, timeout=READY_SECONDS, what=f"{spec.name} to be Ready", interval=0.3)
    except WaitedInVainError as error:
        log = surroundings.log("kubelet", spec.name)
        raise HarnessError(f"{error}\n{last_lines(log)}") from error
    kubectl.label_node(spec.name, labels_given_later(spec.labels))


def load_image(surroundings: Surroundings, name: str, archive: Path) -> None:
    """Give a running node an image."""
    namespaces = _known(surroundings, name).namespaces
    assert namespaces is not None
    containerd.import_missing_layers(namespaces, archive, _folder(surroundings, name) / "containerd")


def kill_node(surroundings: Surroundings, name: str) -> None:
    """End all of a node at once: one signal to the process that keeps its namespaces."""
    node = _known(surroundings, name)
    if node.namespaces is not None:
        node.namespaces.end()
    with surroundings.state_file.edit() as state:
        state.nodes[name].gone = True


def forget_node(surroundings: Surroundings, name: str) -> None:
    """Remove what a killed node left on disk, and its number."""
    _known(surroundings, name)
    _clear(surroundings, name)
    with surroundings.state_file.edit() as state:
        state.nodes.pop(name, None)


def _start_containerd(surroundings: Surroundings, spec: NodeSpec, namespaces: Namespaces, state: ClusterState) -> None:
    folder = _folder(surroundings, spec.name)
    pods = state.addresses.node_pods(state.nodes[spec.name].number)
    config = containerd.write_containerd_config(folder, root=folder / "containerd", pods=pods)
    process = surroundings.start_inside(spec.name, "containerd", namespaces, containerd.containerd_command(config))
    _record(surroundings, spec.name, "containerd", process)
    wait_until(
        lambda: containerd.is_serving(namespaces) or not process.is_alive(),
        timeout=30,
        what=f"containerd of {spec.name} to serve",
    )
    if not process.is_alive():
        log = surroundings.log("containerd", spec.name)
        raise HarnessError(f"containerd of {spec.name} ended right after its start\n{last_lines(log)}")


def _start_kubelet(surroundings: Surroundings, spec: NodeSpec, namespaces: Namespaces, state: ClusterState) -> None:
    folder = _folder(surroundings, spec.name)
    client = surroundings.authority.issue(
        f"kubelet-{spec.name}", common_name=f"system:node:{spec.name}", organization="system:nodes"
    )
    kubeconfig = write_kubeconfig(
        kubeconfig_file(surroundings.directory, f"kubelet-{spec.name}"),
        server=state.server,
        authority=surroundings.authority,
        client=client,
        cluster=surroundings.name,
    )
    resolver_file = folder / "resolv.conf"
    resolver_file.write_text(f"nameserver {state.addresses.gateway}\n")
    config = folder / "kubelet.json"
    config.write_text(
        json.dumps(
            kubelet_config(
                spec,
                addresses=state.addresses,
                directory=KUBELET_DIRECTORY,
                control_group=surroundings.groups.kubelet_root(f"nodes/{spec.name}"),
                authority=surroundings.authority.own.certificate,
                resolver_file=resolver_file,
            )
        )
    )
    command = kubelet_command(
        binaries.program("kubelet"),
        spec,
        config=config,
        kubeconfig=kubeconfig,
        directory=KUBELET_DIRECTORY,
        address=state.addresses.node(state.nodes[spec.name].number),
    )
    process = surroundings.start_inside(spec.name, "kubelet", namespaces, command)
    _record(surroundings, spec.name, "kubelet", process)


def _start_proxy(surroundings: Surroundings, spec: NodeSpec, namespaces: Namespaces, state: ClusterState) -> None:
    config = _folder(surroundings, spec.name) / "kube-proxy.json"
    kubeconfig = kubeconfig_file(surroundings.directory, "kube-proxy")
    config.write_text(json.dumps(proxy_config(node_name=spec.name, addresses=state.addresses, kubeconfig=kubeconfig)))
    command: list[str | Path] = [binaries.program("kube-proxy"), f"--config={config}"]
    process = surroundings.start_inside(spec.name, "kube-proxy", namespaces, command)
    _record(surroundings, spec.name, "kube-proxy", process)


def _record(surroundings: Surroundings, name: str, component: str, process: ProcessIdentity) -> None:
    with surroundings.state_file.edit() as state:
        state.nodes[name].processes[component] = process


def _clear(surroundings: Surroundings, name: str) -> None:
    surroundings.groups.remove(f"nodes/{name}")
    shutil.rmtree(_folder(surroundings, name), ignore_errors=True)


def _folder(surroundings: Surroundings, name: str) -> Path:
    return surroundings.directory / "nodes" / name


def _state(surroundings: Surroundings) -> ClusterState:
    state = surroundings.state_file.read()
    if state is None:
        raise HarnessError(f"there is no cluster {surroundings.name}")
    return state


def _known(surroundings: Surroundings, name: str) -> NodeState:
    nodes = _state(surroundings).nodes
    if name not in nodes:
        raise HarnessError(f"there is no node {name}; there are {', '.join(sorted(nodes)) or 'none'}")
    return nodes[name]
