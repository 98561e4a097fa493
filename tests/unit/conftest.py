from __future__ import annotations

from hypothesis import settings

# No deadline: a busy machine is no defect. The examples of a failure are printed, so nothing need be kept.
settings.register_profile("unit", max_examples=50, deadline=None, database=None, print_blob=True)
settings.load_profile("unit")
