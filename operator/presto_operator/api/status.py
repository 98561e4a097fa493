"""`status` of a PrestoCluster: written by the operator only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.autoscaling_status import AutoscalingStatus
from presto_operator.api.model import Model
from presto_operator.api.pool_limit import PoolLimit

ConditionType = Literal[
    "Valid", "Ready", "Progressing", "Degraded", "Draining", "MetastoreAvailable", "AutoscalingActive"
]

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A time in UTC, as Kubernetes writes it."""

Phase = Literal["Pending", "Running", "Updating", "Degraded", "Invalid"]


class Condition(Model):
    """One aspect of the cluster's state, as in `meta/v1` Condition."""

    type: ConditionType = Field(description="Aspect that the condition speaks of.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str = Field(description="One word for machines.")
    message: str = Field(default="", description="A sentence for people.")
    observed_generation: int = Field(description="metadata.generation that this condition was computed for.")
    last_transition_time: str = Field(
        description="When status last changed.", json_schema_extra={"format": "date-time"}
    )


class CoordinatorStatus(Model):
    """The coordinator as it stands."""

    generation: str = Field(default="", description="Generation of the cluster that clients reach.")
    ready: bool = Field(default=False, description="Whether it takes queries.")
    uri: str = Field(default="", description="Address for clients inside Kubernetes.")


class PoolStatus(Model):
    """The workers of one pool."""

    name: str = Field(description="Name of the pool.")
    replicas: int = Field(default=0, description="Workers wanted in this pool.")
    ready_replicas: int = Field(default=0, description="Workers of this pool that are ready.")
    limit: PoolLimit | None = Field(
        default=None,
        description="Why and until when the pool gets fewer workers than its share; not there if it gets its share.",
    )


class WorkersStatus(Model):
    """The workers as they stand."""

    replicas: int = Field(default=0, description="Worker pods that exist; the scale subresource reads it.")
    desired_replicas: int = Field(default=0, description="Workers wanted in all pools together.")
    ready_replicas: int = Field(default=0, description="Workers that are ready.")
    draining: int = Field(default=0, description="Workers that are leaving: they finish their tasks and exit.")
    active: int | None = Field(
        default=None,
        description="Active workers by Presto's own count; not there while the coordinator can't be asked.",
    )
    summary: str = Field(default="", description="Ready and desired workers, for people: 3/4.")
    selector: str = Field(default="", description="Label selector of the worker pods, for the scale subresource.")
    pools: tuple[PoolStatus, ...] = Field(
        default=(),
        description="A row a pool.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )


class QueriesStatus(Model):
    """Queries by Presto's own count, as of the last poll that was worth writing."""

    running: int = Field(description="Queries that run and are not blocked.")
    queued: int = Field(description="Queries that wait for a resource group, for whatever limit.")
    blocked: int = Field(description="Queries whose every driver waits for something.")
    waiting: int = Field(
        default=0,
        description="Queries in any other state that isn't final: they wait for workers, or are being planned.",
    )
    held_back: int = Field(
        default=0,
        description="Those of the queued ones that wait for a concurrency limit: more workers don't help them.",
    )


RolloutChange = Literal["Generation", "Workers"]


class RolloutStatus(Model):
    """A change that is being carried out, or the last one that was."""

    changes: tuple[RolloutChange, ...] = Field(
        description=(
            "What changes: Workers are replaced by changed ones; a Generation, the coordinator with all of its "
            "workers, by another one."
        )
    )
    because: str = Field(
        default="",
        description=(
            'Why there is a roll-out: which parts of the servers changed, such as "the workers\' jvm.config changed". '
            "Empty if that isn't known."
        ),
    )
    from_generation: str = Field(description="Generation that served when the roll-out began.")
    to_generation: str = Field(description="Generation that the roll-out leads to; the same if only workers change.")
    updated_workers: int = Field(description="Workers that are as the spec asks for and serve.")
    total_workers: int = Field(description="Workers that the roll-out leads to.")
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
        description="When the new generation was complete first: coordinator.drainTimeout counts from here.",
    )
    switched_at: Timestamp | None = Field(
        default=None, description="When clients were led from the old generation to the new one."
    )
    queries_interrupted: int | None = Field(
        default=None,
        description=(
            "Queries that the change of generation may have cost: those that were unfinished on the old coordinator "
            "when clients were led away from it, or that it ran since then. An upper bound: a client that keeps its "
            "connection gets its answer all the same. Not there if the old coordinator could not be asked."
        ),
    )
    finished_at: Timestamp | None = Field(default=None, description="When all was as the spec asks for.")
    message: str = Field(default="", description="How far it has come, or how it ended, in words.")


class PrestoClusterStatus(Model):
    """What the cluster is."""

    observed_generation: int | None = Field(
        default=None, description="metadata.generation of the spec that this status speaks of."
    )
    phase: Phase = Field(default="Pending", description="The state in one word, for people; machines read conditions.")
    conditions: Annotated[
        tuple[Condition, ...],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
    ] = Field(
        default=(),
        description=(
            "Valid, Ready, Progressing, Degraded and Draining; MetastoreAvailable with a metastore, AutoscalingActive "
            "with autoscaling."
        ),
    )
    coordinator: CoordinatorStatus = Field(default_factory=CoordinatorStatus, description="The coordinator.")
    workers: WorkersStatus = Field(default_factory=WorkersStatus, description="The workers.")
    queries: QueriesStatus | None = Field(
        default=None, description="Queries; not there while the coordinator can't be asked."
    )
    autoscaling: AutoscalingStatus | None = Field(
        default=None, description="What autoscaling decided, and why; not there while it is off."
    )
    rollout: RolloutStatus | None = Field(
        default=None, description="The roll-out that goes on, or the last one; not there before the first one."
    )
