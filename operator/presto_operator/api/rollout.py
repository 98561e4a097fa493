"""`workers.rollout`: the pace at which changed workers replace the old ones."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import NumberOrText
from presto_operator.api.model import Model

_MAX_COUNT = 1000

CountOrPercent = Annotated[
    int | str,
    NumberOrText(
        1,
        _MAX_COUNT,
        r"^(100|[1-9][0-9]?)%$",
        len("100%"),
        f'be a number of workers from 1 to {_MAX_COUNT}, or a percentage from "1%" to "100%"',
    ),
]


class Rollout(Model):
    """How fast changed workers replace the old ones."""

    max_surge: CountOrPercent = Field(
        default="10%",
        description=(
            "How many workers may exist in addition to the desired ones while changed workers replace the old ones: "
            "a number, or a percentage of the desired workers, rounded up. Unlike a Deployment's maxSurge it includes "
            "draining workers, so it also limits how many workers drain at the same time."
        ),
    )

    def surge(self, wanted: int) -> int:
        """How many workers may exist in addition to `wanted`: at least one, or nothing would ever move."""
        if isinstance(self.max_surge, int):
            return self.max_surge
        share = int(self.max_surge.removesuffix("%"))
        return max(1, -(-wanted * share // 100))
