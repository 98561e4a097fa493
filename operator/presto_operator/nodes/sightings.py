"""Since when nodes have been unhealthy, by the operator's own clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

_Episode = tuple[str, str]
"""Why a node is unhealthy, and the API server's word for since when."""


class Sightings:
    """When each node was first seen to be unhealthy.

    Node objects say since when, too, but by another clock: if ours is a minute ahead, a single missed heartbeat would
    look like a node that has been silent for a minute, and its pods would be removed by force. After a restart of the
    operator, nodes count as unhealthy from then on.
    """

    def __init__(self) -> None:
        self._since: dict[str, dict[_Episode, datetime]] = {}

    def since(self, node: Mapping[str, Any], reason: str, stamp: str, now: datetime) -> datetime:
        """When the node was first seen to be unhealthy for this reason: now if it is news.

        Args:
            node: the Node.
            reason: why it is unhealthy.
            stamp: the API server's word for since when; another one is another episode.
            now: the time.
        """
        return self._since.setdefault(_identity(node), {}).setdefault((reason, stamp), now)

    def keep(self, node: Mapping[str, Any], episodes: Collection[_Episode]) -> None:
        """Forget all but these episodes of a node: it has recovered from the others."""
        kept = {key: since for key, since in self._since.get(_identity(node), {}).items() if key in episodes}
        if kept:
            self._since[_identity(node)] = kept
        else:
            self._since.pop(_identity(node), None)


def _identity(node: Mapping[str, Any]) -> str:
    metadata = node["metadata"]
    return str(metadata.get("uid") or metadata.get("name", ""))
