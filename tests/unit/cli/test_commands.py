from __future__ import annotations

import sys

import pytest
import yaml
from click.testing import CliRunner

from presto_operator import __version__, controller
from presto_operator.api import crd
from presto_operator.cli import main
from presto_operator.nodes import TaintMeaning, Urgency


@pytest.mark.parametrize("command", [[], ["run"], ["render"], ["explain"], ["crd"]], ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(command: list[str], option: str) -> None:
    result = CliRunner().invoke(main, [*command, option])
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")


def test_help_names_all_commands() -> None:
    output = CliRunner().invoke(main, ["--help"]).output
    for command in ("run", "render", "explain", "crd"):
        assert f"\n  {command} " in output


def test_version_is_the_packages() -> None:
    assert __version__ in CliRunner().invoke(main, ["--version"]).output


def test_an_unknown_command_is_refused() -> None:
    result = CliRunner().invoke(main, ["start"])
    assert result.exit_code == 2
    assert "No such command 'start'" in result.output


def test_crd_is_one_yaml_document() -> None:
    result = CliRunner().invoke(main, ["crd"])
    assert result.exit_code == 0
    assert list(yaml.safe_load_all(result.output)) == [crd()]


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, ((), 8081, ((), ()))),
        (
            ["-n", "a", "-n", "b", "--metrics-port", "9000", "--leaving-taint", "x", "--at-risk-taint", "y"],
            {},
            (("a", "b"), 9000, (("x",), ("y",))),
        ),
        (
            [],
            {
                "PRESTO_OPERATOR_NAMESPACES": "a b",
                "PRESTO_OPERATOR_METRICS_PORT": "9000",
                "PRESTO_OPERATOR_LEAVING_TAINTS": "x z",
                "PRESTO_OPERATOR_AT_RISK_TAINTS": "y",
            },
            (("a", "b"), 9000, (("x", "z"), ("y",))),
        ),
    ],
    ids=["defaults", "options", "environment"],
)
def test_run_hands_its_options_on(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str], expected: object
) -> None:
    calls: list[object] = []

    async def run(*, namespaces: tuple[str, ...], metrics_port: int, extra_taints: tuple[TaintMeaning, ...]) -> None:
        by_urgency = [
            tuple(meaning.key for meaning in extra_taints if meaning.urgency is urgency)
            for urgency in (Urgency.LEAVING, Urgency.AT_RISK)
        ]
        calls.append((namespaces, metrics_port, tuple(by_urgency)))

    monkeypatch.setattr(controller, "run", run)
    # By its module's name: the package has a command of that name.
    monkeypatch.setattr(sys.modules["presto_operator.cli.run"], "configure_logging", lambda *_, **__: None)
    result = CliRunner().invoke(main, ["run", *arguments], env=environment)
    assert result.exit_code == 0, result.output
    assert calls == [expected]
