"""How a metastore is checked, the result, and what that means for Presto. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from presto_operator.metastore.address import MetastoreAddress

Check = Literal["Thrift", "Connect"]
"""A real call, or only a connection: for metastores that require Kerberos or TLS for a call."""


class Outcome(StrEnum):
    """The result of checking one address. Failures are named as the reasons of the condition."""

    ANSWERING = "Answering"
    UNREACHABLE = "Unreachable"
    """No connection: refused, no route, or timed out."""
    UNKNOWN_HOST = "UnknownHost"
    """No such name in DNS."""
    NOT_ANSWERING = "NotAnswering"
    """It accepted the connection and did not answer."""
    NOT_A_METASTORE = "NotAMetastore"
    """It answered, but not as a metastore does."""
    UNAVAILABLE = "Unavailable"
    """It can't be used. Why is not told, as it is none of the namespace's, and whoever may write a spec could learn in
    this way what listens where."""
    FAILING = "MetastoreFailing"
    """It is a metastore that can't do its work: most often its database is down."""
    NOT_CHECKED = "NotChecked"
    """Its state is unknown, because it can't be checked from here."""


@dataclass(frozen=True)
class Probe:
    """One address, and how to check it."""

    address: MetastoreAddress
    check: Check
    is_explained: bool = True
    """Whether a failure may be explained to the users of the cluster."""


@dataclass(frozen=True)
class Finding:
    """The result of a probe."""

    outcome: Outcome
    detail: str = ""
    """What is wrong, as a predicate that follows the address: "can't be reached: Connection refused"."""

    @property
    def is_failure(self) -> bool:
        """Whether Presto can't use that metastore either."""
        return self.outcome not in (Outcome.ANSWERING, Outcome.NOT_CHECKED)

    def unexplained(self) -> Finding:
        """The finding without the kind of its failure."""
        return _UNEXPLAINED if self.is_failure else self

    def seen_from_outside(self) -> Finding:
        """The finding if the operator runs outside of Kubernetes, where names of Services can't be resolved."""
        if self.outcome is Outcome.UNKNOWN_HOST:
            return Finding(Outcome.NOT_CHECKED, f"{self.detail}, but the operator runs outside of Kubernetes")
        return self


_UNEXPLAINED = Finding(
    Outcome.UNAVAILABLE,
    "can't be used (why is told only for Services of the cluster's own namespace, named with .svc, and for hosts that "
    "the operator's administrator lists)",
)
_SKIPPED = (Outcome.UNREACHABLE, Outcome.UNKNOWN_HOST, Outcome.UNAVAILABLE, Outcome.NOT_CHECKED)


def deciding(findings: Iterable[Finding]) -> Finding | None:
    """The finding that decides whether Presto can use the metastore, of the findings of all URIs in their order.

    Presto uses the first URI that accepts a connection: it skips one that can't be reached, but not one that fails
    later. None if there are no findings.
    """
    listed = list(findings)
    taking_connections = (finding for finding in listed if finding.outcome not in _SKIPPED)
    # An unchecked URI may be the one that Presto uses.
    not_checked = (finding for finding in listed if finding.outcome is Outcome.NOT_CHECKED)
    return next((finding for group in (taking_connections, not_checked, listed) for finding in group), None)
