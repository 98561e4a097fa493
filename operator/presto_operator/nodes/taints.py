"""The taints that announce a node's removal, one row each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from presto_operator.nodes.signal import Signal, Urgency
from presto_operator.objects import kubernetes_time

_EC2_NOTICE = timedelta(seconds=120)
_GKE_NOTICE_FOR_PODS = timedelta(seconds=15)
"""GKE gives 30 s notice, of which user pods get 15 s."""
_AKS_NOTICE = timedelta(seconds=30)
_CLUSTER_AUTOSCALER_PATIENCE = timedelta(seconds=600)
"""The most that it gives pods to terminate, by default (--max-graceful-termination-sec)."""


@dataclass(frozen=True)
class TaintMeaning:
    """What a taint says about its node."""

    key: str
    urgency: Urgency
    reason: str
    message: str
    value: str | None = None
    """The value that the taint must have; any if None."""
    notice: timedelta | None = None
    """The minimum time from the taint to the end of the node's pods, if known."""
    is_value_start: bool = False
    """Whether the taint's value is the time at which it began, in seconds since 1970."""
    needs_replacement: bool = True
    """Whether to start replacements for the node's workers."""

    def signal(self, taint: Mapping[str, Any]) -> Signal | None:
        """The signal of `taint`, as in a node's spec; None if it is another taint."""
        if taint.get("key") != self.key or self.value not in (None, taint.get("value", "")):
            return None
        begun = (_unix_time(taint.get("value")) if self.is_value_start else None) or kubernetes_time(
            taint.get("timeAdded")
        )
        deadline = begun + self.notice if begun is not None and self.notice is not None else None
        return Signal(
            self.urgency,
            self.reason,
            f"{self.message} (taint {self.key})",
            deadline,
            self.notice,
            self.needs_replacement,
        )


KNOWN_TAINTS: tuple[TaintMeaning, ...] = (
    # aws-node-termination-handler, with its option to taint nodes. Without it, it cordons and evicts.
    TaintMeaning(
        "aws-node-termination-handler/spot-itn",
        Urgency.LEAVING,
        "SpotInterruption",
        "EC2 is reclaiming the spot instance",
        notice=_EC2_NOTICE,
    ),
    TaintMeaning(
        "aws-node-termination-handler/scheduled-maintenance",
        Urgency.LEAVING,
        "ScheduledMaintenance",
        "EC2 is about to maintain or retire the instance",
        notice=_EC2_NOTICE,
    ),
    # The time until termination is a setting of the group's lifecycle hook, which isn't in the Node.
    TaintMeaning(
        "aws-node-termination-handler/asg-lifecycle-termination",
        Urgency.LEAVING,
        "ScalingGroupTermination",
        "its Auto Scaling group is terminating the instance",
    ),
    TaintMeaning(
        "aws-node-termination-handler/rebalance-recommendation",
        Urgency.AT_RISK,
        "RebalanceRecommendation",
        "EC2 expects to reclaim the spot instance",
    ),
    # Karpenter's drain respects the pods' own grace periods. The taint doesn't tell a reclaim from a consolidation.
    TaintMeaning("karpenter.sh/disrupted", Urgency.LEAVING, "KarpenterDisruption", "Karpenter is removing the node"),
    TaintMeaning(
        "karpenter.sh/disruption",
        Urgency.LEAVING,
        "KarpenterDisruption",
        "Karpenter is removing the node",
        value="disrupting",
    ),
    TaintMeaning(
        "cloud.google.com/impending-node-termination",
        Urgency.LEAVING,
        "ImpendingTermination",
        "Google Cloud is terminating the instance",
        notice=_GKE_NOTICE_FOR_PODS,
    ),
    # AKS drains for a preempted spot VM, for maintenance and for repair. The shortest notice is a preempted VM's.
    TaintMeaning(
        "remediator.kubernetes.azure.com/unschedulable",
        Urgency.LEAVING,
        "AzureRemediation",
        "AKS is draining the node",
        notice=_AKS_NOTICE,
    ),
    TaintMeaning(
        "remediator.aks.microsoft.com/unschedulable",
        Urgency.LEAVING,
        "AzureRemediation",
        "AKS is draining the node",
        notice=_AKS_NOTICE,
    ),
    TaintMeaning(
        "ToBeDeletedByClusterAutoscaler",
        Urgency.LEAVING,
        "ClusterAutoscalerDeletion",
        "cluster-autoscaler is removing the node",
        notice=_CLUSTER_AUTOSCALER_PATIENCE,
        is_value_start=True,
    ),
    # It comes and goes with the load. Replacing workers for it would create the load that it says is missing.
    TaintMeaning(
        "DeletionCandidateOfClusterAutoscaler",
        Urgency.AT_RISK,
        "ClusterAutoscalerCandidate",
        "cluster-autoscaler may delete the node, which is underutilized",
        needs_replacement=False,
    ),
    TaintMeaning("node.kubernetes.io/unschedulable", Urgency.AT_RISK, "Cordoned", "the node is cordoned"),
    TaintMeaning("node.kubernetes.io/out-of-service", Urgency.LOST, "OutOfService", "the node is out of service"),
    TaintMeaning(
        "node.cloudprovider.kubernetes.io/shutdown", Urgency.LOST, "InstanceShutDown", "the node's machine is shut down"
    ),
)


def configured_taints(leaving: Iterable[str], at_risk: Iterable[str]) -> tuple[TaintMeaning, ...]:
    """Taints configured by key only, in the operator's settings."""
    return (
        *(TaintMeaning(key, Urgency.LEAVING, "LeavingTaint", "the node is being removed") for key in leaving),
        *(TaintMeaning(key, Urgency.AT_RISK, "AtRiskTaint", "the node may be removed") for key in at_risk),
    )


def _unix_time(text: object) -> datetime | None:
    # Ten digits last until the year 2286. Anything else isn't a time: some providers set the value to `true`.
    if not isinstance(text, str) or not (text.isascii() and text.isdigit() and len(text) == 10):
        return None
    return datetime.fromtimestamp(int(text), UTC)
