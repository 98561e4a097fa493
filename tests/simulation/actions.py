"""What people, clouds and chance do to a cluster."""

from __future__ import annotations

from random import Random
from typing import Any

from presto_operator.objects import (
    CLUSTER_LABEL,
    GENERATION_LABEL,
    MANAGED_BY_LABEL,
    MANAGER,
    ROLE_LABEL,
    KubernetesObject,
    controller_of,
    is_at_work,
    is_owned_by,
    is_ready,
    is_terminating,
    node_of,
    role_of,
    uid_of,
)
from tests.simulation.cloud import MOST_NODES, RISK_TAINT, SPOT_TAINT
from tests.simulation.facts import CLUSTER, NAMESPACE
from tests.simulation.known import Known, is_unmended
from tests.simulation.presto import MOODS
from tests.simulation.specs import BASE, edited
from tests.simulation.world import Action, World
from tests.unit.fake_kubernetes import copied
from tests.unit.manifest import manifest

_CHILDREN = ("Service", "Deployment", "ConfigMap", "Secret", "PodDisruptionBudget", "ServiceAccount")
_LABELS = {MANAGED_BY_LABEL: MANAGER, CLUSTER_LABEL: CLUSTER}
"""By these the operator's watches select objects."""


def _children(world: World, *kinds: str) -> list[KubernetesObject]:
    cluster = world.cluster
    if cluster is None:
        return []
    return [obj for obj in world.objects(*(kinds or _CHILDREN)) if is_owned_by(obj, uid_of(cluster))]


def _pods(world: World, role: str = "") -> list[KubernetesObject]:
    return [
        pod
        for pod in world.objects("Pod")
        if controller_of(pod) is not None and is_at_work(pod) and role in ("", role_of(pod))
    ]


def _chosen(chance: Random, objects: list[KubernetesObject]) -> KubernetesObject | None:
    return chance.choice(objects) if objects else None


def _generations(world: World) -> list[str]:
    """The generations that there are, the one that serves first: their names are hashes, and say nothing."""
    names = world.guard.truth().generations
    return sorted(names, key=lambda name: (name != world.guard.incumbent, name))


def _named(obj: KubernetesObject) -> str:
    return f"{obj['kind']} {obj['metadata']['name']}"


# --- users


def _apply(world: World, spec: dict[str, Any]) -> None:
    cluster = world.cluster
    world.specs.append(spec)
    if cluster is None:
        world.api.keep(manifest(uid=f"cluster-{world.api.revision}", **copied(spec)))
    else:
        world.api.keep({**cluster, "metadata": dict(cluster["metadata"]), "spec": copied(spec)})


def edit_spec(world: World, chance: Random) -> str:
    """Apply a changed spec, good or bad."""
    spec, what = edited(world.specs[-1], chance)
    _apply(world, spec)
    return f"apply {what}"


def revert_spec(world: World, chance: Random) -> str:
    """Apply a former spec again."""
    _apply(world, copied(chance.choice([BASE, *world.specs[-3:-1]])))
    return "apply a former spec"


def delete_cluster(world: World, _: Random) -> str:
    """Delete the PrestoCluster, and create it anew."""
    cluster = world.cluster
    if cluster is None:
        return ""
    world.api.remove(cluster)
    world.guard.incumbent = None
    world.tick()
    _apply(world, copied(world.specs[-1]))
    return "delete the PrestoCluster, and create it again"


def delete_child(world: World, chance: Random) -> str:
    """Delete any object of the cluster."""
    kind = chance.choice(_CHILDREN)
    obj = _chosen(chance, _children(world, kind))
    if obj is None:
        return ""
    world.api.remove(obj)
    return f"delete {_named(obj)}"


def delete_service(world: World, _: Random) -> str:
    """Delete the client Service."""
    service = world.api.objects.get(("Service", NAMESPACE, CLUSTER))
    if service is None:
        return ""
    world.api.remove(service)
    return "delete the client Service"


