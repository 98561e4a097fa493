"""What the operator relies on of a real API server when it lists, watches and applies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kubernetes.aio import client as kubernetes_client
from kubernetes.aio import config as kubernetes_config

from presto_operator.kube import ApiError, KubernetesClient, ObjectStore, Selection
from presto_operator.kube.apply import Applier
from presto_operator.kube.kind import CONFIG_MAP
from presto_operator.kube.store import ClusterKey
from tests.kit.resources import Namespace

Scenario = Callable[[KubernetesClient], Awaitable[None]]


def _run(namespace: Namespace, scenario: Scenario) -> None:
    async def connected() -> None:
        configuration = kubernetes_client.Configuration()
        await kubernetes_config.load_kube_config(
            config_file=str(namespace.cluster.kubeconfig), client_configuration=configuration
        )
        client = KubernetesClient(configuration, in_cluster=False)
        try:
            await scenario(client)
        finally:
            await client.close()

    asyncio.run(connected())


def _config_map(namespace: Namespace, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "files", "namespace": namespace.name, **metadata},
        "data": {"a": "b"},
    }


def test_an_apply_creates_an_object_only_if_there_is_none(namespace: Namespace) -> None:
    async def scenario(api: KubernetesClient) -> None:
        applier = Applier(api, ObjectStore())
        config_map = _config_map(namespace)
        real = await api.apply({**config_map, "metadata": {**config_map["metadata"], "name": "owner"}})
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": real["metadata"]["uid"]}
        wanted = _config_map(namespace, ownerReferences=[{**owner, "controller": True}])
        get = api.get_metadata(CONFIG_MAP, namespace.name, "files")
        assert await get is None
        await applier.apply(ClusterKey(namespace.name, "any"), wanted)
        made = await api.get(CONFIG_MAP, namespace.name, "files")
        assert made is not None
        assert made["metadata"]["resourceVersion"] != "1"
        with pytest.raises(ApiError, match="modified") as conflict:
            await api.apply(_config_map(namespace, resourceVersion="1", labels={"taken": "over"}))
        assert conflict.value.status == 409
        with pytest.raises(ApiError) as conflict:
            await api.apply(_config_map(namespace, uid="another", labels={"taken": "over"}))
        assert conflict.value.status == 422
        assert "labels" not in made["metadata"]

    _run(namespace, scenario)


def test_config_maps_are_listed_and_watched_without_their_contents(namespace: Namespace) -> None:
    async def scenario(api: KubernetesClient) -> None:
        selection = Selection(CONFIG_MAP, namespace.name, "who=test", metadata_only=True)
        listed = [page async for page in api.pages(selection)]
        assert [page.items for page in listed] == [[]]
        version = await api.newest_version(selection)
        await api.apply(_config_map(namespace, labels={"who": "test"}))
        async for event in api.watch(selection, version, timeout_seconds=30):
            if event.type != "BOOKMARK":
                break
        assert (event.type, event.obj["kind"], event.obj["metadata"]["name"]) == ("ADDED", "ConfigMap", "files")
        (page,) = [page async for page in api.pages(selection)]
        assert [item["metadata"]["name"] for item in page.items] == ["files"]
        assert "data" not in event.obj
        assert "data" not in page.items[0]
        assert int(event.obj["metadata"]["resourceVersion"]) > version

    _run(namespace, scenario)
