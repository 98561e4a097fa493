"""`autoscaling.schedules`: times with more workers, or fewer, than the load requires."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import Field

from presto_operator.api.field_rules import BLANKS, Parses, matches
from presto_operator.api.model import Model
from presto_operator.api.model_rules import AtLeastOne, InOrder, Paired
from presto_operator.api.names import DNS_LABEL
from presto_operator.api.pool import MAX_WORKERS
from presto_operator.api.rules import Problem, cel, shown

_ANY_MOMENT = datetime(2000, 1, 1)  # noqa: DTZ001 - cron's fields refer to the wall clock


_CRON_PATTERN = rf"^[^{BLANKS}]+( +[^{BLANKS}]+){{4}}$"
_ZONE_PATTERN = r"^[A-Za-z][A-Za-z0-9_+/-]*$"


def _parse_cron(text: str) -> None:
    if not matches(_CRON_PATTERN, text):
        raise ValueError(
            "must be a cron expression of 5 fields with blanks between them (minute, hour, day of month, month, day of "
            f'week), for example "0 8 * * 1-5"; {shown(text)} has {len(text.split())}'
        )
    try:
        next(CronSim(text, _ANY_MOMENT))
    except CronSimError as error:
        raise ValueError(f"must be a cron expression (got {shown(text)}): {error}") from None
    except StopIteration:
        raise ValueError(f"must be a cron expression that matches some day (got {shown(text)})") from None


def _parse_zone(name: str) -> None:
    try:
        if matches(_ZONE_PATTERN, name):
            ZoneInfo(name)
            return
    except (KeyError, OSError, ValueError):
        pass
    raise ValueError(f'must be an IANA time zone such as "Europe/Berlin" or "UTC" (got {shown(name)})')


CronExpression = Annotated[str, Field(max_length=100), Parses(_CRON_PATTERN, _parse_cron)]
TimeZone = Annotated[str, Field(max_length=64), Parses(_ZONE_PATTERN, _parse_zone)]

_ENDS_AT_ITS_START = "start and end must be different"


def _ends_at_its_start(schedule: Schedule) -> Iterator[Problem]:
    if schedule.start.split() == schedule.end.split():
        yield Problem("", _ENDS_AT_ITS_START)


class Schedule(Model):
    """A recurring period with a minimum or a maximum of workers."""

    rules = (
        AtLeastOne(("min_replicas", "max_replicas")),
        InOrder("min_replicas", "max_replicas"),
        Paired(
            cel(
                "self.start.split(' ').filter(field, field != '') != self.end.split(' ').filter(field, field != '')",
                _ENDS_AT_ITS_START,
            ),
            _ends_at_its_start,
        ),
    )

    name: Annotated[str, Field(max_length=32), DNS_LABEL] = Field(
        description="Name of the schedule, unique in the cluster. Decisions refer to it by this name."
    )
    start: CronExpression = Field(
        description=(
            "When the schedule begins, as a cron expression of 5 fields in timeZone, for example "
            '"0 8 * * 1-5": at 8:00 from Monday to Friday.'
        )
    )
    end: CronExpression = Field(
        description="When the schedule ends, as a cron expression too. It is in effect from each start to the next end."
    )
    time_zone: TimeZone = Field(
        default="UTC", description="IANA time zone of start and end, for example America/Argentina/Buenos_Aires."
    )
    min_replicas: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=MAX_WORKERS,
        description=(
            "Minimum workers while the schedule is in effect. Of several schedules the highest minimum applies. "
            "Default: no minimum."
        ),
    )
    max_replicas: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=MAX_WORKERS,
        description=(
            "Maximum workers while the schedule is in effect. It overrides every minimum; of several schedules the "
            "lowest maximum applies. Default: no maximum of its own."
        ),
    )
