from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from kubernetes.aio.config import ConfigException

from presto_operator import __version__, controller
from presto_operator.api import crd
from presto_operator.cli import main
from presto_operator.nodes import TaintMeaning, Urgency
from presto_operator.settings import DEFAULTS, Settings

SETTINGS = {
    "--reconcile-interval": "10s",
    "--handover-interval": "1s",
    "--presto-poll-interval": "5s",
    "--metastore-poll-interval": "5s",
    "--reference-interval": "15s",
    "--status-interval": "30s",
    "--relist-interval": "5m",
    "--max-new-generations": "5",
    "--worker-min-ready": "10s",
}
"""Every setting, and what it is when nobody sets it."""


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
        ([], {}, ((), (), 8081, ((), ()))),
        (
            [
                "-n",
                "a",
                "-n",
                "b",
                "--exclude-namespace",
                "c-*",
                "--metrics-port",
                "9000",
                "--leaving-taint",
                "x",
                "--at-risk-taint",
                "y",
            ],
            {},
            (("a", "b"), ("c-*",), 9000, (("x",), ("y",))),
        ),
        (
            [],
            {
                "PRESTO_OPERATOR_NAMESPACES": "a b",
                "PRESTO_OPERATOR_EXCLUDED_NAMESPACES": "c d-?",
                "PRESTO_OPERATOR_METRICS_PORT": "9000",
                "PRESTO_OPERATOR_LEAVING_TAINTS": "x z",
                "PRESTO_OPERATOR_AT_RISK_TAINTS": "y",
            },
            (("a", "b"), ("c", "d-?"), 9000, (("x", "z"), ("y",))),
        ),
    ],
    ids=["defaults", "options", "environment"],
)
def test_run_hands_its_options_on(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str], expected: object
) -> None:
    calls: list[object] = []

    async def run(
        *,
        scope: controller.Scope,
        metrics_port: int,
        extra_taints: tuple[TaintMeaning, ...],
        settings: Settings,
    ) -> None:
        by_urgency = [
            tuple(meaning.key for meaning in extra_taints if meaning.urgency is urgency)
            for urgency in (Urgency.LEAVING, Urgency.AT_RISK)
        ]
        assert settings == DEFAULTS
        calls.append((scope.namespaces, scope.excluded, metrics_port, tuple(by_urgency)))

    _let_run_be(monkeypatch, run)
    result = CliRunner().invoke(main, ["run", *arguments], env=environment)
    assert result.exit_code == 0, result.output
    assert calls == [expected]


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (
            ["--presto-poll-interval=500ms", "--worker-min-ready=1s"],
            {},
            {"presto_poll_interval": 0.5, "worker_min_ready": 1},
        ),
        ([], {"PRESTO_OPERATOR_RELIST_INTERVAL": "1m30s"}, {"relist_interval": 90}),
        (["--relist-interval=1m"], {"PRESTO_OPERATOR_RELIST_INTERVAL": "2m"}, {"relist_interval": 60}),
    ],
    ids=["options", "environment", "an option overrides the environment"],
)
def test_run_hands_its_settings_on(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str], expected: dict[str, float]
) -> None:
    calls: list[Settings] = []

    async def run(*, settings: Settings, **_: object) -> None:
        calls.append(settings)

    _let_run_be(monkeypatch, run)
    result = CliRunner().invoke(main, ["run", *arguments], env=environment)
    assert result.exit_code == 0, result.output
    seconds = {name: timedelta(seconds=value) for name, value in expected.items()}
    assert calls == [DEFAULTS.model_copy(update=seconds)]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            "--reconcile-interval=soon",
            "Invalid value for '--reconcile-interval': \"soon\" is not a duration; write for example",
        ),
        (
            "--reconcile-interval=0s",
            "Invalid value for '--reconcile-interval': Input should be greater than or equal to",
        ),
        (
            "--presto-poll-interval=20s",
            "Invalid value for '--presto-poll-interval': Input should be less than or equal to 15",
        ),
        (
            "--worker-min-ready=1500ms",
            "Invalid value for '--worker-min-ready': Value error, Kubernetes has whole seconds",
        ),
    ],
)
def test_run_refuses_a_setting_that_makes_no_sense(argument: str, message: str) -> None:
    result = CliRunner().invoke(main, ["run", argument])
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_run_says_what_it_needs_to_reach_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(**_: object) -> None:
        raise ConfigException("Expected key current-context in kube-config")

    _let_run_be(monkeypatch, fail)
    result = CliRunner().invoke(main, ["run"])
    assert result.exit_code == 1
    assert "Error: there is neither a pod's ServiceAccount nor a usable kubeconfig: Expected key" in result.output


def test_help_of_run_states_the_default_of_every_setting() -> None:
    output = " ".join(CliRunner().invoke(main, ["run", "--help"]).output.split())
    for option, default in SETTINGS.items():
        assert re.search(rf"{option} (?:DURATION|INTEGER RANGE) (?:(?! --).)*\[default: {default}[];]", output), option


def test_every_setting_is_documented_with_its_default() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "operations.md").read_text()
    assert dict(re.findall(r"^\| `(--[a-z-]+)` \| (\S+) \|", page, re.MULTILINE)) == SETTINGS


def _let_run_be(monkeypatch: pytest.MonkeyPatch, run: object) -> None:
    monkeypatch.setattr(controller, "run", run)
    # By its module's name: the package has a command of that name.
    monkeypatch.setattr(sys.modules["presto_operator.cli.run"], "configure_logging", lambda *_, **__: None)
