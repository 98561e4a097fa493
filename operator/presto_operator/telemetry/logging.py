"""Logging of the operator."""

from __future__ import annotations

import logging
from typing import Literal

import kopf

LogFormat = Literal["text", "json"]


def configure_logging(log_format: LogFormat, *, debug: bool) -> None:
    """Log to standard error, as text for people or as JSON lines for a log store."""
    kopf.configure(debug=debug, log_format=kopf.LogFormat.JSON if log_format == "json" else kopf.LogFormat.FULL)
    # kopf logs each watch that the API server closes, which is routine.
    logging.getLogger("kopf").setLevel(logging.DEBUG if debug else logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
