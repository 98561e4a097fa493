"""The operator's own settings: how often it does what no event asks for.

Each is an option of `presto-operator run`, named after its field; docs/operations.md lists them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# More often than this is a busy loop; more seldom than this is never.
_Interval = Annotated[timedelta, Field(ge=timedelta(milliseconds=50), le=timedelta(hours=1))]


def _whole_seconds(duration: timedelta) -> timedelta:
    if duration.microseconds:
        raise ValueError("Kubernetes has whole seconds only here")
    return duration


class Settings(BaseModel):
    """The operator's settings. The defaults suit clusters of real nodes; a description says what is gained by less."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reconcile_interval: _Interval = Field(
        timedelta(seconds=10),
        description="How often each cluster is reconciled when no event asks for it. Some conditions come true without "
        "an event: a time that is over, or a number of Presto's.",
    )
    handover_interval: _Interval = Field(
        timedelta(seconds=1),
        description="How often a cluster is reconciled while a generation waits for a moment without queries, which is "
        "short.",
    )
    presto_poll_interval: Annotated[_Interval, Field(le=timedelta(seconds=15))] = Field(
        timedelta(seconds=5),
        description="How often each coordinator is asked for its queries and workers; at most 15s, as autoscaling "
        "ignores numbers that are older than 45s.",
    )
    metastore_poll_interval: _Interval = Field(
        timedelta(seconds=5), description="How long after its last answer a metastore is checked again."
    )
    reference_interval: _Interval = Field(
        timedelta(seconds=15),
        description="How long the contents of a Secret or ConfigMap that a spec refers to are kept before they are "
        "read again. They are not watched: that would need every Secret of every namespace.",
    )
    status_interval: _Interval = Field(
        timedelta(seconds=30),
        description="How often numbers that always change (queries, active workers) are written to status. What "
        "matters more is written at once.",
    )
    relist_interval: _Interval = Field(
        timedelta(minutes=5),
        description="How often everything is listed again, in case a watch has lost an event.",
    )
    max_new_generations: int = Field(
        5,
        ge=1,
        le=1000,
        description="How many clusters start another generation at the same time, as when a Secret that they share is "
        "rotated, or after an update of the operator: each needs its nodes twice meanwhile. The others wait for their "
        "turn. A cluster that doesn't serve doesn't wait, and one counts for 30 minutes at most.",
    )
    worker_min_ready: Annotated[
        timedelta, Field(ge=timedelta(0), le=timedelta(minutes=10)), AfterValidator(_whole_seconds)
    ] = Field(
        timedelta(seconds=10),
        description="minReadySeconds of the workers' Deployments: how long a worker is ready before it counts as "
        "available. It announces itself every 5s, and its coordinator looks for news every 5s: with less, the last "
        "worker that the coordinator knows may leave before it knows another one.",
    )


DEFAULTS = Settings()
"""The settings of an operator that is given none."""
