"""Presto releases and the Java that each one runs on."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

VERSION_PATTERN = r"^0\.[0-9]{3}(\.[0-9]+)?(-[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)?$"
"""A Presto release: `0.287`, `0.287.1`, or a custom build such as `0.287-our.2`. It is also a valid label value."""


class PrestoVersion(NamedTuple):
    """A Presto release that can be compared: `0.283 < 0.287 < 0.287.1`."""

    minor: int
    patch: int = 0


JavaVersion = Literal[8, 11, 17]
"""A Java release that Presto runs on, by its major number."""

_FIRST_ON_JAVA_17 = PrestoVersion(295)
_LAST_BEFORE_JAVA_17 = PrestoVersion(287)
"""The newest release that is known not to start on it."""


def java_version(version: PrestoVersion) -> JavaVersion:
    """The Java release in the official image of a Presto release.

    Presto requires Java 17 from 0.295 on, and earlier releases don't start on it (measured: 0.287 fails with
    "Unsupported class file major version 61"). Earlier images have Java 8 or 11, which take the same arguments.
    """
    return 17 if version >= _FIRST_ON_JAVA_17 else 11


def runs_on(version: PrestoVersion, java: JavaVersion) -> bool:
    """Whether a Presto release may start on a Java release; of releases between the known ones nothing is known."""
    if version >= _FIRST_ON_JAVA_17:
        return java >= 17
    return java < 17 or version > _LAST_BEFORE_JAVA_17


def parse_version(text: str) -> PrestoVersion:
    """The release that `text` names. A build suffix (`-our.2`) is ignored in comparisons.

    Raises:
        ValueError: `text` isn't a Presto release.
    """
    if not re.fullmatch(VERSION_PATTERN, text):
        raise ValueError(f'must be a Presto release, for example "0.287" (got "{text}")')
    _, minor, *patch = text.split("-", 1)[0].split(".")
    return PrestoVersion(int(minor), int(patch[0]) if patch else 0)
