"""What a metastore is asked, what came of it, and what that means to Presto. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from presto_operator.metastore.address import MetastoreAddress

Check = Literal["Thrift", "Connect"]
"""How far to go: a real call, or only a connection, where a call would need Kerberos or TLS."""


class Outcome(StrEnum):
    """What came of asking one address. The names of failures are the reasons of the condition."""

    ANSWERING = "Answering"
    UNREACHABLE = "Unreachable"
    """No connection: refused, no route, or not in time."""
    UNKNOWN_HOST = "UnknownHost"
    """No such name in DNS."""
    NOT_ANSWERING = "NotAnswering"
    """It took the connection, and then said nothing."""
    NOT_A_METASTORE = "NotAMetastore"
    """It said something that no metastore says."""
    FAILING = "MetastoreFailing"
    """It is a metastore, and can't do its work: most often its database is down."""
    NOT_CHECKED = "NotChecked"
    """It can't be asked from here, whatever its state may be."""


@dataclass(frozen=True)
class Probe:
    """One address, and how to ask it."""

    address: MetastoreAddress
    check: Check


@dataclass(frozen=True)
class Finding:
    """What came of a probe."""

    outcome: Outcome
    detail: str = ""
    """What is wrong, in words that follow "host:port ": "can't be reached: Connection refused"."""

    @property
    def is_failure(self) -> bool:
        """Whether Presto could do nothing with that metastore either."""
        return self.outcome not in (Outcome.ANSWERING, Outcome.NOT_CHECKED)

    def seen_from_outside(self) -> Finding:
        """The finding of somebody outside of Kubernetes, where its names are unknown and say nothing."""
        if self.outcome is Outcome.UNKNOWN_HOST:
            return Finding(Outcome.NOT_CHECKED, f"{self.detail}, but the operator runs outside of Kubernetes")
        return self


_PASSED_OVER = (Outcome.UNREACHABLE, Outcome.UNKNOWN_HOST, Outcome.NOT_CHECKED)


def deciding(findings: Iterable[Finding]) -> Finding | None:
    """The finding on which it hangs whether Presto can use the metastore, of those of all URIs in their order.

    Presto takes the first URI that accepts its connection: one that can't be reached is passed over, one that fails
    later isn't. None if there are no findings.
    """
    listed = list(findings)
    taking_connections = (finding for finding in listed if finding.outcome not in _PASSED_OVER)
    # Of one that can't be asked nobody knows: it may be the one that Presto uses.
    not_checked = (finding for finding in listed if finding.outcome is Outcome.NOT_CHECKED)
    return next((finding for group in (taking_connections, not_checked, listed) for finding in group), None)
