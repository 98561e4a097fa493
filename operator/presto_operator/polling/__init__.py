"""Asking Presto and the metastore. Polls run beside the passes, so that a server that hangs delays none."""

from presto_operator.polling.metastore_client import MetastoreCheck
from presto_operator.polling.metastore_poller import MetastorePoller, Metastores, probes
from presto_operator.polling.pace import Pace, steady_pace
from presto_operator.polling.presto_client import PrestoClient
from presto_operator.polling.presto_poller import PrestoPoller, Subject
from presto_operator.polling.presto_queries import QueryReader
from presto_operator.polling.presto_tasks import TaskReader
from presto_operator.polling.presto_transport import PrestoTransport
from presto_operator.polling.seldom import SeldomAsked

__all__ = [
    "MetastoreCheck",
    "MetastorePoller",
    "Metastores",
    "Pace",
    "PrestoClient",
    "PrestoPoller",
    "PrestoTransport",
    "QueryReader",
    "SeldomAsked",
    "Subject",
    "TaskReader",
    "probes",
    "steady_pace",
]
