"""Conditions, status and Events in words. Pure."""

from presto_operator.reporting.drain_outcome import drain_notices, ended_drain
from presto_operator.reporting.internal_error import internal_error_event, internal_error_status
from presto_operator.reporting.report import After, Done, Report, report
from presto_operator.reporting.status import is_due, merge_patch

__all__ = [
    "After",
    "Done",
    "Report",
    "drain_notices",
    "ended_drain",
    "internal_error_event",
    "internal_error_status",
    "is_due",
    "merge_patch",
    "report",
]
