"""`autoscaling`: how many workers there shall be by what there is to do."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from presto_operator.api.duration import Duration, check_bounds
from presto_operator.api.model import BY_NAME, Model, first_duplicate, nested, problem_inside, rule, schema
from presto_operator.api.pool import MAX_WORKERS
from presto_operator.api.positive_decimal import PositiveDecimal
from presto_operator.api.scaling_behavior import ScalingBehavior
from presto_operator.api.schedule import Schedule

AutoscalingMode = Literal["Active", "Advisory", "Off"]

_RATIO = PositiveDecimal("a number of queries", example="0.5", whole_digits=4, fraction_digits=3)

QueriesPerWorker = Annotated[str, AfterValidator(_RATIO.checked), WithJsonSchema(_RATIO.json_schema)]
"""How many queries a worker shall have, as text."""


class ScalingTargets(Model):
    """What a worker shall have to do. Each target gives a number of workers, and the largest counts."""

    model_config = schema(
        rule("has(self.queriesPerWorker) || has(self.workerCPUPercent)", "at least one target is required")
    )

    queries_per_worker: QueriesPerWorker | None = Field(
        default=None,
        description=(
            'Queries for each worker, running and waiting ones: with "0.5" each query gets two workers. Queries that '
            "a concurrency limit of a resource group holds back don't count."
        ),
    )
    worker_cpu_percent: int | None = Field(
        default=None,
        alias="workerCPUPercent",
        strict=True,
        ge=1,
        le=100,
        description="CPU use of a worker's JVM in percent of all of its processors, as a mean over the workers.",
    )

    @model_validator(mode="after")
    def _there_is_one(self) -> ScalingTargets:
        if self.queries_per_worker is None and self.worker_cpu_percent is None:
            raise ValueError("at least one target is required: queriesPerWorker or workerCPUPercent")
        return self


def _default_targets() -> ScalingTargets:
    return ScalingTargets(queries_per_worker="0.5", worker_cpu_percent=65)


class ScaleToZero(Model):
    """Going without any worker while there is nothing to do."""

    model_config = schema(
        rule("duration(self.idleAfter) >= duration('1m')", "idleAfter must not be less than 1m"),
        rule("duration(self.idleAfter) <= duration('24h')", "idleAfter must not be more than 24h"),
    )

    idle_after: Duration = Field(
        default="30m",
        description="How long there must have been no query, neither running nor waiting. 1m to 24h.",
    )

    @model_validator(mode="after")
    def _bounded(self) -> ScaleToZero:
        check_bounds("idleAfter", self.idle_after, least="1m", most="24h")
        return self


_MIN_MAX_RULE = rule("self.minReplicas <= self.maxReplicas", "minReplicas must not be greater than maxReplicas")
_SCHEDULE_MIN_RULE = rule(
    "!has(self.schedules) || self.schedules.all(item, !has(item.minReplicas) || item.minReplicas <= self.maxReplicas)",
    "minReplicas of a schedule must not be greater than maxReplicas of autoscaling",
)
_SCHEDULE_MAX_RULE = rule(
    "!has(self.schedules) || self.schedules.all(item, !has(item.maxReplicas) || item.maxReplicas <= self.maxReplicas)",
    "maxReplicas of a schedule must not be greater than maxReplicas of autoscaling: a schedule lowers it",
)


class Autoscaling(Model):
    """How many workers there shall be by what there is to do."""

    model_config = schema(_MIN_MAX_RULE, _SCHEDULE_MIN_RULE, _SCHEDULE_MAX_RULE)

    mode: AutoscalingMode = Field(
        default="Active",
        description=(
            "Active: the operator decides, and workers.replicas is where it starts from. Advisory: it decides and says "
            "what it would do, and workers.replicas rules. Off, in quotes since YAML takes it for a boolean: "
            "workers.replicas rules."
        ),
    )
    min_replicas: int = Field(
        default=1,
        strict=True,
        ge=1,
        le=MAX_WORKERS,
        description="Fewest workers; none at all only by scaleToZero.",
    )
    max_replicas: int = Field(strict=True, ge=1, le=MAX_WORKERS, description="Most workers, whatever there is to do.")
    targets: ScalingTargets = Field(
        default_factory=_default_targets,
        description="What a worker shall have to do. Each target gives a number of workers, and the largest counts.",
        json_schema_extra={"default": _default_targets().model_dump(by_alias=True)},
    )
    schedules: tuple[Schedule, ...] = Field(
        default=(),
        max_length=16,
        description="Times at which there shall be more workers, or fewer, than the load asks for.",
        json_schema_extra=BY_NAME,
    )
    behavior: ScalingBehavior = nested(
        ScalingBehavior, "How fast the number of workers may change; fields and meaning are HPA's."
    )
    scale_to_zero: ScaleToZero | None = Field(
        default=None,
        description=(
            "Going without any worker while there is nothing to do; the first query that waits brings them back, and "
            "waits for them. Never unless told."
        ),
    )

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Autoscaling:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"{_MIN_MAX_RULE['message']} ({self.min_replicas} > {self.max_replicas})")
        if name := first_duplicate([schedule.name for schedule in self.schedules]):
            raise problem_inside("schedules", f'two of them are named "{name}": each needs a name of its own')
        for index, schedule in enumerate(self.schedules):
            for field, bound in (("minReplicas", schedule.min_replicas), ("maxReplicas", schedule.max_replicas)):
                if bound is not None and bound > self.max_replicas:
                    raise problem_inside(
                        f"schedules[{index}].{field}",
                        f"must not be greater than maxReplicas of autoscaling ({bound} > {self.max_replicas})",
                    )
        return self


def ratio_value(ratio: str) -> Decimal:
    """The number that a ratio such as queriesPerWorker stands for."""
    return Decimal(ratio)
