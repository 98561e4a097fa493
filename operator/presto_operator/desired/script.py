"""The shell scripts that run in pods: files of `scripts/`, rendered into ConfigMaps and commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

_FILES = files("presto_operator.desired") / "scripts"
_NO_CODE = re.compile(r"\s*(#|$)")
_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")


def script(name: str, **values: object) -> str:
    """The script in the file `name`, rendered with these values.

    Raises:
        KeyError: the script has a placeholder for which there is no value.
    """
    return rendered((_FILES / name).read_text(encoding="utf-8"), values)


def rendered(text: str, values: Mapping[str, object]) -> str:
    """The script `text` with each `@NAME@` in it replaced by the value `name`.

    Blank lines and lines that hold only a comment are left out, the first line among them: the rendered bytes name
    generations, and a comment must not replace clusters. So no text in quotes may depend on such a line.

    Raises:
        KeyError: the script has a placeholder for which there is no value.
    """
    code = "".join(line for line in text.splitlines(keepends=True) if not _NO_CODE.match(line))
    return _PLACEHOLDER.sub(lambda found: str(values[found[1].lower()]), code)


def literal(argument: str) -> str:
    """The argument of a container's command that the program gets as `argument`.

    Kubernetes replaces `$(NAME)` by the value of a variable, and `$$` by `$`.
    """
    return argument.replace("$", "$$")
