from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from presto_operator.api import TenantPolicy, parse_cluster
from presto_operator.kube import ClusterKey
from presto_operator.metastore import Finding, MetastoreAddress, Outcome, Probe
from presto_operator.polling.metastore_poller import CHECKS_PER_NAMESPACE, MAX_PROBES, MetastorePoller, probes
from tests.unit.manifest import cluster, manifest
from tests.unit.virtual_time import run

_ADHOC, _ETL = ClusterKey("analytics", "adhoc"), ClusterKey("analytics", "etl")
_HIVE, _OTHER = (Probe(MetastoreAddress(host, 9083), "Thrift") for host in ("hive.data", "other.data"))
_INTERVAL = timedelta(seconds=5)
_ANSWERING = Finding(Outcome.ANSWERING)
_REFUSED = Finding(Outcome.UNREACHABLE, "can't be reached: Connection refused")
_FAILING = Finding(Outcome.FAILING, "fails: no database")


class Metastores:
    """Metastores that answer with one finding after the other, and then with the last one for ever."""

    def __init__(self, *findings: Finding, takes: float = 0.0) -> None:
        self._findings = list(findings)
        self._takes = takes
        self.asked: list[tuple[float, Probe]] = []

    async def __call__(self, probe: Probe) -> Finding:
        self.asked.append((round(asyncio.get_running_loop().time(), 3), probe))
        finding = self._findings.pop(0) if len(self._findings) > 1 else self._findings[0]
        await asyncio.sleep(self._takes)
        return finding

    @property
    def times(self) -> list[float]:
        return [time for time, _ in self.asked]


class Wakes:
    """Who was woken when, and what was known then."""

    def __init__(self) -> None:
        self.poller: MetastorePoller | None = None
        self.all: list[tuple[float, ClusterKey, Outcome | None]] = []

    def __call__(self, key: ClusterKey) -> None:
        assert self.poller is not None
        (finding,) = self.poller.findings(key).values()
        time = round(asyncio.get_running_loop().time(), 3)
        self.all.append((time, key, finding.outcome if finding else None))


def _watching(
    ask: Callable[[Probe], Awaitable[Finding]],
    *,
    seconds: float,
    clusters: tuple[ClusterKey, ...] = (_ADHOC,),
) -> Wakes:
    """Poll one metastore for clusters, for so long."""
    wakes = Wakes()

    async def scenario() -> None:
        wakes.poller = MetastorePoller(wakes, ask, _INTERVAL)
        for key in clusters:
            wakes.poller.watch(key, (_HIVE,))
        await asyncio.sleep(seconds)
        await wakes.poller.close()

    run(scenario())
    return wakes


def test_clusters_that_share_a_metastore_share_its_polls() -> None:
    metastores = Metastores(_ANSWERING)
    wakes = _watching(metastores, seconds=12, clusters=(_ADHOC, _ETL))
    assert metastores.times == [0, 5, 10]
    assert wakes.all == [(0, _ADHOC, Outcome.ANSWERING), (0, _ETL, Outcome.ANSWERING)]


def test_a_first_failure_is_asked_about_again_before_it_is_told() -> None:
    metastores = Metastores(_ANSWERING, _REFUSED)
    wakes = _watching(metastores, seconds=12)
    assert metastores.times == [0, 5, 6, 11]
    assert [(time, outcome) for time, _, outcome in wakes.all] == [
        (0, Outcome.ANSWERING),
        (6, Outcome.UNREACHABLE),
    ]


def test_a_single_failure_is_never_told() -> None:
    metastores = Metastores(_ANSWERING, _REFUSED, _ANSWERING, _REFUSED, _ANSWERING)
    wakes = _watching(metastores, seconds=30)
    assert len(metastores.times) > 5
    assert [outcome for _, _, outcome in wakes.all] == [Outcome.ANSWERING]


def test_a_metastore_that_is_down_from_the_beginning_is_unknown_until_it_is_certain() -> None:
    wakes = _watching(Metastores(_REFUSED), seconds=4)
    assert wakes.all == [(1, _ADHOC, Outcome.UNREACHABLE)]


def test_a_metastore_that_is_back_is_told_at_its_first_answer() -> None:
    wakes = _watching(Metastores(_REFUSED, _REFUSED, _ANSWERING), seconds=20)
    assert [(time, outcome) for time, _, outcome in wakes.all] == [
        (1, Outcome.UNREACHABLE),
        (6, Outcome.ANSWERING),
    ]


def test_another_failure_is_told_at_once() -> None:
    wakes = _watching(Metastores(_REFUSED, _REFUSED, _FAILING), seconds=20)
    assert [outcome for _, _, outcome in wakes.all] == [Outcome.UNREACHABLE, Outcome.FAILING]


def test_other_words_wake_up_nobody() -> None:
    findings = [Finding(Outcome.FAILING, f"fails: no answer for {number} ms") for number in range(9)]
    assert len(_watching(Metastores(*findings), seconds=20).all) == 1


def test_a_check_that_hangs_is_told_of_and_has_no_second_beside_it() -> None:
    metastores = Metastores(_ANSWERING, takes=100)
    wakes = _watching(metastores, seconds=90)
    assert metastores.times == [0]
    assert wakes.all == [(15, _ADHOC, Outcome.UNKNOWN_HOST)]


def test_a_check_that_hung_and_ends_is_believed() -> None:
    wakes = _watching(Metastores(_ANSWERING, takes=30), seconds=40)
    assert [outcome for _, _, outcome in wakes.all] == [Outcome.UNKNOWN_HOST, Outcome.ANSWERING]