def remove_label(world: World, chance: Random) -> str:
    """Take a label away from an object."""
    obj = _chosen(chance, [obj for obj in _children(world) if obj["metadata"].get("labels")])
    if obj is None:
        return ""
    label = chance.choice(sorted(obj["metadata"]["labels"]))
    if is_unmended(Known.LABEL_OF_DEPLOYMENT) and (obj["kind"], label) == ("Deployment", CLUSTER_LABEL):
        return ""
    labels = {name: value for name, value in obj["metadata"]["labels"].items() if name != label}
    world.api.keep({**obj, "metadata": {**obj["metadata"], "labels": labels}})
    return f"remove label {label} of {_named(obj)}"


def edit_selector(world: World, chance: Random) -> str:
    """Edit the selector of a Service."""
    service = _chosen(chance, _children(world, "Service"))
    if service is None:
        return ""
    selector = dict(service["spec"].get("selector") or {})
    what = chance.choice(["without", "nonsense", "other"])
    if what == "without":
        selector.pop(GENERATION_LABEL, None)
    elif what == "nonsense":
        selector[GENERATION_LABEL] = "nonsense"
    else:
        selector[GENERATION_LABEL] = chance.choice(_generations(world) or ["nonsense"])
    world.api.keep(
        {**service, "metadata": dict(service["metadata"]), "spec": {**service["spec"], "selector": selector}}
    )
    return f"selector of {_named(service)}: {what} generation"


def edit_ports(world: World, chance: Random) -> str:
    """Edit the ports of a Service."""
    service = _chosen(chance, _children(world, "Service"))
    if service is None:
        return ""
    ports = [{"name": "http", "port": 80, "targetPort": 80, "protocol": "TCP"}]
    world.api.keep({**service, "metadata": dict(service["metadata"]), "spec": {**service["spec"], "ports": ports}})
    return f"ports of {_named(service)}"


def edit_replicas(world: World, chance: Random) -> str:
    """Scale a Deployment by hand."""
    obj = _chosen(chance, _children(world, "Deployment"))
    if obj is None:
        return ""
    count = chance.choice([0, 1, 4])
    world.api.keep({**obj, "metadata": dict(obj["metadata"]), "spec": {**obj["spec"], "replicas": count}})
    return f"scale {_named(obj)} to {count}"


def edit_template(world: World, chance: Random) -> str:
    """Edit the pods of a Deployment by hand."""
    obj = _chosen(chance, _children(world, "Deployment"))
    if obj is None:
        return ""
    changed = copied(obj)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "somebody/else:1"
    world.api.keep(changed)
    return f"image of {_named(obj)}"


def evict_pod(world: World, chance: Random) -> str:
    """Evict a pod, as kubectl drain does: the budgets of Kubernetes decide."""
    pod = _chosen(chance, _pods(world))
    if pod is None:
        return ""
    has_budget = ("PodDisruptionBudget", NAMESPACE, f"{CLUSTER}-{role_of(pod)}") in world.api.objects
    same = [other for other in world.objects("Pod") if role_of(other) == role_of(pod)]
    is_disrupted = any(is_terminating(other) or not is_ready(other) for other in same)
    if has_budget and is_ready(pod) and (role_of(pod) == "coordinator" or is_disrupted):
        return f"evict {_named(pod)}: refused"
    world.api.terminate(pod)
    return f"evict {_named(pod)}"


def delete_pod(world: World, chance: Random) -> str:
    """Delete a pod."""
    pod = _chosen(chance, _pods(world))
    if pod is None:
        return ""
    world.api.terminate(pod)
    return f"delete {_named(pod)}"


def crash_pod(world: World, chance: Random) -> str:
    """Let a server crash."""
    pod = _chosen(chance, [pod for pod in _pods(world) if is_ready(pod)])
    if pod is None:
        return ""
    world.kubelets.crash(pod)
    return f"crash of {_named(pod)}"


def release_pod(world: World, chance: Random) -> str:
    """Take a pod's labels away, so that its ReplicaSet lets it go and makes another one."""
    pod = _chosen(chance, _pods(world, "worker"))
    if pod is None:
        return ""
    metadata = {name: value for name, value in pod["metadata"].items() if name != "ownerReferences"}
    labels = {**_LABELS, ROLE_LABEL: "worker"}
    world.api.keep({**pod, "metadata": {**metadata, "labels": labels}})
    return f"take {_named(pod)} out of its ReplicaSet"


