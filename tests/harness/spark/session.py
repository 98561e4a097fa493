"""What runs in Spark's own process: settings on the first line, then SQL, a line each way, all of it JSON."""

import json
import os
import sys
from typing import IO, Any


def main() -> None:
    """Answer each statement with its rows, or with what Spark said against it."""
    # Spark's Java process writes to the standard output too: the answers get a way of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    session = _session(json.loads(sys.stdin.readline()))
    _answer(answers, rows=[])
    for line in sys.stdin:
        try:
            rows = [list(row) for row in session.sql(json.loads(line)).collect()]
        except Exception as error:  # noqa: BLE001  # whatever it is, the test is to see it
            _answer(answers, error=str(error))
        else:
            _answer(answers, rows=rows)
    session.stop()


def _session(settings: dict[str, str]) -> Any:
    from pyspark.sql import SparkSession  # noqa: PLC0415  # of Spark's own packages; see above about the output

    builder = SparkSession.builder.master("local[2]").appName("etl")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.enableHiveSupport().getOrCreate()


def _answer(answers: IO[str], **content: Any) -> None:
    answers.write(json.dumps(content, default=str) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
