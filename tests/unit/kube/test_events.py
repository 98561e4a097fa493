from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from presto_operator.kube import publish
from presto_operator.objects import EventReason, Notice
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.manifest import manifest

_NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_long_message_is_cut_to_what_the_api_server_takes() -> None:
    api = FakeKubernetes()
    cluster = manifest()
    cluster["metadata"]["resourceVersion"] = "1"
    notice = Notice("Warning", EventReason.SPEC_REJECTED, "spec.catalogs: " + "é" * 5000)
    asyncio.run(publish(api, cluster, notice, _NOW))
    (event,) = (obj for (kind, *_), obj in api.objects.items() if kind == "Event")
    assert len(event["message"].encode()) <= 1024
    assert event["message"].startswith("spec.catalogs: éé")
    assert event["message"].endswith("...")