# --- nodes


def _usable_nodes(world: World) -> list[KubernetesObject]:
    return [node for node in world.cloud.nodes() if node["metadata"]["name"] not in world.cloud.silent]


def _node_of_a_pod(world: World, chance: Random) -> KubernetesObject | None:
    names = {node_of(pod) for pod in _pods(world)}
    return _chosen(chance, [node for node in _usable_nodes(world) if node["metadata"]["name"] in names])


def reclaim_node(world: World, chance: Random) -> str:
    """Reclaim a spot node."""
    node = _node_of_a_pod(world, chance)
    if node is None:
        return ""
    world.cloud.taint(node, SPOT_TAINT)
    return f"reclaim {_named(node)}"


def risk_node(world: World, chance: Random) -> str:
    """Announce that a node may go, or cordon it."""
    node = _node_of_a_pod(world, chance)
    if node is None:
        return ""
    if chance.random() < 0.5:
        world.cloud.cordon(node)
        return f"cordon {_named(node)}"
    world.cloud.taint(node, RISK_TAINT)
    return f"{_named(node)} is at risk"


def untaint_node(world: World, chance: Random) -> str:
    """Take back what was announced of a node."""
    node = _chosen(chance, [node for node in _usable_nodes(world) if node["spec"].get("taints")])
    if node is None:
        return ""
    world.cloud.untaint(node)
    return f"untaint {_named(node)}"


def silence_node(world: World, chance: Random) -> str:
    """Cut a node off."""
    node = _node_of_a_pod(world, chance)
    if node is None:
        return ""
    world.cloud.silence(node["metadata"]["name"])
    return f"{_named(node)} goes silent"


def recover_node(world: World, chance: Random) -> str:
    """Let a silent node come back."""
    if not world.cloud.silent:
        return ""
    name = chance.choice(sorted(world.cloud.silent))
    world.cloud.recover(name)
    return f"Node {name} is back"


def vanish_node(world: World, chance: Random) -> str:
    """Remove a node without notice."""
    node = _node_of_a_pod(world, chance)
    if node is None:
        return ""
    world.cloud.vanish(node["metadata"]["name"])
    return f"{_named(node)} is gone"


def join_node(world: World, _: Random) -> str:
    """Start a node."""
    return f"Node {world.cloud.join()} joins" if len(world.cloud.nodes()) < MOST_NODES else ""


# --- others


