"""SQL through a real Presto client."""

from __future__ import annotations

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
        """Pods of the workers that run a query with this text."""
        queries = self.query("SELECT query_id, query FROM system.runtime.queries WHERE state = 'RUNNING'").rows
        tasks = self.query("SELECT query_id, node_id FROM system.runtime.tasks WHERE state = 'RUNNING'").rows
        own = {query_id for query_id, text in queries if text == sql}
        return {str(node) for query_id, node in tasks if query_id in own and "coordinator" not in str(node)}

    def kill_queries(self) -> None:
        """End every query that is not finished."""
        headers = {"X-Presto-User": self._user}
        for query in requests.get(f"{self._base_url}/v1/query", headers=headers, timeout=10).json():
            if query["state"] not in ("FINISHED", "FAILED"):
                requests.delete(f"{self._base_url}/v1/query/{query['queryId']}", headers=headers, timeout=10)
