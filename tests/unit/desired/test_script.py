"""Scripts are files, and rendered without their comments."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.resources import files

import pytest

from presto_operator.desired.plugins import PLUGIN_SCRIPT_TEXT
from presto_operator.desired.script import rendered, script
from presto_operator.desired.server_script import SERVER_SCRIPT_TEXT
from presto_operator.desired.sysctls import NODE_SYSCTLS_SCRIPT_TEXT
from tests.unit.desired.shell import SHELLS

_RENDERED = {
    "server.sh": SERVER_SCRIPT_TEXT,
    "fetch-plugin.sh": PLUGIN_SCRIPT_TEXT,
    "node-sysctls.sh": NODE_SYSCTLS_SCRIPT_TEXT,
}


def test_these_are_all_scripts() -> None:
    names = {file.name for file in (files("presto_operator.desired") / "scripts").iterdir()}
    assert names == set(_RENDERED)


@pytest.mark.parametrize("name", _RENDERED)
@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_what_is_rendered(name: str, shell: str) -> None:
    program = shutil.which(shell)
    assert program is not None
    done = subprocess.run([program, "-n"], input=_RENDERED[name], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("text", _RENDERED.values(), ids=_RENDERED.keys())
def test_what_is_rendered_has_no_comment_no_blank_line_and_no_placeholder(text: str) -> None:
    assert text
    assert not [line for line in text.splitlines() if not line.strip() or line.lstrip().startswith("#")]
    assert not re.search("@[A-Z_]+@", text)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("echo a\n", "echo a\n"),
        ("#!/bin/sh\n# says a\n\necho a # once\n", "echo a # once\n"),
        ("if true; then\n    # now\n    \n  echo a\nfi\n", "if true; then\n  echo a\nfi\n"),
        ('echo @LETTER@ "$@" @letter@ @ME@\n', 'echo a "$@" @letter@ 5\n'),
    ],
)
def test_a_comment_changes_no_byte(file: str, text: str) -> None:
    assert rendered(file, {"letter": "a", "me": 5}) == text


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        script("server.sh")
