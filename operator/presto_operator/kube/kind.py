"""The kinds of object that the operator reads and writes."""

from __future__ import annotations

from dataclasses import dataclass

from presto_operator.api import API_VERSION, KIND, PLURAL


@dataclass(frozen=True)
class Kind:
    """A kind of object, and its place in the API."""

    api_version: str
    name: str
    plural: str

    @property
    def group(self) -> str:
        """The API group; empty for the core one."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection, of one object, or of its subresource."""
        parts = ["apis" if self.group else "api", self.api_version]
        parts += ["namespaces", namespace] if namespace else []
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/" + "/".join(parts)


PRESTO_CLUSTER = Kind(API_VERSION, KIND, PLURAL)
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
SERVICE = Kind("v1", "Service", "services")
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
SECRET = Kind("v1", "Secret", "secrets")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
CONTROLLER_REVISION = Kind("apps/v1", "ControllerRevision", "controllerrevisions")
DISRUPTION_BUDGET = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
NETWORK_POLICY = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
POD = Kind("v1", "Pod", "pods")
EVENT = Kind("v1", "Event", "events")
NODE = Kind("v1", "Node", "nodes")
"""Its objects have no namespace."""

CHILD_KINDS = (
    SERVICE_ACCOUNT,
    CONFIG_MAP,
    SECRET,
    CONTROLLER_REVISION,
    SERVICE,
    DISRUPTION_BUDGET,
    NETWORK_POLICY,
    DEPLOYMENT,
)
"""The kinds that the operator creates. Pods are created by Deployments."""

_BY_NAME = {kind.name: kind for kind in (PRESTO_CLUSTER, *CHILD_KINDS, POD, EVENT)}


def kind_of(name: str) -> Kind:
    """The kind by its name, as in an object's `kind`.

    Raises:
        KeyError: the operator doesn't know it.
    """
    return _BY_NAME[name]
