"""Presto clusters that stay up for several tests.

A shape says what a cluster is like. The first test that uses a shape brings its cluster up, the last one takes it away.
In between, each test finds it whole, and what it changes is put back. After a test that failed, the next one gets a
new cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.harness.errors import WaitedInVainError
from tests.harness.interface import Cluster
from tests.harness.progress import say, step
from tests.harness.waiting import wait_until
from tests.kit.kubernetes_api import KubernetesApi
from tests.kit.resources import Namespace, Resource
from tests.kit.sql import PrestoClient
from tests.kit.wholeness import Expected, flaws

HTTP_PORT = 8080
_WHOLE_SECONDS = 300.0
_LOOK_AHEAD = 2
"""How many shapes are brought up before the first test that uses them."""

Kept = TypeVar("Kept")


@dataclass(frozen=True, eq=False)
class Shape:
    """What a standing cluster is like."""

    name: str
    """Part of its namespace's name."""
    presto_clusters: Callable[[Any], Sequence[Resource]]
    """The PrestoClusters, given their surroundings."""
    surroundings: Callable[[Namespace], Any] = lambda _: None
    """Makes what has to be there before them; it must not wait for it."""


def shape(name: str, *presto_clusters: Resource) -> Shape:
    """A shape of PrestoClusters that need no surroundings."""
    return Shape(name, lambda _: presto_clusters)


class Standing:
    """A standing cluster: one or more PrestoClusters in a namespace of their own."""

    def __init__(self, shape: Shape, namespace: Namespace) -> None:
        self.shape = shape
        self.namespace = namespace
        self.surroundings = shape.surroundings(namespace)
        self._resources = {each["metadata"]["name"]: each for each in shape.presto_clusters(self.surroundings)}
        for each in self._resources.values():
            namespace.apply(each)
        self._expected = [Expected(name, namespace.presto_cluster(name)["spec"]) for name in self._resources]
        self._whole: list[Any] = []
        self._kept: dict[Callable[[Standing], AbstractContextManager[Any]], Any] = {}
        self._stack = ExitStack()

    @property
    def name(self) -> str:
        """The name of its PrestoCluster; it must not have several."""
        (expected,) = self._expected
        return expected.name

    def once(self, open_: Callable[[Standing], AbstractContextManager[Kept]]) -> Kept:
        """What `open_` yields: opened when it is first asked for, closed when the standing cluster is taken away."""
        if open_ not in self._kept:
            self._kept[open_] = self._stack.enter_context(open_(self))
        kept: Kept = self._kept[open_]
        return kept

    def exists(self) -> bool:
        """Whether all of its PrestoClusters are there."""
        found = {each["metadata"]["name"] for each in self.namespace.objects("prestoclusters")}
        return set(self._resources) <= found

    def is_settled(self) -> bool:
        """Whether Kubernetes and the operator have nothing more to do about it."""
        return not _all_flaws(self._expected, self._objects())

    def wait_until_whole(self) -> None:
        """Return once it is whole, and Presto knows all of its workers.

        Raises:
            WaitedInVainError: what it lacks.
        """
        flaw = ""

        def is_whole() -> bool:
            nonlocal flaw
            objects = self._objects()
            flaw = "; ".join(_all_flaws(self._expected, objects))
            if flaw:
                return False
            if _identity(objects) != self._whole:
                flaw = "Presto doesn't know all of its workers"
                if not all(self._serves(each) for each in self._expected):
                    return False
                self._whole = _identity(objects)
            return True

        what = f"{self.namespace.name} to be whole"
        try:
            wait_until(is_whole, timeout=_WHOLE_SECONDS, what=what, interval=0.3)
        except WaitedInVainError as error:
            raise WaitedInVainError(f"{error}: {flaw}") from error

    def put_back(self) -> None:
        """Apply the manifests again where a test has changed the spec, and wait until the cluster is whole."""
        for expected in self._expected:
            if self._spec_of(expected) != expected.spec:
                self.namespace.apply(self._resources[expected.name])
            if self._spec_of(expected) != expected.spec:
                # A test has added something by other means, which `apply` leaves alone.
                self._replace_spec(expected)
        self.wait_until_whole()

    def take_away(self) -> None:
        """Delete it with its namespace, without waiting."""
        self._stack.close()
        self.namespace.delete()

    def describe(self) -> str:
        """What is known of it, for the report of a test that failed."""
        wide = self.namespace.kubectl("get", "prestoclusters,deployments,pods", "--output=wide", check=False)
        status = {name: self.namespace.presto_cluster(name).get("status") for name in self._resources if self.exists()}
        events = self.namespace.kubectl("get", "events", "--sort-by=.lastTimestamp", check=False)
        return f"{wide}\n{json.dumps(status, indent=1)}\n{events}"

    def _spec_of(self, expected: Expected) -> Resource:
        spec: Resource = self.namespace.presto_cluster(expected.name)["spec"]
        return spec

    def _replace_spec(self, expected: Expected) -> None:
        patch = json.dumps([{"op": "replace", "path": "/spec", "value": expected.spec}])
        self.namespace.kubectl("patch", f"prestocluster/{expected.name}", "--type=json", f"--patch={patch}")

    def _objects(self) -> list[Resource]:
        return self.namespace.objects("prestoclusters,deployments,pods")

    def _serves(self, expected: Expected) -> bool:
        with self.namespace.cluster.reach_service(self.namespace.name, expected.name, HTTP_PORT) as base_url:
            return PrestoClient(base_url).serves_with(expected.workers)


