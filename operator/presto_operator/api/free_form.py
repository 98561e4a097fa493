"""Parts of a manifest that are Kubernetes' own and that we pass on as they are."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

FreeForm = Annotated[
    dict[str, Any],
    Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}),
]
"""An object whose fields the API server judges when the operator applies what becomes of it."""
