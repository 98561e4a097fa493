"""The operator's rights as its chart grants them, and what it used of them by the API server's audit log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.harness import binaries
from tests.harness.command import run
from tests.harness.interface import Cluster
from tests.kit.installation import CHART, NAMESPACE
from tests.kit.resources import Resource

_KUBERNETES = "1.34.0"

_OUT_OF_CLUSTER: Resource = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "presto-through-the-api-server"},
    "rules": [{"apiGroups": [""], "resources": ["services/proxy", "pods/proxy"], "verbs": ["get"]}],
}
"""What an operator needs more that runs outside of the Kubernetes cluster, as those of tests do."""

_NOT_BY_REQUESTS = {("prestooperator.io", "prestoclusters/finalizers", "update")}
"""Rights that no request uses: an admission plugin that some clusters have asks for this one (blockOwnerDeletion)."""

Right = tuple[str, str, str]
"""API group, resource with its subresource, verb."""


@dataclass(frozen=True)
class Request:
    """A request to the API server."""

    user: str
    right: Right
    where: str
    """Namespace and name of the object."""
    code: int
    """The HTTP status of the answer."""
    is_forbidden: bool
    """Whether it was refused for want of a right. A namespace that is being deleted answers 403 to creations, too."""


@dataclass(frozen=True)
class OperatorAccount:
    """The ServiceAccount of a release of the chart, with what the chart grants to it."""

    release: str
    objects: tuple[Resource, ...]
    """The rendered objects of the chart that are about rights."""

    @property
    def service_account(self) -> str:
        """Its name."""
        (name,) = [obj["metadata"]["name"] for obj in self.objects if obj["kind"] == "ServiceAccount"]
        return str(name)

    @property
    def user(self) -> str:
        """Its name as a user of the API server."""
        return f"system:serviceaccount:{NAMESPACE}:{self.service_account}"

    @property
    def rights(self) -> set[Right]:
        """What the rendered roles grant."""
        rules = [rule for obj in self.objects if obj["kind"] == "ClusterRole" for rule in obj["rules"]]
        return {
            (group, resource, verb)
            for rule in rules
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }

    def create(self, cluster: Cluster, kubeconfig: Path) -> None:
        """Create it with its rights in no namespace of a list, and write a kubeconfig for it."""
        bound = [obj for obj in self.objects if obj["kind"] != "RoleBinding"]
        subjects = [{"kind": "ServiceAccount", "name": self.service_account, "namespace": NAMESPACE}]
        proxy = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{self.service_account}-through-the-api-server"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": _OUT_OF_CLUSTER["metadata"]["name"],
            },
            "subjects": subjects,
        }
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        _apply(cluster, [namespace, _OUT_OF_CLUSTER, proxy, *bound])
        token = cluster.kubectl(
            "create", "token", self.service_account, f"--namespace={NAMESPACE}", "--duration=24h"
        ).stdout.strip()
        config = yaml.safe_load(cluster.kubeconfig.read_text())
        config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
        kubeconfig.write_text(yaml.safe_dump(config))

    def bind(self, cluster: Cluster, namespace: str) -> None:
        """Grant its rights in a namespace, as the chart does in each of its list."""
        (binding,) = [obj for obj in self.objects if obj["kind"] == "RoleBinding"]
        _apply(cluster, [{**binding, "metadata": {**binding["metadata"], "namespace": namespace}}])


def operator_account(release: str, *settings: str) -> OperatorAccount:
    """The account of a release of the chart; `settings` are `--set` of Helm."""
    rendered = run(
        [
            binaries.program("helm"),
            "template",
            release,
            str(CHART),
            f"--kube-version={_KUBERNETES}",
            f"--namespace={NAMESPACE}",
            "--show-only=templates/rbac.yaml",
            "--show-only=templates/serviceaccount.yaml",
            *(f"--set={setting}" for setting in settings),
        ],
        timeout=60,
    ).stdout
    return OperatorAccount(release, tuple(obj for obj in yaml.safe_load_all(rendered) if obj))


def requests(audit_log: Path) -> list[Request]:
    """The requests in an audit log."""
    return [_request(json.loads(line)) for line in audit_log.read_text().splitlines() if '"objectRef"' in line]


def forbidden(found: Iterable[Request], users: Iterable[str]) -> list[str]:
    """The requests of these users that were refused for want of a right, in words."""
    asked = {f"{each.right} of {each.where}" for each in found if each.user in set(users) and each.is_forbidden}
    return sorted(asked)


def unused(account: OperatorAccount, found: Sequence[Request]) -> set[Right]:
    """The rights of an account that none of the requests needed."""
    used = {each.right for each in found if each.user == account.user}
    # To create an object by server-side apply needs both rights.
    used |= {(*each.right[:2], "create") for each in found if each.user == account.user and each.code == 201}
    return account.rights - used - _NOT_BY_REQUESTS


def _request(event: dict[str, Any]) -> Request:
    obj = event["objectRef"]
    resource = "/".join(part for part in (obj.get("resource", ""), obj.get("subresource", "")) if part)
    return Request(
        event["user"]["username"],
        (obj.get("apiGroup", ""), resource, event["verb"]),
        f"{obj.get('namespace', '')}/{obj.get('name', '')}",
        event.get("responseStatus", {}).get("code", 0),
        event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid",
    )


def _apply(cluster: Cluster, objects: list[Resource]) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    cluster.kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(listed))
