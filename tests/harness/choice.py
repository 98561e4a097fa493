"""Which provider to use."""

from collections.abc import Callable
from typing import Literal

from tests.harness.command import CommandError, Runner, run
from tests.harness.interface import Provider
from tests.harness.kind.provider import KindProvider
from tests.harness.local.provider import LocalProvider

Choice = Literal["auto", "kind", "local"]
# A Docker client whose engine is away may take minutes to say so.
DOCKER_SECONDS = 10.0


def docker_answers(runner: Runner = run) -> bool:
    """Tell whether a Docker engine answers."""
    try:
        return runner(["docker", "info"], timeout=DOCKER_SECONDS, check=False).returncode == 0
    except CommandError:
        return False


def provider_for(choice: Choice = "auto", has_docker: Callable[[], bool] = docker_answers) -> Provider:
    """Return the provider asked for; `auto` means kind where a Docker engine answers, else local."""
    if choice == "kind" or (choice == "auto" and has_docker()):
        return KindProvider()
    return LocalProvider()
