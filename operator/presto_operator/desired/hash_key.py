"""The Secret with the key of a cluster's hashes of secrets."""

from __future__ import annotations

import base64

from presto_operator.api import API_VERSION, KIND
from presto_operator.objects import MANAGED_BY_LABEL, MANAGER, KubernetesObject, name_of, namespace_of, uid_of


def hash_key_secret(cluster: KubernetesObject, key: bytes) -> KubernetesObject:
    """The Secret, owned by the PrestoCluster `cluster`, which is as the API server has it.

    It lacks the label of the cluster's other objects, by which they are watched and removed: it is read by its name.
    """
    owner = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": name_of(cluster),
        "uid": uid_of(cluster),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"{name_of(cluster)}-hash-key",
            "namespace": namespace_of(cluster),
            "labels": {MANAGED_BY_LABEL: MANAGER},
            "ownerReferences": [owner],
        },
        "type": "Opaque",
        "immutable": True,
        "data": {"key": base64.b64encode(key).decode()},
    }
