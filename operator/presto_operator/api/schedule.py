"""`autoscaling.schedules`: times at which there shall be more workers, or fewer, than the load asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator

from presto_operator.api.model import Model, rule, schema
from presto_operator.api.pool import MAX_WORKERS

_CRON_PATTERN = r"^\S+( +\S+){4}$"
_CRON_LENGTH = 100
_ZONE_PATTERN = r"^[A-Za-z][A-Za-z0-9_+/-]*$"
_ZONE_LENGTH = 64

_ANY_MOMENT = datetime(2000, 1, 1)  # noqa: DTZ001 - cron's fields are of the wall clock


def _a_cron_expression(text: str) -> str:
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(
            f'"{text[:_CRON_LENGTH]}" is not a cron expression: it needs 5 fields (minute, hour, day of month, month, '
            f'day of week), for example "0 8 * * 1-5", and has {len(fields)}'
        )
    try:
        next(CronSim(text, _ANY_MOMENT))
    except CronSimError as error:
        raise ValueError(f'"{text[:_CRON_LENGTH]}" is not a cron expression: {error}') from None
    except StopIteration:
        raise ValueError(f'"{text[:_CRON_LENGTH]}" names a day that never comes') from None
    return text


def _a_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(
            f'"{name[:_ZONE_LENGTH]}" is not a known time zone; write one such as "Europe/Berlin" or "UTC"'
        ) from None
    return name


CronExpression = Annotated[
    str,
    StringConstraints(max_length=_CRON_LENGTH),
    AfterValidator(_a_cron_expression),
    WithJsonSchema({"type": "string", "pattern": _CRON_PATTERN, "maxLength": _CRON_LENGTH}),
]
"""Five fields of cron, as text."""

TimeZone = Annotated[
    str,
    StringConstraints(max_length=_ZONE_LENGTH),
    AfterValidator(_a_time_zone),
    WithJsonSchema({"type": "string", "pattern": _ZONE_PATTERN, "maxLength": _ZONE_LENGTH}),
]
"""Name of a time zone of the IANA database."""

_BOUND_RULE = rule(
    "has(self.minReplicas) || has(self.maxReplicas)", "a schedule needs minReplicas, maxReplicas or both"
)
_ORDER_RULE = rule(
    "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
    "minReplicas must not be greater than maxReplicas",
)
_MOMENTS_RULE = rule("self.start != self.end", "start and end must differ: the schedule would begin as it ends")


class Schedule(Model):
    """A time that comes again and again, and how many workers there are then at least, or at most."""

    model_config = schema(_BOUND_RULE, _ORDER_RULE, _MOMENTS_RULE)

    name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=32, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
    ] = Field(description="Name of the schedule, unique in the cluster; decisions are explained with it.")
    start: CronExpression = Field(
        description='When it begins, in cron\'s five fields by the wall clock of timeZone: "0 8 * * 1-5" is 8:00 from '
        "Monday to Friday."
    )
    end: CronExpression = Field(description="When it ends, likewise. It holds from each start to the next end.")
    time_zone: TimeZone = Field(
        default="UTC",
        description="Time zone of start and end, for example America/Argentina/Buenos_Aires; UTC unless told.",
    )
    min_replicas: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=MAX_WORKERS,
        description="Fewest workers while it holds. Of several schedules the highest counts.",
    )
    max_replicas: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=MAX_WORKERS,
        description="Most workers while it holds. Of several schedules the lowest counts, before any minimum.",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Schedule:
        if self.min_replicas is None and self.max_replicas is None:
            raise ValueError(_BOUND_RULE["message"])
        if self.min_replicas is not None and self.max_replicas is not None and self.min_replicas > self.max_replicas:
            raise ValueError(f"{_ORDER_RULE['message']} ({self.min_replicas} > {self.max_replicas})")
        if self.start.split() == self.end.split():
            raise ValueError(_MOMENTS_RULE["message"])
        return self
