from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.desired.container import Container
from tests.unit.desired.shell import SHELLS, programs

_PROGRAMS = ("bash", "cat", "rm", "sleep", "timeout", "touch")


@pytest.fixture(params=[(shell, client) for shell in SHELLS for client in ("curl", "no curl")], ids="-".join)
def container(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Container]:
    """A container of an image with one shell or the other, with and without curl."""
    shell, client = request.param
    names = (*_PROGRAMS, "curl") if client == "curl" else _PROGRAMS
    container = Container(shell, programs(tmp_path / "bin", names), tmp_path)
    yield container
    container.close()


@pytest.fixture(params=SHELLS)
def container_with_curl(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Container]:
    """A container of an image with one shell or the other, and with curl."""
    container = Container(request.param, programs(tmp_path / "bin", (*_PROGRAMS, "curl")), tmp_path)
    yield container
    container.close()


_TIMEOUT_OF_BUSYBOX = 'seconds=$1; shift; (sleep "$seconds"; kill $$) >/dev/null 2>&1 & exec "$@"'
"""Unlike that of coreutils, it ends only the process that it has started, not the children of it."""


@pytest.fixture(params=SHELLS)
def container_with_busybox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Container]:
    """A container of an image without curl whose `timeout` is that of busybox."""
    names = [name for name in _PROGRAMS if name != "timeout"]
    path = programs(tmp_path / "bin", names, timeout=_TIMEOUT_OF_BUSYBOX)
    container = Container(request.param, path, tmp_path)
    yield container
    container.close()
