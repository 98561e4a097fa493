"""Every test of tests/e2e runs in exactly one tier, and the first tier has one for every page and every promise."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit import tiers

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Listed:
    """A test, as `--tiers` lists it."""

    tier: str
    name: str
    pages: set[str]
    promises: set[str]
    reason: str


def listed(*arguments: str) -> list[Listed]:
    """The tests that pytest selects by these arguments."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--tiers", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    return [Listed(tier, name, _words(pages), _words(promises), reason) for tier, name, pages, promises, reason in rows]


def _words(column: str) -> set[str]:
    return set(column.split(", ")) if column else set()


def pytest_arguments(target: str) -> list[str]:
    """The arguments that `make` gives to pytest for a target."""
    printed = subprocess.run(
        ["make", "--dry-run", "PYTEST_ARGS=", target], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    (line,) = [line for line in printed.splitlines() if "/pytest " in line]
    words = shlex.split(line.split("/pytest ", maxsplit=1)[1])
    return [word for word in words if word != "--table"]


@pytest.fixture(scope="module")
def everything() -> list[Listed]:
    """All tests of tests/e2e."""
    return listed("tests/e2e")


def test_each_test_is_run_by_exactly_one_of_make_e2e_and_make_test_long(everything: list[Listed]) -> None:
    first, long = ({each.name for each in listed(*pytest_arguments(target))} for target in ("e2e", "test-long"))

    assert first
    assert long
    assert first.isdisjoint(long)
    assert first | long == {each.name for each in everything}
    assert {each.name for each in everything if each.tier == "long"} == long


def test_every_page_has_a_test_of_the_first_tier_or_a_reason_why_not(everything: list[Listed]) -> None:
    shown = set().union(*(each.pages for each in everything if each.tier == "first"))

    assert shown | set(tiers.PAGES_WITHOUT_TEST) == tiers.pages()
    assert shown.isdisjoint(tiers.PAGES_WITHOUT_TEST)


def test_every_promise_has_a_test_of_the_first_tier(everything: list[Listed]) -> None:
    assert set().union(*(each.promises for each in everything if each.tier == "first")) == set(tiers.PROMISES)


@pytest.mark.parametrize(
    "marker", ["long", "long()", 'long("")', 'long("it waits", "twice")', 'long(reason="it waits")']
)
def test_a_long_test_without_its_reason_is_refused(pytester: pytest.Pytester, marker: str) -> None:
    result = run(pytester, marker)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*::test_marked: long needs the reason and nothing else*"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('page("sprot")', "*page: there is no sprot; there are *spot*"),
        ('promise("scale")', "*promise: there is no scale; *scale-down*"),
    ],
)
def test_an_unknown_page_or_promise_is_refused(pytester: pytest.Pytester, marker: str, message: str) -> None:
    result = run(pytester, marker)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_the_table_has_every_test_with_its_result(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def broken():
            yield
            raise OSError

        def test_good(): pass
        def test_bad(): assert not "good"
        def test_untidy(broken): pass
        @pytest.mark.skip
        def test_absent(): pass
        """
    )
    result = pytester.runpytest_inprocess("-p", "tests.kit.result_table", "--table")

    result.stdout.re_match_lines_random(
        [
            r"\| test \| result \| seconds \|",
            r"\| \S+::test_good \| passed \| 0\.\d \|",
            r"\| \S+::test_bad \| FAILED \| 0\.\d \|",
            r"\| \S+::test_untidy \| ERROR in teardown \| 0\.\d \|",
            r"\| \S+::test_absent \| skipped \| 0\.\d \|",
            r"\| all \| 1 of 4 passed \| \d+\.\d \|",
        ]
    )


def run(pytester: pytest.Pytester, marker: str) -> pytest.RunResult:
    """Run a test that is marked so."""
    pytester.makeini("[pytest]\nmarkers =\n  long\n  page\n  promise\n")
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.{marker}\ndef test_marked(): pass\n")
    return pytester.runpytest_inprocess("-p", "tests.kit.tiers")
