"""Every reason that a condition or an Event of a PrestoCluster can have, defined once.

A reason is the one word that machines match: alerts, health checks, `kubectl wait`. The reasons of MetastoreAvailable
are `presto_operator.metastore.Outcome`; `presto_operator.planning.verdict` lists them all by condition.
"""

from __future__ import annotations

from enum import StrEnum


class ValidReason(StrEnum):
    """Reasons of the condition Valid: whether the spec can be applied."""

    SPEC_ACCEPTED = "SpecAccepted"
    """The spec is valid. The message lists its warnings, if it has any."""
    SPEC_REJECTED = "SpecRejected"
    """The spec has errors, which the message lists. The running cluster stays as it is."""
    SPEC_UNREADABLE = "SpecUnreadable"
    """A Secret or ConfigMap that the spec refers to can't be read now, so it isn't known whether the spec is valid."""


class ReadyReason(StrEnum):
    """Reasons of the condition Ready: whether the cluster answers queries."""

    SERVING = "Serving"
    """The coordinator and at least one worker serve; the coordinator alone if no workers are desired."""
    COORDINATOR_NOT_READY = "CoordinatorNotReady"
    """The coordinator is starting, or it is gone."""
    NO_WORKER_READY = "NoWorkerReady"
    """The coordinator is ready, but no worker pod is."""
    NO_WORKER_ACTIVE = "NoWorkerActive"
    """Worker pods are ready, but the coordinator doesn't count any of them as active yet."""


class ProgressingReason(StrEnum):
    """Reasons of the condition Progressing: whether the cluster is still changing towards its spec."""

    UP_TO_DATE = "UpToDate"
    """Everything is as the spec says."""
    SPEC_REJECTED = "SpecRejected"
    """The spec is not valid, so nothing is changed."""
    SPEC_UNREADABLE = "SpecUnreadable"
    """A Secret or ConfigMap that the spec refers to can't be read now, so nothing is changed."""
    STARTING = "Starting"
    """The cluster starts for the first time."""
    SCALING = "Scaling"
    """The desired number of workers has changed."""
    ROLLING_OUT = "RollingOut"
    """Workers are replaced because the spec changed."""
    REPLACING_PODS = "ReplacingPods"
    """A coordinator or workers that were lost, are at risk, or are in the wrong pool are being replaced."""
    NEW_GENERATION = "NewGeneration"
    """A new coordinator starts with workers of its own, beside those that serve."""
    WAITING_FOR_TURN = "WaitingForTurn"
    """A new generation waits because enough other clusters start theirs."""
    WAITING_FOR_QUERIES = "WaitingForQueries"
    """The next step would interrupt queries, so it waits for them."""
    OLD_GENERATION_LINGERS = "OldGenerationLingers"
    """The new coordinator serves; the old one is kept until its clients have their results."""


class DegradedReason(StrEnum):
    """Reasons of the condition Degraded: whether something is wrong that needs attention."""

    AS_EXPECTED = "AsExpected"
    """No problem was found."""
    INTERNAL_ERROR = "InternalError"
    """The operator has a defect: it could not reconcile the cluster, which stays as it is."""
    APPLY_FAILED = "ApplyFailed"
    """The API server refused a request of the operator, or did not respond."""
    PODS_REFUSED = "PodsRefused"
    """Kubernetes refuses to create pods: a quota, a limit range, a Pod Security level, a webhook, a missing account."""
    PODS_REJECTED = "PodsRejected"
    """The kubelet rejects pods, which are tried again at growing intervals."""
    PODS_FAILING = "PodsFailing"
    """A pod crashes, or can't start."""
    POOLS_FULL = "PoolsFull"
    """More workers are desired than the pools may have."""


class DrainingReason(StrEnum):
    """Reasons of the condition Draining: whether workers are finishing their tasks before they stop."""

    NONE_DRAINING = "NoneDraining"
    """No worker is being removed."""
    WORKERS_DRAINING = "WorkersDraining"
    """Workers are being removed, and finish their tasks first."""


class AutoscalingReason(StrEnum):
    """Reasons of the condition AutoscalingActive: whether autoscaling sets the number of workers."""

    ACTIVE = "Active"
    """Autoscaling sets the number of workers."""
    ADVISORY = "Advisory"
    """Autoscaling only recommends; workers.replicas applies."""
    OFF = "Off"
    """autoscaling.mode is Off; workers.replicas applies."""
    NO_DATA = "NoData"
    """Presto doesn't report its load, so the number of workers stays as it is."""
    REPLICAS_IGNORED = "ReplicasIgnored"
    """Autoscaling sets the number of workers, and something else has changed workers.replicas, without effect."""


