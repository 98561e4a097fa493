"""What the generation that a cluster asks for consists of."""

from __future__ import annotations

from collections.abc import Mapping

from presto_operator.api import PrestoCluster
from presto_operator.desired import render_generation
from presto_operator.objects import KubernetesObject


def generation_name(cluster: PrestoCluster) -> str:
    """Its name."""
    return render_generation(cluster).name


def generation_objects(cluster: PrestoCluster, replicas_by_pool: Mapping[str, int]) -> list[KubernetesObject]:
    """All of its objects, with these workers in each pool."""
    return render_generation(cluster).objects(replicas_by_pool)
