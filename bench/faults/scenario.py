"""The scenarios: what is done to a Presto under load, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tests.harness.spec import Taint


class Keeper(Enum):
    """Who looks after a Presto."""

    OPERATOR = "operator"
    NOBODY = "plain"
    """Plain Deployments: what a chart gives."""


@dataclass(frozen=True)
class Cloud:
    """How a cloud says that it takes a node back, and how long after that it does."""

    name: str
    taint: Taint
    seconds: float
    """From the notice to the end of the node, as far as pods have it."""


@dataclass(frozen=True)
class Quiet:
    """Nothing is done."""


@dataclass(frozen=True)
class ScaleDown:
    """Fewer workers are asked for."""

    to: int


@dataclass(frozen=True)
class RollOut:
    """Every worker gets another JVM flag."""


@dataclass(frozen=True)
class Reclaim:
    """Nodes get their cloud's taint at the same time, and are killed at its deadline."""

    cloud: Cloud
    nodes: int = 1
    kills_operator: bool = False
    """The operator gets a SIGKILL as soon as the first worker drains."""


@dataclass(frozen=True)
class Kill:
    """A node loses its power without notice."""


Fault = Quiet | ScaleDown | RollOut | Reclaim | Kill


@dataclass(frozen=True)
class Scenario:
    """A fault, under a name to ask for."""

    name: str
    keeper: Keeper
    fault: Fault
    is_held: bool = True
    """Whether there is time enough to drain: then no query may fail. Else those that have sent rows may."""


WORKERS = 4
SPARE_NODES = 2

EC2 = Cloud("EC2", Taint("aws-node-termination-handler/spot-itn", "NoSchedule", "event-1"), 120)
KARPENTER = Cloud("Karpenter", Taint("karpenter.sh/disrupted", "NoSchedule"), 120)
GKE = Cloud("GKE", Taint("cloud.google.com/impending-node-termination", "NoSchedule"), 15)
AKS = Cloud("AKS", Taint("remediator.kubernetes.azure.com/unschedulable", "NoSchedule"), 30)

SCENARIOS = (
    Scenario("quiet", Keeper.OPERATOR, Quiet()),
    Scenario("scale-down", Keeper.OPERATOR, ScaleDown(to=2)),
    Scenario("roll-out", Keeper.OPERATOR, RollOut()),
    Scenario("reclaim-ec2", Keeper.OPERATOR, Reclaim(EC2)),
    Scenario("reclaim-karpenter", Keeper.OPERATOR, Reclaim(KARPENTER)),
    Scenario("reclaim-gke", Keeper.OPERATOR, Reclaim(GKE), is_held=False),
    Scenario("reclaim-aks", Keeper.OPERATOR, Reclaim(AKS), is_held=False),
    Scenario("reclaim-two-nodes", Keeper.OPERATOR, Reclaim(EC2, nodes=2)),
    Scenario("killed", Keeper.OPERATOR, Kill(), is_held=False),
    Scenario("operator-killed", Keeper.OPERATOR, Reclaim(AKS, kills_operator=True), is_held=False),
    Scenario("plain-quiet", Keeper.NOBODY, Quiet()),
    Scenario("plain-scale-down", Keeper.NOBODY, ScaleDown(to=2)),
    Scenario("plain-roll-out", Keeper.NOBODY, RollOut()),
    Scenario("plain-reclaim-aks", Keeper.NOBODY, Reclaim(AKS), is_held=False),
    Scenario("plain-killed", Keeper.NOBODY, Kill(), is_held=False),
)


def quiet_scenario(keeper: Keeper) -> Scenario:
    """The scenario that the latencies of this keeper's others are compared with."""
    return next(each for each in SCENARIOS if each.keeper is keeper and isinstance(each.fault, Quiet))


def in_words(fault: Fault) -> str:
    """What is done, in a few words."""
    match fault:
        case Quiet():
            return "nothing happens"
        case ScaleDown(to):
            return f"scale-down {WORKERS} to {to}"
        case RollOut():
            return "roll-out of all workers"
        case Kill():
            return "node killed without notice"
        case Reclaim(cloud, nodes, kills_operator):
            what = "node" if nodes == 1 else f"{nodes} nodes at once"
            besides = ", operator SIGKILLed in mid-drain" if kills_operator else ""
            return f"{cloud.name} reclaims {what}{besides}, killed after {cloud.seconds:g} s"
