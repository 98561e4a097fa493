"""The watches of a simulated operator: what it has been told, how late, and what it has missed."""

from __future__ import annotations

from collections import defaultdict, deque

from presto_operator.controller.assembly import Assembly
from presto_operator.objects import CLUSTER_LABEL, KubernetesObject, label_of
from tests.unit.fake_kubernetes import FakeKubernetes, Identity, identity


class Watches:
    """Holds the events back that an operator is sent, kind by kind, and remembers what it was told."""

    def __init__(self, api: FakeKubernetes) -> None:
        self._api = api
        self._pending: dict[str, deque[tuple[str, KubernetesObject]]] = defaultdict(deque)
        self.told: dict[Identity, KubernetesObject] = {}
        """The objects as the operator was told that they are."""
        self.late: set[str] = set()
        """The kinds whose events are held back."""
        self.is_losing = False
        """Whether events are lost."""
        self.has_lost = False
        """Whether the operator has missed an event since the last list."""
        api.on_change = self._note

    @property
    def is_current(self) -> bool:
        """Whether the operator has been told everything."""
        return not self.has_lost and not any(self._pending.values())

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

    def knows_gone(self, obj: KubernetesObject) -> None:
        """The operator has been answered that this object is gone."""
        self.told.pop(identity(obj), None)

    def has_listed(self) -> None:
        """The operator has listed everything."""
        self._pending.clear()
        self.has_lost = False
        self.told = {key: obj for key, obj in self._api.objects.items() if _is_watched(obj)}

    def _note(self, event_type: str, obj: KubernetesObject) -> None:
        if _is_watched(obj):
            self._pending[obj["kind"]].append((event_type, obj))

    def _remember(self, event_type: str, obj: KubernetesObject) -> None:
        if event_type == "DELETED":
            self.told.pop(identity(obj), None)
        else:
            self.told[identity(obj)] = obj


def _is_watched(obj: KubernetesObject) -> bool:
    return obj["kind"] in ("Node", "PrestoCluster") or bool(label_of(obj, CLUSTER_LABEL))

