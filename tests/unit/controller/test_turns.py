"""Only so many clusters start another generation at the same time."""

from __future__ import annotations

import asyncio
import copy
from datetime import timedelta

import pytest

from presto_operator.kube import ClusterKey
from presto_operator.objects import KubernetesObject
from presto_operator.settings import Settings
from tests.unit.controller.world import World
from tests.unit.live import generation, role
from tests.unit.manifest import manifest

_NAMES = ["adhoc", "bi", "etl", "ml"]


class Fleet(World):
    """Some clusters in one world."""

    def __init__(self, limit: int) -> None:
        super().__init__(manifest(workers={"replicas": 1}), Settings(max_new_generations=limit))
        for name in _NAMES[1:]:
            other = copy.deepcopy(manifest(workers={"replicas": 1}))
            other["metadata"].update(name=name, uid=f"uid-of-{name}")
            self.api.write(other)
        for _ in range(5):
            self.pass_over_all()
            self.roll_out()
        assert {self.state(name) for name in _NAMES} == {"UpToDate"}

    def pass_over_all(self) -> None:
        self.now += timedelta(seconds=10)
        for name in _NAMES:
            self.pass_over(name)

    def pass_over(self, name: str) -> None:
        self.api.show(self.store)

        async def one_pass(key: ClusterKey) -> None:
            await self.reconciler.reconcile(key)
            await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)

        async def passes() -> None:
            await one_pass(ClusterKey("analytics", name))
            # Those that Presto's answers ask for.
            while (key := self.queue.take()) is not None:
                self.queue.finish(key)
                await one_pass(key)

        asyncio.run(passes())

    def change_all(self) -> None:
        for name in _NAMES:
            self.edit("PrestoCluster", name, lambda obj: obj["spec"].update(version="0.288"))

    def progress(self, name: str) -> KubernetesObject:
        conditions = self.api.find("PrestoCluster", name)["status"]["conditions"]
        found: KubernetesObject = next(item for item in conditions if item["type"] == "Progressing")
        return found

    def state(self, name: str) -> str:
        return str(self.progress(name)["reason"])

    def starting(self) -> list[str]:
        """The clusters with two coordinators."""
        found: dict[str, set[str]] = {}
        for obj in self.api.objects.values():
            if obj["kind"] == "Deployment" and role(obj) == "coordinator":
                found.setdefault(obj["metadata"]["labels"]["prestooperator.io/cluster"], set()).add(generation(obj))
        return sorted(name for name, generations in found.items() if len(generations) > 1)


def test_no_more_clusters_start_another_generation_than_are_allowed_to() -> None:
    fleet = Fleet(limit=2)
    fleet.change_all()
    fleet.pass_over_all()
    assert fleet.starting() == ["adhoc", "bi"]
    waiting = fleet.progress("etl")
    assert (waiting["status"], waiting["reason"]) == ("True", "WaitingForTurn")
    assert "analytics/adhoc, analytics/bi start new ones, and 2 clusters at most" in waiting["message"]
    for _ in range(24):
        fleet.roll_out()
        fleet.pass_over_all()
        assert len(fleet.starting()) <= 2
    assert {fleet.state(name) for name in _NAMES} == {"UpToDate"}


def test_a_restarted_operator_counts_those_that_have_begun() -> None:
    fleet = Fleet(limit=2)
    fleet.change_all()
    fleet.pass_over_all()
    fleet.restart()
    fleet.pass_over("ml")
    fleet.pass_over("etl")
    assert fleet.starting() == ["adhoc", "bi"]


def test_a_generation_that_never_gets_ready_does_not_hold_up_the_others_for_ever() -> None:
    fleet = Fleet(limit=2)
    fleet.change_all()
    for _ in range(3):
        fleet.pass_over_all()
    assert fleet.starting() == ["adhoc", "bi"]
    fleet.now += timedelta(minutes=30)
    fleet.pass_over_all()
    assert fleet.starting() == _NAMES


@pytest.mark.parametrize("state", ["new", "broken"])
def test_a_cluster_that_does_not_serve_does_not_wait(state: str) -> None:
    fleet = Fleet(limit=1)
    if state == "broken":
        (name,) = [
            name
            for name in fleet.api.names("Pod")
            if name.startswith("ml-") and role(fleet.api.find("Pod", name)) == "coordinator"
        ]
        fleet.edit("Pod", name, lambda pod: pod["status"].update(conditions=[{"type": "Ready", "status": "False"}]))
    else:
        for (kind, namespace, name), obj in list(fleet.api.objects.items()):
            if obj["metadata"].get("labels", {}).get("prestooperator.io/cluster") == "ml":
                fleet.store.remove(fleet.api.objects.pop((kind, namespace, name)))
    fleet.change_all()
    fleet.pass_over("adhoc")
    fleet.pass_over("ml")
    assert fleet.state("ml") != "WaitingForTurn"
