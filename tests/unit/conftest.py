from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "unit",
    max_examples=50,
    # A busy machine is no defect.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # The examples of a failure are printed, so nothing need be kept.
    database=None,
    print_blob=True,
    # Where a change is judged, it alone decides: people's machines look for what nobody has thought of yet.
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("unit")
