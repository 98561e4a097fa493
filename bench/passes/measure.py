"""Measures the passes of the checkout that it is run in, and prints the figures as JSON.

It knows of the code only what tests/unit has always had: the World in which the real reconcile loop runs against an
in-memory API server. So it can be run in another checkout, too.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import timedelta
from types import FrameType
from typing import Any

from tests.unit.controller.world import KEY, World
from tests.unit.manifest import manifest
from tests.unit.nodes.nodes import node

WORKERS = 10
PASSES = 200
ROUNDS = 5
"""The best round counts: the others had other work beside them."""
_PACKAGE = "presto_operator."
_VOCABULARY = "presto_operator.objects"
"""What a Kubernetes object says: words that every module uses, not a place where a pass goes."""
_RENDERS = ("coordinator_template", "coordinator_pod")
"""The function that renders the coordinator's pod, whose hash names the generation, by its two names."""


def settled() -> World:
    """A cluster of ten workers that has come up, each pod on a node of its own."""
    world = World(manifest(workers={"replicas": WORKERS, "pools": [{"name": "r5"}, {"name": "r6"}]}))
    world.settle()
    for name in world.api.names("Pod"):
        pod = world.api.find("Pod", name)
        world.api.write({**pod, "spec": {**pod["spec"], "nodeName": f"node-of-{name}"}})
        world.api.write({**node(), "kind": "Node", "metadata": {**node()["metadata"], "name": f"node-of-{name}"}})
    world.nodes.replace_all([obj for obj in world.api.objects.values() if obj["kind"] == "Node"], 10_000)
    for _ in range(3):
        world.reconcile()
    return world


class Calls:
    """Counts what a pass calls, and how often it comes back to a module that it had left."""

    def __init__(self) -> None:
        self.renders = 0
        self.node_signals = 0
        self.modules: set[str] = set()
        self.returns = 0
        self._last = ""

    def see(self, frame: FrameType, event: str, _: Any) -> None:
        """What `sys.setprofile` calls."""
        module = frame.f_globals.get("__name__", "")
        if event != "call" or not module.startswith(_PACKAGE):
            return
        self.renders += frame.f_code.co_name in _RENDERS
        self.node_signals += frame.f_code.co_name == "node_signal"
        if module.startswith(_VOCABULARY):
            return
        if module != self._last:
            self.returns += module in self.modules
            self.modules.add(module)
            self._last = module


async def _passes(world: World, count: int) -> float:
    """CPU seconds of so many passes ten seconds apart, without the polls beside them."""
    spent = 0.0
    for _ in range(count):
        world.now += timedelta(seconds=10)
        begun = time.process_time()
        await world.reconciler.reconcile(KEY)
        spent += time.process_time() - begun
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
    return spent


def main() -> None:
    """Print the figures of this checkout."""
    world = settled()
    world.api.requests.clear()
    rounds = [1000 * asyncio.run(_passes(world, PASSES)) / PASSES for _ in range(ROUNDS)]
    calls = Calls()
    sys.setprofile(calls.see)
    try:
        asyncio.run(_passes(world, 1))
    finally:
        sys.setprofile(None)
    figures = {
        "cpu_ms": round(min(rounds), 3),
        "renders": calls.renders,
        "node_signals": calls.node_signals,
        "modules": len(calls.modules),
        "returns": calls.returns,
        "writes": len(world.api.requests),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
