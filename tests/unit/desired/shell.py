"""The shells that Presto images have, and running our scripts in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SHELLS = ("dash", "bash")
"""Debian's sh, and the sh of Red Hat's family. Both are run by the name sh, as in an image."""

PORT = "8080"


@dataclass(frozen=True)
class Ran:
    """What came of a script."""

    code: int
    output: str
    words: str
    """What went to stderr."""


def run(
    shell: str,
    script: str,
    arguments: Sequence[str],
    *,
    path: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Ran:
    """Run `script`; with `path`, only the programs of that directory are found."""
    program = shutil.which(shell)
    assert program is not None, f"{shell} is needed for this test"
    environment = {"PATH": str(path) if path else os.environ["PATH"], **(env or {})}
    done = subprocess.run(
        ["sh", "-c", script, "script", *arguments],
        executable=program,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def programs(directory: Path, names: Sequence[str], **scripts: str) -> Path:
    """A directory for PATH with these programs of the machine, and with `scripts` of the test's own."""
    directory.mkdir()
    for name in names:
        real = shutil.which(name)
        assert real is not None, f"{name} is needed for this test"
        (directory / name).symlink_to(real)
    for name, text in scripts.items():
        program(directory / name, text)
    return directory


def program(path: Path, text: str) -> None:
    """A shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