def plant_foreign(world: World, chance: Random) -> str:
    """Create an object that has our labels, and isn't ours."""
    kind = chance.choice(["Pod", "ConfigMap", "Deployment", "Service", "PodDisruptionBudget"])
    names = {"Service": [f"{CLUSTER}-workers", "other"], "PodDisruptionBudget": [f"{CLUSTER}-worker", "other"]}
    name = chance.choice(names.get(kind, ["other"]))
    if (kind, NAMESPACE, name) in world.api.objects:
        return ""
    template: dict[str, Any] = {"metadata": {"labels": {}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    specs: dict[str, Any] = {
        "Pod": {**template["spec"], "nodeName": chance.choice(["node-1", "node-2", "node-3"])},
        "Deployment": {"replicas": 0, "strategy": {"type": "RollingUpdate"}, "template": template},
    }
    obj = {
        "apiVersion": {"Deployment": "apps/v1", "PodDisruptionBudget": "policy/v1"}.get(kind, "v1"),
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {**_LABELS, ROLE_LABEL: chance.choice(["worker", "coordinator"])},
        },
        **({"data": {}} if kind == "ConfigMap" else {"spec": specs.get(kind, {"ports": []})}),
        **({"status": {"phase": "Running", "conditions": []}} if kind == "Pod" else {}),
    }
    world.api.keep(obj)
    return f"somebody creates {_named(obj)} with our label"


def replace_child(world: World, chance: Random) -> str:
    """Put an object of somebody else's in the place of one of ours that no generation needs."""
    kind, name = chance.choice([("Service", f"{CLUSTER}-workers"), ("PodDisruptionBudget", f"{CLUSTER}-worker")])
    obj = world.api.objects.get((kind, NAMESPACE, name))
    if obj is None or controller_of(obj) is None:
        return ""
    world.api.remove(obj)
    metadata = {"name": name, "namespace": NAMESPACE, "labels": _LABELS}
    world.api.keep({"apiVersion": obj["apiVersion"], "kind": kind, "metadata": metadata, "spec": {}})
    return f"somebody replaces {_named(obj)} by an object of their own"


def set_quota(world: World, chance: Random) -> str:
    """Set a quota on pods, or lift it."""
    world.controllers.most_pods = chance.choice([None, 3, 5])
    return f"a quota of {world.controllers.most_pods} pods"


def set_webhook(world: World, chance: Random) -> str:
    """Let a webhook refuse objects of a kind, or remove it."""
    kind = chance.choice(["PodDisruptionBudget", "Service", "ServiceAccount", "ConfigMap", "Deployment", ""])
    world.front.refused_kinds = frozenset({kind}) if kind else frozenset()
    return f"a webhook refuses every {kind}" if kind else "no webhook refuses anything"


def delay_status(world: World, chance: Random) -> str:
    """Let the Deployment controller fall behind."""
    world.controllers.are_late = chance.random() < 0.6
    return "the Deployment controller " + ("falls behind" if world.controllers.are_late else "keeps up")


def run_queries(world: World, chance: Random) -> str:
    """Let queries begin or end."""
    names = _generations(world)
    if not names:
        return ""
    name = chance.choice([names[0], *names])
    if name in world.presto.busy:
        del world.presto.busy[name]
        return f"the last query on {name} ends"
    world.presto.busy[name] = world.clock.now
    world.guard.look()
    return f"queries run on {name}"


def change_mood(world: World, chance: Random) -> str:
    """Let Presto answer otherwise."""
    world.presto.mood = chance.choice(MOODS)
    return f"Presto is {world.presto.mood}"


def delay_watch(world: World, chance: Random) -> str:
    """Let a watch fall behind, or all of them keep up."""
    kind = chance.choice(["Pod", "Deployment", "Service", "Node", "PrestoCluster", ""])
    world.watches.late = {kind} if kind else set()
    return f"the watch of {kind} falls behind" if kind else "all watches keep up"


def lose_events(world: World, chance: Random) -> str:
    """Let the watches lose events, or none any more."""
    world.watches.is_losing = chance.random() < 0.6
    return "watches lose events" if world.watches.is_losing else "watches lose no more events"


ACTIONS: dict[str, tuple[int, Action]] = {
    "edit-spec": (10, edit_spec),
    "revert-spec": (3, revert_spec),
    "delete-cluster": (1, delete_cluster),
    "delete-child": (6, delete_child),
    "delete-service": (2, delete_service),
    "remove-label": (3, remove_label),
    "edit-selector": (3, edit_selector),
    "edit-ports": (1, edit_ports),
    "edit-replicas": (2, edit_replicas),
    "edit-template": (1, edit_template),
    "evict-pod": (2, evict_pod),
    "delete-pod": (2, delete_pod),
    "crash-pod": (2, crash_pod),
    "release-pod": (1, release_pod),
    "reclaim-node": (3, reclaim_node),
    "risk-node": (3, risk_node),
    "untaint-node": (1, untaint_node),
    "silence-node": (2, silence_node),
    "recover-node": (2, recover_node),
    "vanish-node": (2, vanish_node),
    "join-node": (2, join_node),
    "plant-foreign": (2, plant_foreign),
    "replace-child": (2, replace_child),
    "set-quota": (1, set_quota),
    "set-webhook": (2, set_webhook),
    "delay-status": (1, delay_status),
    "run-queries": (4, run_queries),
    "change-mood": (2, change_mood),
    "delay-watch": (2, delay_watch),
    "lose-events": (1, lose_events),
}
"""All that can happen, with how often it does."""
