"""`autoscaling`: scales the workers with the load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.duration import Between, Duration
from presto_operator.api.field_rules import KeyedBy, Matches, Positive
from presto_operator.api.model import Model, nested
from presto_operator.api.model_rules import AtLeastOne, InOrder, Paired
from presto_operator.api.pool import MAX_WORKERS
from presto_operator.api.rules import Problem, cel
from presto_operator.api.scaling_behavior import ScalingBehavior
from presto_operator.api.schedule import Schedule

AutoscalingMode = Literal["Active", "Advisory", "Off"]

QueriesPerWorker = Annotated[
    str,
    Field(max_length=8),
    Matches(
        r"^(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?$",
        'be a decimal number in quotes, for example "0.5": at most 4 digits before and 3 digits after the point',
    ),
    Positive(),
]


class ScalingTargets(Model):
    """The load that a worker should have."""

    rules = (AtLeastOne(("queries_per_worker", "worker_cpu_percent")),)

    queries_per_worker: QueriesPerWorker | None = Field(
        default=None,
        description=(
            'Queries per worker, running and waiting ones: "0.5" means two workers per query. Queries that wait for a '
            "concurrency limit of a resource group aren't counted. Default: 0.5 if targets is not set, else no target."
        ),
    )
    worker_cpu_percent: int | None = Field(
        default=None,
        alias="workerCPUPercent",
        strict=True,
        ge=1,
        le=100,
        description=(
            "CPU use of the workers' JVMs, in percent of all of their processors, averaged over the workers. "
            "Default: 65 if targets is not set, else no target."
        ),
    )


def _default_targets() -> ScalingTargets:
    return ScalingTargets(queries_per_worker="0.5", worker_cpu_percent=65)


class ScaleToZero(Model):
    """Removing all workers while there are no queries."""

    idle_after: Annotated[Duration, Between("1m", "24h")] = Field(
        default="30m",
        description="How long there must have been no query, neither running nor waiting.",
    )


def _schedule_rule(field: Literal["min", "max"]) -> Paired:
    name = f"{field}Replicas"
    why = ": a schedule can only lower it" if field == "max" else ""
    message = "must not be greater than autoscaling.maxReplicas"

    def find(autoscaling: Autoscaling) -> Iterator[Problem]:
        for index, schedule in enumerate(autoscaling.schedules):
            bound = schedule.min_replicas if field == "min" else schedule.max_replicas
            if bound is not None and bound > autoscaling.max_replicas:
                yield Problem(f"schedules[{index}].{name}", f"{message} ({bound} > {autoscaling.max_replicas}){why}")

    expression = f"self.schedules.all(item, !has(item.{name}) || item.{name} <= self.maxReplicas)"
    return Paired(cel(f"!has(self.schedules) || {expression}", f"{name} of a schedule {message}{why}"), find)


class Autoscaling(Model):
    """Scaling of the workers with the load."""

    rules = (InOrder("min_replicas", "max_replicas"), _schedule_rule("min"), _schedule_rule("max"))

    mode: AutoscalingMode = Field(
        default="Active",
        description=(
            "Active: the operator sets the number of workers, starting from workers.replicas. Advisory: it only "
            'reports what it would do, and workers.replicas applies. "Off" (in quotes, because YAML reads Off as a '
            "boolean): workers.replicas applies."
        ),
    )
    min_replicas: int = Field(
        default=1,
        strict=True,
        ge=1,
        le=MAX_WORKERS,
        description="Minimum workers. Only scaleToZero goes below it.",
    )
    max_replicas: int = Field(strict=True, ge=1, le=MAX_WORKERS, description="Maximum workers, whatever the load.")
    targets: ScalingTargets = Field(
        default_factory=_default_targets,
        description=(
            "Target load per worker. The target that needs the most workers applies. If you set either target, the "
            "other has no default. Default: queriesPerWorker 0.5 and workerCPUPercent 65."
        ),
        json_schema_extra={"default": _default_targets().model_dump(by_alias=True)},
    )
    schedules: Annotated[tuple[Schedule, ...], Field(max_length=16), KeyedBy("name")] = Field(
        default=(), description="Times with more workers, or fewer, than the load requires."
    )
    behavior: ScalingBehavior = nested(
        ScalingBehavior,
        "How fast the number of workers may change. Its fields have the same meaning as in a HorizontalPodAutoscaler.",
    )
    scale_to_zero: ScaleToZero | None = Field(
        default=None,
        description=(
            "Removes all workers while there are no queries. The next query brings workers back and waits for them. "
            "Default: never."
        ),
    )
