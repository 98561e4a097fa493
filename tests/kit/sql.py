"""SQL through a real Presto client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import prestodb
import requests

REQUEST_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """What a query returned."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class PrestoClient:
    """A client of the coordinator at `base_url`, as some user who looks at TPC-H data."""

    def __init__(self, base_url: str, schema: str = "tiny", user: str = "analyst") -> None:
        self._base_url = base_url
        self._user = user
        self._schema = schema

    def query(self, sql: str) -> Answer:
        """Run a query to its end.

        Raises:
            prestodb.exceptions.PrestoQueryError: the query failed.
        """
        address = urlsplit(self._base_url)
        connection = prestodb.dbapi.connect(
            host=address.hostname,
            port=address.port,
            user=self._user,
            catalog="tpch",
            schema=self._schema,
            request_timeout=REQUEST_TIMEOUT_SECONDS,
        )
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows = [tuple(row) for row in cursor.fetchall()]
            return Answer(tuple(column[0] for column in cursor.description), rows)
        finally:
            connection.close()

    def active_workers(self) -> int:
        """How many workers the coordinator counts as active."""
        return int(requests.get(f"{self._base_url}/v1/cluster", timeout=10).json()["activeWorkers"])

    def serves_with(self, workers: int) -> bool:
        """Whether the coordinator counts so many workers, and knows one by now that has the catalog.

        A worker announces itself, and its catalogs after that: until then a query ends with NO_NODES_AVAILABLE.
        """
        if self.active_workers() != workers:
            return False
        try:
            return self.query("SELECT count(*) FROM tpch.tiny.nation").rows == [(25,)]
        except prestodb.exceptions.PrestoQueryError as error:
            if error.error_name != "NO_NODES_AVAILABLE":
                raise
            return False

    def busy_workers(self) -> set[str]:
        """Pods of the workers that have running tasks."""
        rows = self.query(
            "SELECT DISTINCT t.node_id FROM system.runtime.tasks t JOIN system.runtime.nodes n "
            "ON t.node_id = n.node_id WHERE t.state = 'RUNNING' AND NOT n.coordinator"
        ).rows
        return {str(node_id) for (node_id,) in rows}

    def workers_that_run(self, sql: str) -> set[str]:
        """Pods of the workers that run a query with this text.

        This runs no query, so it adds nothing to the load that autoscaling sees.
        """
        listed = self._get("/v1/query").json()
        running = [each["queryId"] for each in listed if each["query"] == sql and each["state"] == "RUNNING"]
        answers = [self._get(f"/v1/query/{query_id}") for query_id in running]
        # A query that Presto has forgotten in between is gone (410).
        stages = [each.json()["outputStage"] for each in answers if each.status_code == requests.codes.ok]
        nodes = {node for stage in stages if stage for node in _nodes_with_running_tasks(stage)}
        return {node for node in nodes if "coordinator" not in node}

    def kill_queries(self) -> None:
        """End every query that is not finished."""
        for query in self._get("/v1/query").json():
            if query["state"] not in ("FINISHED", "FAILED"):
                requests.delete(f"{self._base_url}/v1/query/{query['queryId']}", headers=self._headers, timeout=10)

    @property
    def _headers(self) -> dict[str, str]:
        return {"X-Presto-User": self._user}

    def _get(self, path: str) -> requests.Response:
        return requests.get(f"{self._base_url}{path}", headers=self._headers, timeout=10)


def _nodes_with_running_tasks(stage: dict[str, Any]) -> Iterator[str]:
    """The nodes on which a stage or one of those below it has running tasks, from Presto's StageInfo."""
    for task in stage["latestAttemptExecutionInfo"]["tasks"]:
        if task["taskStatus"]["state"] == "RUNNING":
            yield str(task["nodeId"])
    for below in stage["subStages"]:
        yield from _nodes_with_running_tasks(below)
