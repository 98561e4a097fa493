"""Fake nodes of a test's own, in pools: no pod of another test is placed there."""

from __future__ import annotations

from typing import Any

from tests.harness.spec import Taint
from tests.kit.resources import Namespace, Resource

_TAINT = "example.com/test"
_TEST_LABEL = "example.com/test"
_POOL_LABEL = "example.com/pool"


class FakePools:
    """Nodes that are played by kwok, for the workers of Presto clusters in one namespace."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def nodes(self, pool: str, count: int) -> tuple[str, ...]:
        """Let this many nodes of the pool join; their names."""
        name = f"{self._namespace.name}-{pool}"
        taint = Taint(_TAINT, "NoSchedule", self._namespace.name)
        return self._namespace.cluster.kwok_nodes(count, self.labels(pool), prefix=name, taints=(taint,))

    def labels(self, pool: str) -> dict[str, str]:
        """The labels of the pool's nodes."""
        return {_TEST_LABEL: self._namespace.name, _POOL_LABEL: pool}

    def pool(self, name: str, **fields: Any) -> Resource:
        """The pool, as in a spec."""
        toleration = {"key": _TAINT, "operator": "Equal", "value": self._namespace.name, "effect": "NoSchedule"}
        return {"name": name, "nodeSelector": self.labels(name), "tolerations": [toleration], **fields}

    def remove(self) -> None:
        """Take all of these nodes away."""
        api = self._namespace.api
        api.delete(api.path("nodes"), labelSelector=f"{_TEST_LABEL}={self._namespace.name}")
