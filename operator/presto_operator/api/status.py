"""`status` of a PrestoCluster: written by the operator only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.autoscaling_status import AutoscalingStatus
from presto_operator.api.field_rules import KeyedBy
from presto_operator.api.model import Model
from presto_operator.api.pool_limit import PoolLimit

ConditionType = Literal[
    "Valid", "Ready", "Progressing", "Degraded", "Draining", "MetastoreAvailable", "AutoscalingActive"
]

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A time in UTC, in Kubernetes' format."""

Phase = Literal["Pending", "Running", "Updating", "Degraded", "Invalid"]


class Condition(Model):
    """One aspect of the cluster's state, as in `meta/v1` Condition."""

    type: ConditionType = Field(description="Aspect of the cluster that the condition is about.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether the condition is true.")
    reason: str = Field(description="The reason for status in one word, for programs.")
    message: str = Field(default="", description="The reason for status in words, for people.")
    observed_generation: int = Field(description="metadata.generation of the spec that this condition is about.")
    last_transition_time: str = Field(
        description="When status last changed.", json_schema_extra={"format": "date-time"}
    )


class CoordinatorStatus(Model):
    """Observed state of the coordinator."""

    generation: str = Field(default="", description="Generation of the cluster that serves clients.")
    ready: bool = Field(default=False, description="Whether the coordinator accepts queries.")
    has_served: bool | None = Field(
        default=None,
        description="Whether the coordinator of this generation has ever been ready. Not set if that isn't known.",
    )
    uri: str = Field(default="", description="Address for clients inside Kubernetes.")


class PoolStatus(Model):
    """Observed state of the workers of one pool."""

    name: str = Field(description="Name of the pool.")
    replicas: int = Field(default=0, description="Desired workers of this pool.")
    ready_replicas: int = Field(default=0, description="Ready workers of this pool.")
    limit: PoolLimit | None = Field(
        default=None,
        description="Why and until when the pool gets fewer workers than its share. Not set if it gets its share.",
    )


class WorkersStatus(Model):
    """Observed state of the workers."""

    replicas: int = Field(default=0, description="Existing worker pods, for the scale subresource.")
    desired_replicas: int = Field(default=0, description="Desired workers in all pools together.")
    ready_replicas: int = Field(default=0, description="Ready workers in all pools together.")
    draining: int = Field(default=0, description="Draining workers: they finish their tasks and exit.")
    active: int | None = Field(
        default=None,
        description="Active workers, as counted by Presto. Not set while the coordinator does not respond.",
    )
    summary: str = Field(default="", description="Ready and desired workers for people, for example 3/4.")
    selector: str = Field(default="", description="Label selector of the worker pods, for the scale subresource.")
    pools: Annotated[tuple[PoolStatus, ...], KeyedBy("name")] = Field(
        default=(),
        description="Observed state of each pool.",
    )


class QueriesStatus(Model):
    """Queries, as counted by Presto at the last update of status."""

    running: int = Field(description="Running queries that are not blocked.")
    queued: int = Field(description="Queries that wait in a resource group, for any of its limits.")
    blocked: int = Field(description="Queries all of whose drivers are waiting.")
    waiting: int = Field(
        default=0,
        description="Queries in any other state that isn't final: they wait for workers, or are being planned.",
    )
    held_back: int = Field(
        default=0,
        description="Queued queries that wait for a limit of concurrency, CPU or absolute memory, which more workers "
        "don't change.",
    )


RolloutChange = Literal["Generation", "Workers"]


class RolloutStatus(Model):
    """The current roll-out, or the last one."""

    changes: tuple[RolloutChange, ...] = Field(
        description=(
            "What is replaced. Workers: the workers. Generation: the coordinator together with all of its workers."
        )
    )
    because: str = Field(
        default="",
        description=(
            'Why there is a roll-out: which parts of the servers changed, such as "the workers\' jvm.config changed". '
            "Empty if that isn't known."
        ),
    )
    from_generation: str = Field(description="Generation that served clients when the roll-out began.")
    to_generation: str = Field(
        description="Generation that serves clients after the roll-out; the same as before if only workers change."
    )
    updated_workers: int = Field(description="Updated workers that are in service.")
    total_workers: int = Field(description="Desired updated workers.")
    old_workers: int = Field(
        default=0, description="Workers to be replaced when the roll-out began; 0 if the coordinator changes, too."
    )
    worker_revision: str = Field(
        default="",
        description="Hash of the workers that the roll-out leads to. With other workers it is another roll-out.",
    )
    started_at: Timestamp = Field(description="When the roll-out began.")
    ready_at: Timestamp | None = Field(
        default=None,
        description="When the new generation was first complete. coordinator.drainTimeout starts here.",
    )
    switched_at: Timestamp | None = Field(
        default=None, description="When traffic was switched from the old generation to the new one."
    )
    queries_interrupted: int | None = Field(
        default=None,
        description=(
            "Queries that the switch of traffic may have interrupted: those unfinished on the old coordinator, and "
            "those that it has run since. An upper bound: a client that keeps its connection still gets its result. "
            "Not set if it did not respond."
        ),
    )
    finished_at: Timestamp | None = Field(default=None, description="When the roll-out was complete.")
    message: str = Field(default="", description="Progress or result of the roll-out, in words.")


class PrestoClusterStatus(Model):
    """Observed state of the cluster."""

    observed_generation: int | None = Field(
        default=None, description="metadata.generation of the spec that this status is about."
    )
    phase: Phase = Field(
        default="Pending", description="Summary of the state in one word, for people. Programs should read conditions."
    )
    conditions: Annotated[
        tuple[Condition, ...],
        KeyedBy("type"),
    ] = Field(
        default=(),
        description=(
            "Valid, Ready, Progressing, Degraded and Draining; MetastoreAvailable if spec.metastore is set; "
            "AutoscalingActive if spec.autoscaling is set."
        ),
    )
    coordinator: CoordinatorStatus = Field(
        default_factory=CoordinatorStatus, description="Observed state of the coordinator."
    )
    workers: WorkersStatus = Field(default_factory=WorkersStatus, description="Observed state of the workers.")
    queries: QueriesStatus | None = Field(
        default=None, description="Number of queries by state. Not set while the coordinator does not respond."
    )
    autoscaling: AutoscalingStatus | None = Field(
        default=None, description="Decisions of autoscaling. Not set while it is off."
    )
    rollout: RolloutStatus | None = Field(
        default=None, description="The current roll-out, or the last one. Not set before the first one."
    )
