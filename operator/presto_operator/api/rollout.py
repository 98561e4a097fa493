"""`workers.rollout`: the pace at which changed workers replace the old ones."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from presto_operator.api.model import Model, rule, schema

_MAX_COUNT = 1000
_SHARE_PATTERN = r"^(100|[1-9][0-9]?)%$"
_SURGE_RULE = rule(
    f"type(self.maxSurge) == int ? self.maxSurge >= 1 && self.maxSurge <= {_MAX_COUNT} : "
    f"self.maxSurge.matches('{_SHARE_PATTERN}')",
    f'maxSurge must be a number of workers from 1 to {_MAX_COUNT}, or a share from "1%" to "100%"',
)


def _checked(value: Any) -> int | str:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MAX_COUNT
    is_share = isinstance(value, str) and re.fullmatch(_SHARE_PATTERN, value) is not None
    if not is_count and not is_share:
        raise ValueError(f"{_SURGE_RULE['message']} (got {value!r})"[:300])
    checked: int | str = value
    return checked


IntOrShare = Annotated[
    int | str,
    PlainValidator(_checked),
    PlainSerializer(lambda value: value, return_type=int | str),
    WithJsonSchema(
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}], "maxLength": 4}
    ),
]
"""A number, or a share such as "10%"."""


class Rollout(Model):
    """How fast workers are replaced when what they run has changed."""

    model_config = schema(_SURGE_RULE)

    max_surge: IntOrShare = Field(
        default="10%",
        description=(
            "How many workers more than wanted there may be while changed workers replace the old ones: a number, or a "
            "share of the wanted workers, rounded up. Unlike a Deployment's maxSurge it counts workers that drain, "
            "too, so it is also how many drain at once."
        ),
    )

    def surge(self, wanted: int) -> int:
        """How many workers more than `wanted` there may be: at least one, or nothing would ever move."""
        if isinstance(self.max_surge, int):
            return self.max_surge
        share = int(self.max_surge.removesuffix("%"))
        return max(1, -(-wanted * share // 100))
