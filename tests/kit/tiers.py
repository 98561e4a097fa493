"""Two tiers of tests: the first runs with every change, the long one is for what takes minutes more.

A test is in the first tier unless it is marked `long("why")`. The markers `page("spot")` and `promise("scale-down")`
say what a test shows: every page of docs, and every promise, needs a test of the first tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"

PROMISES = {
    "scale-down": "No query fails because of a scale-down.",
    "roll-out": "No query fails because of a roll-out of the workers.",
    "upgrade": "No query fails because of an upgrade to another Presto release.",
    "operator-restart": "No query fails because of a restart of the operator.",
    "reclaim": "No query fails because of a reclaim with notice.",
    "hands-off": "Every automatic decision says in words why it was taken: in status, in an Event and in a metric.",
    "cheap": "Spot first, over several instance families; on-demand only as the base that was asked for.",
    "gitops": "An unchanged manifest or a restart of the operator changes no object and starts no pod.",
    "any-presto": "Version, image, JVM flags, properties, catalogs, plugins and kernel parameters are plain fields.",
}

PAGES_WITHOUT_TEST = {
    "architecture": "It leads contributors through the code; tests/unit/docs compares it with the code.",
    "glossary": "It says what words mean.",
}
"""Pages that describe nothing that runs, each with the reason."""


def pages() -> set[str]:
    """The names of the documentation's pages."""
    return {path.stem for path in DOCS.glob("*.md")}


def is_long(item: pytest.Item) -> bool:
    """Whether a test is in the long tier."""
    return item.get_closest_marker("long") is not None


def arguments_of(item: pytest.Item, marker: str) -> set[str]:
    """All arguments that a test, its class and its module give to a marker."""
    return {str(argument) for mark in item.iter_markers(marker) for argument in mark.args}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the listing."""
    group = parser.getgroup("tiers")
    group.addoption(
        "--tiers",
        action="store_true",
        help="At the end, list the tests by tier: tier, test, pages, promises, and the reason for the long tier; "
        "use it with --collect-only.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the listing, if it is wanted."""
    if config.getoption("--tiers"):
        config.pluginmanager.register(_Listing(), "tiers-listing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse markers that say nothing, or name what doesn't exist.

    Raises:
        pytest.UsageError: with one line for each mistake.
    """
    mistakes = [f"{item.nodeid}: {mistake}" for item in items for mistake in mistakes_of(item)]
    if mistakes:
        raise pytest.UsageError(*mistakes)


def mistakes_of(item: pytest.Item) -> Iterator[str]:
    """What is wrong with a test's markers."""
    for mark in item.iter_markers("long"):
        reasons = [argument for argument in mark.args if isinstance(argument, str) and argument.strip()]
        if len(reasons) != 1 or len(mark.args) != 1 or mark.kwargs:
            yield 'long needs the reason and nothing else: pytest.mark.long("why it is not in the first tier")'
    for marker, known in (("page", pages()), ("promise", set(PROMISES))):
        unknown = arguments_of(item, marker) - known
        if unknown:
            yield f"{marker}: there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"


class _Listing:
    """Lists the tests that are selected; one line a test, its columns divided by tabs."""

    def __init__(self) -> None:
        self._items: Sequence[pytest.Item] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._items = session.items

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("tiers")
        for item in self._items:
            tier = "long" if is_long(item) else "first"
            columns = [", ".join(sorted(arguments_of(item, marker))) for marker in ("page", "promise", "long")]
            terminalreporter.write_line("\t".join([tier, item.nodeid, *columns]))
