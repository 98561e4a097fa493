"""`pytest --table`: each test with its result and its seconds, as a table to quote."""

from __future__ import annotations

from dataclasses import dataclass

import pytest


@dataclass
class _Row:
    result: str = "passed"
    seconds: float = 0.0
    """Of the test itself and of the fixtures that were set up and taken down for it."""


class ResultTable:
    """Collects the results of a run and prints them at its end."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of one phase of a test."""
        row = self._rows.setdefault(report.nodeid, _Row())
        row.seconds += report.duration
        if report.failed:
            row.result = "FAILED" if report.when == "call" else f"ERROR in {report.when}"
        elif report.skipped:
            row.result = "skipped"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        terminalreporter.section("results")
        for line in self.lines():
            terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """The table, in Markdown."""
        rows = [("test", "result", "seconds"), ("---", "---", "---:")]
        rows += [(nodeid, row.result, f"{row.seconds:.1f}") for nodeid, row in self._rows.items()]
        passed = sum(row.result == "passed" for row in self._rows.values())
        total = sum(row.seconds for row in self._rows.values())
        rows.append(("all", f"{passed} of {len(self._rows)} passed", f"{total:.1f}"))
        return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the table."""
    parser.getgroup("terminal reporting").addoption(
        "--table", action="store_true", help="At the end, print a table of all tests: test, result, seconds."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the table, if it is wanted."""
    if config.getoption("--table"):
        config.pluginmanager.register(ResultTable(), "result-table")
