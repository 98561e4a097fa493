"""`status` of a PrestoCluster: written by the operator only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.model import Model

ConditionType = Literal["Valid", "Ready", "Progressing", "Degraded", "Draining"]

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
    queued: int = Field(description="Queries that wait for a resource group.")
    blocked: int = Field(description="Queries whose every driver waits for something.")


class PrestoClusterStatus(Model):
    """What the cluster is."""

    observed_generation: int | None = Field(
        default=None, description="metadata.generation of the spec that this status speaks of."
    )
    phase: Phase = Field(default="Pending", description="The state in one word, for people; machines read conditions.")
    conditions: Annotated[
        tuple[Condition, ...],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
    ] = Field(default=(), description="Valid, Ready, Progressing, Degraded and Draining.")
    coordinator: CoordinatorStatus = Field(default_factory=CoordinatorStatus, description="The coordinator.")
    workers: WorkersStatus = Field(default_factory=WorkersStatus, description="The workers.")
    queries: QueriesStatus | None = Field(
        default=None, description="Queries; not there while the coordinator can't be asked."
    )
