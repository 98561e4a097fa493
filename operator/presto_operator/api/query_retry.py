"""`queryRetry`: whether Presto runs a query again whose worker was lost."""

from __future__ import annotations

from pydantic import Field

from presto_operator.api.model import Model


class QueryRetry(Model):
    """Presto's own retry of queries that lost a worker before their first row was sent."""

    enabled: bool | None = Field(
        default=None,
        strict=True,
        description=(
            "Whether a query is run again, up to three times, when it lost a worker and its client has got no row of "
            "it yet; if any pool has capacityType Spot, unless told. Switching it makes a new generation. The role's "
            "config goes before the properties that it sets."
        ),
    )
