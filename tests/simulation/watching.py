"""The watches of a simulated operator: what it has been told, how late, and what it has missed."""

from __future__ import annotations

from collections import defaultdict, deque

from presto_operator.controller.assembly import Assembly
from presto_operator.objects import (
    CLUSTER_LABEL,
    MANAGED_BY_LABEL,
    MANAGER,
    KubernetesObject,
    label_of,
    resource_version_of,
)
from tests.unit.fake_kubernetes import FakeKubernetes, Identity, identity


class Watches:
    """Holds the events back that an operator is sent, kind by kind, and remembers what it was told."""

    def __init__(self, api: FakeKubernetes) -> None:
        self._api = api
        self._pending: dict[str, deque[tuple[str, KubernetesObject]]] = defaultdict(deque)
        self._selected: dict[Identity, KubernetesObject] = {}
        """The objects that the watches select, as they are."""
        self.told: dict[Identity, KubernetesObject] = {}
        """The objects as the operator was told that they are."""
        self.version = 0
        """Counts the changes of `told`."""
        self.late: set[str] = set()
        """The kinds whose events are held back."""
        self.is_losing = False
        """Whether events are lost."""
        self.has_lost = False
        """Whether the operator has missed an event since the last list."""
        self._answers: list[KubernetesObject] = []
        """What the operator was answered in a pass, after that pass was decided."""
        api.on_change = self._note

    @property
    def is_current(self) -> bool:
        """Whether the operator has been told everything."""
        return not self.has_lost and not any(self._pending.values())

    def pending(self, kind: str) -> list[tuple[str, KubernetesObject]]:
        """The events about objects of a kind that the operator has not been told yet."""
        return list(self._pending[kind])

    def deliver(self, parts: Assembly) -> None:
        """Tell an operator what has happened."""
        for kind, events in self._pending.items():
            if kind in self.late:
                continue
            while events:
                event_type, obj = events.popleft()
                if self.is_losing:
                    self.has_lost = True
                    continue
                self._remember(event_type, obj)
                (parts.node_watch if kind == "Node" else parts.object_watch).see(event_type, obj)

    def knows(self, obj: KubernetesObject) -> None:
        """The operator has been answered with this object."""
        if _is_watched(obj):
            self.told[identity(obj)] = obj
            self.version += 1

    def knows_from_next_pass(self, obj: KubernetesObject) -> None:
        """The operator has been answered with this object, too late for what this pass has decided."""
        self._answers.append(obj)

    def begin_pass(self) -> None:
        """The operator begins a pass, with all that it was answered."""
        for obj in self._answers:
            told = self.told.get(identity(obj))
            if told is not None and resource_version_of(told) < resource_version_of(obj):
                self.knows(obj)
        self._answers.clear()

    def knows_gone(self, obj: KubernetesObject) -> None:
        """The operator has been answered that this object is gone."""
        self.told.pop(identity(obj), None)
        self.version += 1

    def has_listed(self) -> None:
        """The operator has listed everything."""
        self._pending.clear()
        self._answers.clear()
        self.has_lost = False
        self.told = {key: obj for key, obj in self._api.objects.items() if _is_watched(obj)}
        self._selected = dict(self.told)
        self.version += 1

    def _note(self, event_type: str, obj: KubernetesObject) -> None:
        before = self._selected.pop(identity(obj), None)
        if event_type != "DELETED" and _is_watched(obj):
            self._selected[identity(obj)] = obj
            self._pending[obj["kind"]].append((event_type, obj))
        elif before is not None:
            # Also what is no longer selected is sent as deleted, as it was before.
            metadata = {**before["metadata"], "resourceVersion": obj["metadata"]["resourceVersion"]}
            self._pending[obj["kind"]].append(("DELETED", {**before, "metadata": metadata}))

    def _remember(self, event_type: str, obj: KubernetesObject) -> None:
        self.version += 1
        if event_type == "DELETED":
            self.told.pop(identity(obj), None)
        else:
            self.told[identity(obj)] = obj


def _is_watched(obj: KubernetesObject) -> bool:
    """Whether a watch selects an object: by the operator's labels. Secrets are not watched, but read by name."""
    if obj["kind"] in ("Node", "PrestoCluster"):
        return True
    is_labelled = label_of(obj, MANAGED_BY_LABEL) == MANAGER and bool(label_of(obj, CLUSTER_LABEL))
    return is_labelled and obj["kind"] != "Secret"