def test_a_defect_of_a_check_ends_no_polls(caplog: pytest.LogCaptureFixture) -> None:
    count = Counter[str]()

    async def ask(_: Probe) -> Finding:
        count["asked"] += 1
        if count["asked"] == 1:
            raise RuntimeError("a defect")
        return _ANSWERING

    wakes = _watching(ask, seconds=10)
    assert [outcome for _, _, outcome in wakes.all] == [Outcome.NOT_CHECKED, Outcome.ANSWERING]
    assert "a defect" in caplog.text


def test_who_asks_for_another_metastore_leaves_the_first_to_the_others() -> None:
    metastores = Metastores(_ANSWERING)

    async def scenario() -> None:
        poller = MetastorePoller(lambda _: None, metastores, _INTERVAL)
        for key in (_ADHOC, _ETL):
            poller.watch(key, (_HIVE,))
        await asyncio.sleep(1)
        poller.watch(_ADHOC, (_OTHER, _HIVE))
        assert poller.findings(_ADHOC) == {_OTHER: None, _HIVE: _ANSWERING}
        assert list(poller.findings(_ADHOC)) == [_OTHER, _HIVE]
        await asyncio.sleep(1)
        poller.watch(_ADHOC, (_OTHER,))
        assert poller.findings(_ADHOC) == {_OTHER: _ANSWERING}
        assert poller.findings(_ETL) == {_HIVE: _ANSWERING}
        poller.forget(_ETL)
        assert poller.findings(_ETL) == {}
        await asyncio.sleep(10)
        await poller.close()

    run(scenario())
    assert [probe for _, probe in metastores.asked] == [_HIVE, _OTHER, _OTHER, _OTHER]


def test_nothing_is_asked_once_nobody_wants_to_know() -> None:
    metastores = Metastores(_ANSWERING, takes=1)

    async def scenario() -> None:
        poller = MetastorePoller(lambda _: None, metastores, _INTERVAL)
        poller.watch(_ADHOC, (_HIVE,))
        await asyncio.sleep(0.5)
        poller.forget(_ADHOC)
        poller.forget(_ADHOC)
        await asyncio.sleep(60)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario())
    assert metastores.times == [0]


def test_a_metastore_whose_check_is_off_is_not_asked() -> None:
    uris = ["thrift://hive.data"]
    assert probes(cluster(metastore={"uris": uris})) == (_HIVE,)
    assert probes(cluster(metastore={"uris": uris, "healthCheck": "Disabled"})) == ()
    assert probes(cluster()) == ()


def test_metastores_that_hang_hold_up_those_of_other_namespaces_as_little_as_they_like() -> None:
    hanging = tuple(Probe(MetastoreAddress(f"hanging-{number}.data", 9083), "Thrift") for number in range(100))
    asked: list[Probe] = []

    async def ask(probe: Probe) -> Finding:
        asked.append(probe)
        if probe in hanging:
            await asyncio.sleep(3600)
        return _ANSWERING

    async def scenario() -> None:
        poller = MetastorePoller(lambda _: None, ask, _INTERVAL)
        for number, probe in enumerate(hanging):
            poller.watch(ClusterKey("hostile", str(number)), (probe,))
        poller.watch(_ADHOC, (_HIVE,))
        await asyncio.sleep(0.1)
        assert poller.findings(_ADHOC) == {_HIVE: _ANSWERING}
        assert len([probe for probe in asked if probe in hanging]) == CHECKS_PER_NAMESPACE
        await poller.close()

    run(scenario())


@pytest.mark.parametrize(
    ("allowed", "uri", "is_explained"),
    [
        ((), "thrift://hive", True),
        ((), "thrift://hive.analytics.svc", True),
        ((), "thrift://hive.data.svc", False),
        ((), "thrift://10.0.0.7", False),
        (("*.data.svc",), "thrift://hive.data.svc", True),
        (("*.data.svc",), "thrift://hive.secret.svc", False),
        (("10.0.0.7",), "thrift://10.0.0.7", True),
    ],
)
def test_failures_are_explained_of_the_own_namespace_and_of_listed_hosts(
    allowed: tuple[str, ...], uri: str, *, is_explained: bool
) -> None:
    of = parse_cluster(manifest(metastore={"uris": [uri]}), policy=TenantPolicy(allowed_metastore_hosts=allowed))
    assert [probe.is_explained for probe in probes(of)] == [is_explained]


def test_a_namespace_has_a_bound_of_checks_and_other_namespaces_have_theirs() -> None:
    metastores = Metastores(_ANSWERING)
    many = [Probe(MetastoreAddress(f"hive-{number}", 9083), "Thrift") for number in range(MAX_PROBES + 3)]
    clusters = [ClusterKey("analytics", f"c{number}") for number in range(6)]

    async def scenario() -> None:
        poller = MetastorePoller(lambda _: None, metastores, _INTERVAL)
        for number, key in enumerate(clusters):
            poller.watch(key, tuple(many[number * 7 : number * 7 + 7]))
        # One that another cluster has already costs nothing.
        poller.watch(_ETL, (many[0],))
        poller.watch(ClusterKey("other", "c"), (many[-1],))
        await asyncio.sleep(1)
        assert len({probe for _, probe in metastores.asked}) == MAX_PROBES + 1
        assert poller.findings(_ETL) == {many[0]: _ANSWERING}
        last = poller.findings(clusters[4])
        assert list(last) == many[28:35]
        outcomes = [finding.outcome for finding in last.values() if finding is not None]
        assert outcomes == [Outcome.ANSWERING] * 4 + [Outcome.NOT_CHECKED] * 3
        poller.forget(clusters[0])
        poller.forget(_ETL)
        poller.watch(clusters[4], tuple(many[28:35]))
        await asyncio.sleep(1)
        assert set(poller.findings(clusters[4]).values()) == {_ANSWERING}
        await poller.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario())
