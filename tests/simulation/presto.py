"""What the coordinators of a simulated cluster answer."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any, Literal

from presto_operator.kube import ApiError
from presto_operator.objects import GENERATION_LABEL
from tests.simulation.facts import CLUSTER, NAMESPACE, SERVICE_IDENTITY, Facts
from tests.unit.fake_kubernetes import FakeKubernetes, query_states

Mood = Literal["truthful", "silent", "lying", "garbled", "huge"]
MOODS: tuple[Mood, ...] = ("truthful", "silent", "lying", "garbled", "huge")

_GARBAGE: tuple[Any, ...] = (
    None,
    [],
    {},
    "text",
    7,
    [[[[]]]],
    {"activeWorkers": 1e30},
    [{"queryId": 1}],
    {"activeWorkers": -1},
)


class Presto:
    """Coordinators that run queries or don't. A coordinator that is gone takes its queries with it."""

    def __init__(self, api: FakeKubernetes) -> None:
        self._api = api
        self.busy: dict[str, datetime] = {}
        """The generations that run queries, and since when."""
        self.mood: Mood = "truthful"

    def look(self, facts: Facts) -> None:
        """Let the queries of coordinators end that are gone."""
        for name in [name for name in self.busy if not _is_ready(facts, name)]:
            del self.busy[name]

    def answer(self, service: str, path: str, facts: Facts, chance: Random) -> Any:
        """What the coordinator behind a Service answers to GET `path`.

        Raises:
            ApiError: none answers.
        """
        generation = self._generation(service)
        if self.mood == "silent" or not _is_ready(facts, generation):
            raise ApiError(503, "no endpoints available")
        if self.mood == "garbled":
            return chance.choice(_GARBAGE)
        is_busy = generation in self.busy and self.mood != "lying"
        if path.partition("?")[0] == "/v1/query":
            count = 300 if self.mood == "huge" else 1
            return [{"queryId": f"q{number}", "state": "RUNNING"} for number in range(count)] if is_busy else []
        if path.startswith("/v1/queryState"):
            return query_states({"runningQueries": int(is_busy)})
        if path.startswith("/v1/cluster"):
            workers = facts.generations[generation].ready_workers
            return {"activeWorkers": chance.choice([0, 1000]) if self.mood == "lying" else workers}
        raise ApiError(404, "no such path")

    def _generation(self, service: str) -> str:
        found = self._api.objects.get(("Service", NAMESPACE, service) if service != CLUSTER else SERVICE_IDENTITY, {})
        selector: dict[str, str] = found.get("spec", {}).get("selector") or {}
        return selector.get(GENERATION_LABEL, "")


def _is_ready(facts: Facts, generation: str) -> bool:
    return generation in facts.generations and facts.generations[generation].is_coordinator_ready
