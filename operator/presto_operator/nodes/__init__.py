"""What a node's taints and conditions mean for the servers on it: whether it will be removed, and when. Pure."""

from presto_operator.nodes.admission import is_closed_to
from presto_operator.nodes.classification import Patience, gone_node_signal, node_signal
from presto_operator.nodes.sightings import Sightings
from presto_operator.nodes.signal import NO_SIGNAL, Signal, Urgency
from presto_operator.nodes.taints import TaintMeaning, configured_taints

__all__ = [
    "NO_SIGNAL",
    "Patience",
    "Sightings",
    "Signal",
    "TaintMeaning",
    "Urgency",
    "configured_taints",
    "gone_node_signal",
    "is_closed_to",
    "node_signal",
]