class EventReason(StrEnum):
    """Reasons of Events."""

    READY = "Ready"
    """The cluster serves for the first time, or again."""
    NOT_READY = "NotReady"
    """The cluster has stopped serving."""
    SPEC_REJECTED = "SpecRejected"
    """The spec has errors; the running cluster stays as it is."""
    SPEC_ACCEPTED = "SpecAccepted"
    """The spec is valid again."""
    INTERNAL_ERROR = "InternalError"
    """The operator has a defect: it could not reconcile the cluster, which stays as it is."""
    APPLY_FAILED = "ApplyFailed"
    """The API server refused a request of the operator, or did not respond."""
    PODS_REFUSED = "PodsRefused"
    """Kubernetes refuses to create pods: a quota, a limit range, a Pod Security level, a webhook, a missing account."""
    PODS_REJECTED = "PodsRejected"
    """The kubelet rejects pods, which are tried again at growing intervals."""
    PODS_FAILING = "PodsFailing"
    """A pod crashes, or can't start."""
    POOLS_FULL = "PoolsFull"
    """More workers are desired than the pools may have."""
    RECOVERED = "Recovered"
    """The problem that Degraded reported is over."""
    CORRECTED = "Corrected"
    """An object of the cluster was changed or deleted by something else, and has been restored."""

    SCALED_UP = "ScaledUp"
    """More workers are desired from now on."""
    SCALED_DOWN = "ScaledDown"
    """Fewer workers are desired from now on."""
    SCALE_UP_ADVISED = "ScaleUpAdvised"
    """Autoscaling in Advisory mode recommends more workers."""
    SCALE_DOWN_ADVISED = "ScaleDownAdvised"
    """Autoscaling in Advisory mode recommends fewer workers."""
    AUTOSCALING_NO_DATA = "AutoscalingNoData"
    """Presto doesn't report its load, so autoscaling keeps the number of workers."""
    REPLICAS_IGNORED = "ReplicasIgnored"
    """Something else has changed workers.replicas while autoscaling sets the number of workers."""
    OTHER_WORKER_REMOVED = "OtherWorkerRemoved"
    """A scale-down removed other workers than the chosen ones."""

    ROLLOUT_STARTED = "RolloutStarted"
    """A change of the spec replaces workers, or the coordinator with all of its workers."""
    GENERATION_CHANGED = "GenerationChanged"
    """Clients were switched to the new coordinator."""
    ROLLOUT_FINISHED = "RolloutFinished"
    """A roll-out is done; the old coordinator or the old workers are removed."""
    ROLLOUT_CANCELLED = "RolloutCancelled"
    """The spec was changed back before a roll-out was done."""

    NODE_RECLAIMED = "NodeReclaimed"
    """A node is about to go away; its workers drain and are replaced."""
    NODE_LOST = "NodeLost"
    """A node is gone or doesn't respond; its pods were removed and are replaced."""
    NODE_AT_RISK = "NodeAtRisk"
    """A node may go away; its workers drain, as their replacements are ready."""
    COORDINATOR_NODE_LEAVING = "CoordinatorNodeLeaving"
    """The coordinator's node is about to go away while queries run."""
    COORDINATOR_NODE_CORDONED = "CoordinatorNodeCordoned"
    """The coordinator is to leave its node, which is cordoned, and waits until no queries run."""
    POOL_RECLAIMED = "PoolReclaimed"
    """A pool gets fewer workers for a while because its nodes were reclaimed."""
    POOL_UNSCHEDULABLE = "PoolUnschedulable"
    """A pool gets fewer workers for a while because its workers found no nodes."""
    POOL_UNLIMITED = "PoolUnlimited"
    """A pool whose workers found no nodes gets its full share again."""

    METASTORE_UNAVAILABLE = "MetastoreUnavailable"
    """The Hive metastore doesn't answer, or fails."""
    METASTORE_AVAILABLE = "MetastoreAvailable"
    """The Hive metastore answers again."""

    PRESTO_ANSWERS_TOO_LARGE = "PrestoAnswersTooLarge"
    """Presto's answers exceed their limits, so that it is asked seldom."""

    DRAIN_TIMED_OUT = "DrainTimedOut"
    """A worker was killed while it still had tasks: they have failed."""
    DRAIN_FORBIDDEN = "DrainForbidden"
    """A worker refused the request to drain for want of a login."""
    DRAIN_REFUSED = "DrainRefused"
    """A worker refused the request to drain."""
    DRAIN_UNREACHABLE = "DrainUnreachable"
    """A worker did not respond to the request to drain, and was killed."""
    DRAIN_CRASHED = "DrainCrashed"
    """A worker crashed while it drained: its tasks have failed."""
    DRAIN_NODE_LOST = "DrainNodeLost"
    """A worker's node went away before it had drained: its tasks have failed."""
