"""Checking metastores, beside the passes: one that hangs delays no other cluster."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Protocol

from presto_operator.api import PrestoCluster
from presto_operator.kube import ClusterKey
from presto_operator.metastore import Finding, MetastoreAddress, Outcome, Probe

CONFIRM_SECONDS = 1.0
"""How soon it is checked again after a first failure: only the second one in a row counts."""
PATIENCE_SECONDS = 7.0
"""More than a check takes, except for looking up the name: the system's resolver has its own timeouts."""

CHECKS_PER_NAMESPACE = 8
"""Checks at the same time for the clusters of one namespace: the metastores of a tenant may all hang."""
MAX_PROBES = 32
"""How many addresses are checked for the clusters of one namespace. Each check is a connection, every few seconds."""

_TOO_MANY = Finding(
    Outcome.NOT_CHECKED, f"is not checked: the clusters of this namespace have more than {MAX_PROBES} addresses"
)

_logger = logging.getLogger(__name__)


def probes(cluster: PrestoCluster) -> tuple[Probe, ...]:
    """The checks of a cluster's metastore; none if the cluster has no metastore or `healthCheck: Disabled`."""
    metastore = cluster.spec.metastore
    if metastore is None or metastore.health_check == "Disabled":
        return ()
    addresses = [address.seen_from(cluster.namespace) for address in metastore.addresses]
    return tuple(Probe(address, metastore.health_check, _is_explained(cluster, address)) for address in addresses)


def _is_explained(cluster: PrestoCluster, address: MetastoreAddress) -> bool:
    is_listed = any(fnmatchcase(address.host, pattern) for pattern in cluster.explained_metastores)
    return is_listed or address.is_in(cluster.namespace)


class Metastores(Protocol):
    """What is known of the clusters' metastores."""

    def watch(self, key: ClusterKey, wanted: tuple[Probe, ...]) -> None:
        """Check just these for a cluster from now on."""
        ...

    def findings(self, key: ClusterKey) -> dict[Probe, Finding | None]:
        """The newest finding of each probe of a cluster, in the order of its URIs; None before the first one."""
        ...

    def forget(self, key: ClusterKey) -> None:
        """Check no more for a cluster that was deleted."""
        ...

    async def close(self) -> None:
        """End all checks."""
        ...


@dataclass
class _CheckedMetastore:
    """An address that is checked again and again, for all clusters that use it."""

    clusters: set[ClusterKey] = field(default_factory=set)
    finding: Finding | None = None
    is_suspected: bool = False
    """Whether it failed after it had answered: it is checked once more before that counts."""
    asking: asyncio.Future[Finding] | None = None
    task: asyncio.Task[None] | None = None


class MetastorePoller:
    """The newest finding for each metastore. Clusters that share a metastore share its checks."""

    def __init__(
        self,
        on_change: Callable[[ClusterKey], None],
        ask: Callable[[Probe], Awaitable[Finding]],
        interval: timedelta,
    ) -> None:
        """`on_change` is called for each cluster whose metastore has another outcome than at the last check.

        A metastore is checked again `interval` after its last answer.
        """
        self._on_change = on_change
        self._ask = ask
        self._interval = interval.total_seconds()
        self._watches: dict[Probe, _CheckedMetastore] = {}
        self._wanted: dict[ClusterKey, tuple[Probe, ...]] = {}
        self._probes: dict[ClusterKey, tuple[Probe, ...]] = {}
        self._slots = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(CHECKS_PER_NAMESPACE))
        """By namespace."""
        """Those of the wanted ones that are checked."""

    def watch(self, key: ClusterKey, wanted: tuple[Probe, ...]) -> None:
        """Check just these for a cluster from now on."""
        self._wanted[key] = wanted
        checked = self._within_limit(key, wanted)
        for probe in set(self._probes.get(key, ())) - set(checked):
            self._leave(key, probe)
        for probe in checked:
            watch = self._watches.setdefault(probe, _CheckedMetastore())
            watch.clusters.add(key)
            if watch.task is None:
                watch.task = asyncio.create_task(self._poll(probe, watch))
        if checked:
            self._probes[key] = checked
        else:
            self._probes.pop(key, None)
        if not wanted:
            del self._wanted[key]

    def findings(self, key: ClusterKey) -> dict[Probe, Finding | None]:
        """The newest finding of each probe of a cluster, in the order of its URIs; None before the first one."""
        checked = self._probes.get(key, ())
        return {
            probe: self._watches[probe].finding if probe in checked else _TOO_MANY
            for probe in self._wanted.get(key, ())
        }

    def forget(self, key: ClusterKey) -> None:
        """Check no more for a cluster that was deleted."""
        self.watch(key, ())

    async def close(self) -> None:
        """End all checks."""
        tasks = [watch.task for watch in self._watches.values() if watch.task is not None]
        for key in list(self._wanted):
            self.forget(key)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _within_limit(self, key: ClusterKey, wanted: tuple[Probe, ...]) -> tuple[Probe, ...]:
        """Those of the probes for which there is room beside the ones of the namespace's other clusters."""
        if self._probes.get(key, ()) == wanted:
            return wanted
        others = {
            probe
            for other, probes in self._probes.items()
            if other.namespace == key.namespace and other != key
            for probe in probes
        }
        new = [probe for probe in wanted if probe not in others]
        kept = others | set(new[: max(0, MAX_PROBES - len(others))])
        return tuple(probe for probe in wanted if probe in kept)

    def _leave(self, key: ClusterKey, probe: Probe) -> None:
        watch = self._watches[probe]
        watch.clusters.discard(key)
        if not watch.clusters:
            del self._watches[probe]
            for running in (watch.task, watch.asking):
                if running is not None:
                    running.cancel()

    async def _poll(self, probe: Probe, watch: _CheckedMetastore) -> None:
        while True:
            self._take(probe, watch, await self._answer(probe, watch))
            await asyncio.sleep(CONFIRM_SECONDS if watch.is_suspected else self._interval)

    async def _answer(self, probe: Probe, watch: _CheckedMetastore) -> Finding:
        # The lookup of a name can't be cancelled and holds a thread, so a check that hangs is awaited again.
        if watch.asking is None:
            slots = self._slots[min(watch.clusters).namespace]
            await slots.acquire()
            watch.asking = asyncio.ensure_future(self._ask(probe))
            watch.asking.add_done_callback(lambda _: slots.release())
        done, _ = await asyncio.wait([watch.asking], timeout=PATIENCE_SECONDS)
        if not done:
            return Finding(Outcome.UNKNOWN_HOST, "can't be found: DNS gives no answer")
        asked, watch.asking = watch.asking, None
        try:
            return asked.result()
        except Exception:
            # A bug of ours must neither end the checks nor count as the metastore's failure.
            _logger.exception("the check of metastore %s failed", probe.address)
            return Finding(Outcome.NOT_CHECKED, "can't be checked: the operator's log says why")

    def _take(self, probe: Probe, watch: _CheckedMetastore, finding: Finding) -> None:
        before = watch.finding
        was_failing = before is not None and before.is_failure
        if finding.is_failure and not was_failing and not watch.is_suspected:
            watch.is_suspected = True
            return
        watch.is_suspected = False
        watch.finding = finding
        if before is not None and before.outcome == finding.outcome:
            return
        level = logging.WARNING if finding.is_failure else logging.INFO
        _logger.log(level, "metastore %s: %s", probe.address, finding.detail or "answers")
        for key in sorted(watch.clusters, key=str):
            self._on_change(key)
