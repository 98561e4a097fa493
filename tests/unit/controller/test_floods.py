"""Who may create objects in a namespace can't fill the operator's memory, neither before it starts nor later."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from presto_operator.objects import CLUSTER_LABEL, MANAGED_BY_LABEL, MANAGER, KubernetesObject
from tests.kit.operator_process import OperatorProcess
from tests.unit.fake_api_server import FakeApiServer, write_kubeconfig
from tests.unit.manifest import UID, manifest

MOST_MEBIBYTES = 250
"""Half of the chart's limit; an operator of one cluster has about 95."""

_OWNER = {
    "apiVersion": "prestooperator.io/v1alpha1",
    "kind": "PrestoCluster",
    "name": "adhoc",
    "uid": UID,
    "controller": True,
}


def _object(plural: str, number: int, *, cluster: str = "adhoc", **metadata: Any) -> tuple[str, KubernetesObject]:
    labels = {CLUSTER_LABEL: cluster, MANAGED_BY_LABEL: MANAGER}
    common = {"name": f"flood-{number:05}", "namespace": "analytics", "labels": labels}
    return plural, {"metadata": {**common, **metadata}}


Flood = Callable[[], list[tuple[str, KubernetesObject]]]


def _large_config_maps() -> list[tuple[str, KubernetesObject]]:
    flood = [_object("configmaps", number, cluster="no-such-cluster") for number in range(150)]
    for _, obj in flood:
        obj["data"] = {"a": "x" * 960_000}
    return flood


def _small_config_maps() -> list[tuple[str, KubernetesObject]]:
    return [_object("configmaps", number, cluster=f"none-{number}") for number in range(5_000)]


def _forged_config_maps() -> list[tuple[str, KubernetesObject]]:
    return [_object("configmaps", number, ownerReferences=[_OWNER]) for number in range(5_000)]


def _huge_metadata() -> list[tuple[str, KubernetesObject]]:
    metadata: dict[str, Any] = {
        "annotations": {"prestooperator.io/parts": "x" * 200_000, "other": "x" * 50_000},
        "managedFields": [{"manager": "x" * 700_000}],
        "ownerReferences": [_OWNER],
    }
    kinds = ("configmaps", "services", "poddisruptionbudgets", "serviceaccounts")
    return [
        (plural, {**obj, "spec": {}})
        for kind in kinds
        for number in range(15)
        for plural, obj in [_object(kind, number, **metadata)]
    ]


FLOODS: dict[str, Flood] = {
    "150 ConfigMaps of 0.96 MB": _large_config_maps,
    "5,000 ConfigMaps of as many clusters": _small_config_maps,
    "5,000 ConfigMaps with a forged owner": _forged_config_maps,
    "60 objects of 0.96 MB of metadata with a forged owner": _huge_metadata,
}


@contextlib.asynccontextmanager
async def _operator(server: FakeApiServer, directory: Path) -> AsyncGenerator[OperatorProcess]:
    """An operator as a process of its own."""
    async with server.running() as url:
        kubeconfig = write_kubeconfig(directory, url)
        process = OperatorProcess(kubeconfig, directory / "log", "--reconcile-interval=200ms", "--relist-interval=1s")
        await asyncio.to_thread(process.start)
        try:
            yield process
        finally:
            await asyncio.to_thread(process.kill)


def _peak_mebibytes(process: OperatorProcess) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) / 1024


@pytest.mark.parametrize("is_before_start", [True, False])
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_objects_leaves_memory_bounded_and_clusters_looked_after(
    name: str, tmp_path: Path, *, is_before_start: bool
) -> None:
    async def scenario() -> float:
        server = FakeApiServer()
        server.write("prestoclusters", manifest())
        flood = FLOODS[name]()
        if is_before_start:
            for plural, obj in flood:
                server.write(plural, obj)
        async with _operator(server, tmp_path) as process:
            await server.until(lambda: bool(_status(server, "adhoc")), within_seconds=100)
            for plural, obj in flood:
                if not is_before_start:
                    server.write(plural, obj)
            lists = server.count("list", "configmaps")
            await server.until(lambda: server.count("list", "configmaps") > lists + 1, within_seconds=100)
            server.write("prestoclusters", manifest(name="another", uid="another"))
            await server.until(lambda: bool(_status(server, "another")), within_seconds=100)
            return _peak_mebibytes(process)

    peak = asyncio.run(scenario())
    print(f"{name}, {'before' if is_before_start else 'after'} the start: peak {peak:.0f} MiB")
    assert peak < MOST_MEBIBYTES


def _status(server: FakeApiServer, name: str) -> object:
    return server.objects["prestoclusters"]["analytics", name].get("status")
