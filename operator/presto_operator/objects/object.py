"""What a Kubernetes object is here."""

from __future__ import annotations

from typing import Any

KubernetesObject = dict[str, Any]
"""An object as the API server has it, or takes it."""
