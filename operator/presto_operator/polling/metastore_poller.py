"""Asking metastores whether they answer, beside the passes: a metastore that hangs holds up nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from presto_operator.api import PrestoCluster
from presto_operator.kube import ClusterKey
from presto_operator.metastore import Finding, Outcome, Probe

CONFIRM_SECONDS = 1.0
"""How soon it is asked again after a first failure: only the second one in a row counts."""
PATIENCE_SECONDS = 7.0
"""More than a check takes, except for looking up the name: the system's resolver has its own timeouts."""

_logger = logging.getLogger(__name__)


def probes(cluster: PrestoCluster) -> tuple[Probe, ...]:
    """What is to be asked about a cluster's metastore; nothing without one, or with its check switched off."""
    metastore = cluster.spec.metastore
    if metastore is None or metastore.health_check == "Disabled":
        return ()
    return tuple(Probe(address.seen_from(cluster.namespace), metastore.health_check) for address in metastore.addresses)


@dataclass
class _Watch:
    """One address that is asked again and again, for all clusters that use it."""

    clusters: set[ClusterKey] = field(default_factory=set)
    finding: Finding | None = None
    is_suspected: bool = False
    """Whether it failed just now, having answered before: it is asked once more before that is believed."""
    asking: asyncio.Future[Finding] | None = None
    task: asyncio.Task[None] | None = None


class MetastorePoller:
    """The newest finding for each metastore; clusters that share one share its polls."""

    def __init__(
        self,
        on_change: Callable[[ClusterKey], None],
        ask: Callable[[Probe], Awaitable[Finding]],
        interval: timedelta,
    ) -> None:
        """`on_change` is called for each cluster whose metastore has another outcome than at the last poll.

        A metastore is asked again `interval` after its last answer.
        """
        self._on_change = on_change
        self._ask = ask
        self._interval = interval.total_seconds()
        self._watches: dict[Probe, _Watch] = {}
        self._probes: dict[ClusterKey, tuple[Probe, ...]] = {}

    def watch(self, key: ClusterKey, wanted: tuple[Probe, ...]) -> None:
        """Ask just these for a cluster from now on."""
        for probe in set(self._probes.get(key, ())) - set(wanted):
            self._leave(key, probe)
        for probe in wanted:
            watch = self._watches.setdefault(probe, _Watch())
            watch.clusters.add(key)
            if watch.task is None:
                watch.task = asyncio.create_task(self._poll(probe, watch))
        if wanted:
            self._probes[key] = wanted
        else:
            self._probes.pop(key, None)

    def findings(self, key: ClusterKey) -> dict[Probe, Finding | None]:
        """What came of asking for a cluster, in the order of its URIs; None where nothing has come of it yet."""
        return {probe: self._watches[probe].finding for probe in self._probes.get(key, ())}

    def forget(self, key: ClusterKey) -> None:
        """Ask no more for a cluster that is no more."""
        self.watch(key, ())

    async def close(self) -> None:
        """Ask no more at all."""
        tasks = [watch.task for watch in self._watches.values() if watch.task is not None]
        for key in list(self._probes):
            self.forget(key)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _leave(self, key: ClusterKey, probe: Probe) -> None:
        watch = self._watches[probe]
        watch.clusters.discard(key)
        if not watch.clusters:
            del self._watches[probe]
            for running in (watch.task, watch.asking):
                if running is not None:
                    running.cancel()

    async def _poll(self, probe: Probe, watch: _Watch) -> None:
        while True:
            self._take(probe, watch, await self._answer(probe, watch))
            await asyncio.sleep(CONFIRM_SECONDS if watch.is_suspected else self._interval)

    async def _answer(self, probe: Probe, watch: _Watch) -> Finding:
        # The lookup of a name can't be cancelled and holds a thread, so a check that hangs is awaited again.
        if watch.asking is None:
            watch.asking = asyncio.ensure_future(self._ask(probe))
        done, _ = await asyncio.wait([watch.asking], timeout=PATIENCE_SECONDS)
        if not done:
            return Finding(Outcome.UNKNOWN_HOST, "can't be found: DNS gives no answer")
        asked, watch.asking = watch.asking, None
        try:
            return asked.result()
        except Exception:
            # A defect of ours must not end the polls, nor be taken for the metastore's.
            _logger.exception("%s can't be checked", probe.address)
            return Finding(Outcome.NOT_CHECKED, "can't be checked: the operator's log says why")

    def _take(self, probe: Probe, watch: _Watch, finding: Finding) -> None:
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