def stand(cluster: Cluster, api: KubernetesApi, shape: Shape, name: str) -> Standing:
    """Begin to bring up a cluster of a shape, in a new namespace of that name."""
    namespace = Namespace(cluster, name, api)
    namespace.create()
    return Standing(shape, namespace)


def _all_flaws(expected: Sequence[Expected], objects: Sequence[Resource]) -> list[str]:
    return [flaw for each in expected for flaw in flaws(each, objects)]


def _identity(objects: Sequence[Resource]) -> list[Any]:
    """Tells whether Presto has to be asked again: which pods there are, and how often each was restarted."""
    return [
        (each["metadata"]["uid"], [status["restartCount"] for status in each["status"].get("containerStatuses", [])])
        for each in objects
        if each["kind"] == "Pod"
    ]


class StandingClusters:
    """The standing clusters of a run of tests.

    `uses` has the shape that each test uses, in the order in which they run; None where a test uses none. While the
    tests of one shape run, the clusters of the next shapes come up, one after the other.
    """

    def __init__(self, uses: Sequence[Shape | None], stand: Callable[[Shape, str], Standing]) -> None:
        """`stand` begins to bring up a cluster of a shape in a namespace of that name."""
        self._uses = uses
        self._stand = stand
        self._standing: dict[Shape, Standing] = {}
        self._begun = 0

    def use(self, test: int) -> Standing:
        """The cluster that a test uses, whole.

        Raises:
            WaitedInVainError: it does not get whole. The next test that uses it gets another one.
        """
        shape = self._uses[test]
        assert shape is not None
        standing = self._standing.get(shape) or self._begin(shape)
        try:
            with step(f"{standing.namespace.name}: until it is whole"):
                standing.wait_until_whole()
        except WaitedInVainError:
            say(standing.describe())
            self._take_away(standing)
            raise
        self._look_ahead(test)
        return standing

    def leave(self, test: int, standing: Standing, *, is_reusable: bool) -> None:
        """Put the cluster back as it was, unless it isn't needed any more, or isn't to be used again.

        Raises:
            WaitedInVainError: it does not get whole. The next test that uses it gets another one.
        """
        if not is_reusable or standing.shape not in self._uses[test + 1 :] or not standing.exists():
            self._take_away(standing)
            return
        try:
            with step(f"{standing.namespace.name}: until it is as it was"):
                standing.put_back()
        except WaitedInVainError:
            say(standing.describe())
            self._take_away(standing)
            raise

    def close(self) -> None:
        """Take away what still stands."""
        for standing in list(self._standing.values()):
            self._take_away(standing)

    def _begin(self, shape: Shape) -> Standing:
        self._begun += 1
        name = f"{shape.name}-{self._begun}"
        say(f"==> {name}: coming up")
        self._standing[shape] = self._stand(shape, name)
        return self._standing[shape]

    def _take_away(self, standing: Standing) -> None:
        del self._standing[standing.shape]
        standing.take_away()

    def _look_ahead(self, test: int) -> None:
        """Bring up the next shape, unless another is on its way: three servers that start at once take 30 to 45 s."""
        to_come = [shape for shape in _distinct(self._uses[test:]) if shape not in self._standing]
        is_room = len(self._standing) <= _LOOK_AHEAD
        if to_come and is_room and all(each.is_settled() for each in self._standing.values()):
            self._begin(to_come[0])


def _distinct(uses: Sequence[Shape | None]) -> Iterator[Shape]:
    """Each shape once, in the order of its first use."""
    yield from dict.fromkeys(shape for shape in uses if shape is not None)
