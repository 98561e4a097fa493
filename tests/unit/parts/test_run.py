"""Parts run one after the other, with something beside them."""

import io
import sys
from dataclasses import replace

import pytest

from tests.parts.background import BackgroundCommand, End
from tests.parts.run import Part, fetch_outcome, run_parts
from tests.parts.table import Outcome


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


GOOD, BAD = Part("good", python("print('3 passed')"), budget=60), Part("bad", python("raise SystemExit(3)"))


@pytest.fixture
def fetched() -> BackgroundCommand:
    """A fetch that has ended well."""
    command = BackgroundCommand(python("pass"), "fetch", io.StringIO())
    assert command.wait().code == 0
    return command


def test_all_parts_run_and_their_output_comes_through(
    fetched: BackgroundCommand, capfd: pytest.CaptureFixture[str]
) -> None:
    outcomes = run_parts([GOOD, GOOD], fetched)
    assert [(each.name, each.passed, each.budget) for each in outcomes] == [("good", True, 60), ("good", True, 60)]
    assert capfd.readouterr().out.splitlines() == ["==> good", "3 passed", "==> good", "3 passed"]


def test_no_part_runs_after_one_that_failed(fetched: BackgroundCommand) -> None:
    outcomes = run_parts([GOOD, BAD, GOOD], fetched)
    assert [(each.name, each.passed) for each in outcomes] == [("good", True), ("bad", False)]


def test_no_part_runs_after_fetching_failed(capfd: pytest.CaptureFixture[str]) -> None:
    fetch = BackgroundCommand(python("raise SystemExit('no network')"), "fetch")
    end = fetch.wait()
    assert run_parts([GOOD], fetch) == []
    assert not fetch_outcome(end, []).passed
    printed = capfd.readouterr().out
    assert "fetch | no network" in printed
    assert "good is not run: fetching failed" in printed


def test_each_line_of_a_command_in_the_background_is_marked() -> None:
    output = io.StringIO()
    command = BackgroundCommand(python("print('one'); print('two')"), "fetch", output)
    command.wait()
    assert output.getvalue() == "fetch | one\nfetch | two\n"


def test_a_line_that_only_says_that_a_step_still_runs_is_left_out() -> None:
    output = io.StringIO()
    BackgroundCommand(
        python("print('==> kwok ...\\n    kwok: 15 s so far\\n    kwok: done in 16.0 s')"), "fetch", output
    ).wait()
    assert output.getvalue() == "fetch | ==> kwok ...\nfetch |     kwok: done in 16.0 s\n"


def test_a_command_in_the_background_is_ended_with_what_it_started() -> None:
    code = "import subprocess; subprocess.run(['sh', '-c', 'echo started; exec sleep 600'])"
    output = io.StringIO()
    command = BackgroundCommand(python(code), "fetch", output)
    command.wait_for_line()
    # Returns once nobody holds the command's output any more: the sleeping one is gone as well.
    end = command.terminate()
    assert end.code != 0
    assert end.seconds < 60


def test_fetching_that_was_ended_because_a_part_failed_has_not_failed_itself() -> None:
    ended = End(code=-15, seconds=10, cpu_seconds=5)
    part = Outcome("lint", passed=False, seconds=1, cpu=1.0)
    assert fetch_outcome(ended, [part]).passed
    assert not fetch_outcome(ended, [replace(part, passed=True)]).passed


def test_the_processor_time_of_a_command_in_the_background_has_that_of_what_it_ran() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(10**7))'])"
    end = BackgroundCommand(python(code), "fetch", io.StringIO()).wait()
    assert end.cpu_seconds > 0.05
