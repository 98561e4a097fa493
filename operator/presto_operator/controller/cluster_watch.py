"""The watch of PrestoClusters, which is kopf's."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Any

import kopf

from presto_operator.api import PLURAL, VERSION
from presto_operator.controller.scope import Scope
from presto_operator.objects import GROUP, KubernetesObject

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0
_STABLE_SECONDS = 60.0
"""After so long without an error, the next one is retried soon."""

_logger = logging.getLogger(__name__)


class ClusterWatch:
    """Runs kopf with a handler of PrestoClusters, and runs it again when it gives up.

    kopf ends on any error of a watch but 410, and on what it can't parse.
    """

    def __init__(
        self,
        see: Callable[[str | None, KubernetesObject], None],
        after_gap: Callable[[], None],
        *,
        scope: Scope,
    ) -> None:
        """`see` is called for every event; its type is None for what a list has found. `after_gap`: events are lost."""
        self._see = see
        self._after_gap = after_gap
        self._scope = scope
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Watch until the process is told to stop, by SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        delay = _FIRST_DELAY_SECONDS
        while True:
            started = loop.time()
            try:
                await self._run_kopf()
            except Exception as error:
                delay = _FIRST_DELAY_SECONDS if loop.time() - started >= _STABLE_SECONDS else delay
                _logger.warning(
                    "watch of prestoclusters broke, starting it again in %.1f s: %s",
                    delay,
                    error,
                    exc_info=_logger.isEnabledFor(logging.DEBUG),
                )
            if await self._is_stopped_within(delay):
                return
            delay = min(_LONGEST_DELAY_SECONDS, 2 * delay)
            self._after_gap()

    async def _is_stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _run_kopf(self) -> None:
        """Run kopf until it gives up, or the process is told to stop."""
        # Not kopf.operator, which cancels every task of the process when it gives up.
        tasks = set(
            await kopf.spawn_tasks(
                registry=self._registry(),
                settings=_settings(),
                standalone=True,
                clusterwide=not self._scope.namespaces,
                namespaces=list(self._scope.namespaces),
            )
        )
        self._take_signals()
        stop = asyncio.create_task(self._stop.wait())
        try:
            done, _ = await asyncio.wait({*tasks, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, stop):
                task.cancel()
            await asyncio.gather(*tasks, stop, return_exceptions=True)
        for task in done - {stop}:
            task.result()

    def _take_signals(self) -> None:
        """Stop on a signal. kopf's own handlers end only the run that has set them."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)

    def _registry(self) -> kopf.OperatorRegistry:
        """The handlers that kopf calls.

        A plain event handler only: kopf's timers and daemons would put a finalizer on every cluster, and its change
        handlers an annotation with a copy of it.
        """
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(_log_in)
        kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)(self._handle)
        return registry

    async def _handle(self, type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - kopf's name
        self._see(type, dict(body))


def _log_in(**arguments: Any) -> kopf.ConnectionInfo | None:
    """The account of kopf's watches: the one that KubernetesClient.connect finds, too."""
    return kopf.login_via_client(**arguments)


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False  # Our own Events are about decisions, kopf's would be about handlers.
    settings.process.ultimate_exiting_timeout = None  # It would kill the process some time after kopf gave up.
    settings.networking.request_timeout = 30
    # After these it gives up, and is started again, which lists what was missed.
    settings.networking.error_backoffs = (1, 2, 4)
    settings.watching.server_timeout = 300
    settings.watching.inactivity_timeout = 90
    return settings
