"""Metrics and logging, and the HTTP endpoint that shows them."""

from presto_operator.telemetry import metrics
from presto_operator.telemetry.logging import LogFormat, configure_logging
from presto_operator.telemetry.server import serve

__all__ = ["LogFormat", "configure_logging", "metrics", "serve"]
