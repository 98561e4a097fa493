"""jvm.config, the JVM's command line as Presto's launcher reads it: one argument a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from presto_operator.presto.versions import JavaVersion

_MEBIBYTE = 1024**2
_LARGE_HEAP_BYTES = 8 * 1024**3

HEAP_FLAGS = ("-Xmx", "-mx", "-XX:MaxHeapSize", "-XX:MaxRAM", "-XX:+AggressiveHeap")
"""How arguments begin that set the maximum heap size, MaxRAMPercentage and its like among them.

The heap size is computed, so a manifest must not have them as extra arguments.
"""

_INITIAL_HEAP = re.compile(r"(-Xms|-ms|-XX:InitialHeapSize=|-XX:MinHeapSize=)(.*)")
_SIZE = re.compile(r"([0-9]{1,18})([kKmMgGtT]?)")
_SIZES = {unit: 1024**power for power, unit in enumerate(("", "k", "m", "g", "t"))}

_NO_SERVER = re.compile(
    r"-(version|fullversion|\?|h|help|X|d32|d64|jar|cp|classpath|m|p)|-?-help(-extra)?|--version|--full-version|"
    r"--dry-run|--list-modules|--validate-modules|-(jar|cp|classpath)\s.*|"
    r"(--class-path|--module|--module-path|--describe-module|-d|-m)([=: ].*)?|-Xshare:dump|-Xbootclasspath:.*|"
    r"-XX:\+(PrintFlagsInitial|DumpSharedSpaces)|-XX:(Flags|VMOptionsFile|ArgumentFile)=.*|"
    r"-D(java\.ext\.dirs|java\.endorsed\.dirs|java\.class\.path)=.*"
)
"""Arguments with which Java doesn't run Presto: it prints something, or looks for classes elsewhere (tried on 17)."""

_OTHER_COLLECTOR = re.compile(r"-XX:\+Use(Serial|Parallel|ParallelOld|ConcMarkSweep|Shenandoah|Z|Epsilon)GC")
_WITHOUT_OURS = "-XX:-UseG1GC"

_FREE_TEXT = ("-D", "-XX:OnError=", "-XX:OnOutOfMemoryError=", "-agent", "-javaagent:", "-XX:HeapDumpPath=")
"""How arguments begin whose values may contain blanks."""

_DEBUGGER = re.compile(r"-agentlib:jdwp=|-Xrunjdwp:")

OPTION_VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
"""Environment variables from which Java takes more arguments: the last one after those of jvm.config."""


def argument_problem(argument: str, heap_bytes: int, owned_properties: Collection[str] = ()) -> str | None:
    """Why a server's JVM must not have this argument; None if nothing is known against it.

    Args:
        argument: one argument, as a line of jvm.config.
        heap_bytes: the maximum heap size.
        owned_properties: Presto's properties that the operator sets. Presto takes system properties (-D) for them, too.
    """
    if argument.startswith(HEAP_FLAGS):
        return f"must not set the heap ({', '.join(HEAP_FLAGS)}): set jvm.heapPercent or jvm.heapSize instead"
    if initial := _INITIAL_HEAP.fullmatch(argument):
        return _initial_heap_problem(initial[2], heap_bytes)
    name = argument[2:].partition("=")[0].strip()
    if argument.startswith("-D") and name.lower() in owned_properties:
        return f"must not set {name}, which is set by the operator: remove it"
    return _start_problem(argument)


def _start_problem(argument: str) -> str | None:
    """Why Java would not run Presto with this argument."""
    if _NO_SERVER.fullmatch(argument):
        return "must not be set: with it, Java doesn't run Presto"
    if " -" in argument and not argument.startswith(_FREE_TEXT):
        return "must be one argument: write each of them as an item of its own"
    if _DEBUGGER.match(argument) and "suspend=n" not in argument:
        return "must contain suspend=n: otherwise the server waits for a debugger before it starts"
    return None


def collector_problem(arguments: Sequence[str]) -> tuple[int, str] | None:
    """The argument that selects a second garbage collector, and what is wrong with it."""
    for number, argument in enumerate(arguments):
        if _OTHER_COLLECTOR.fullmatch(argument) and _WITHOUT_OURS not in arguments:
            return number, f"selects a second garbage collector, and Java doesn't start with two: add {_WITHOUT_OURS}"
    return None


def _initial_heap_problem(size: str, heap_bytes: int) -> str | None:
    match = _SIZE.fullmatch(size)
    if match is None:
        return f'must be a size such as "2G" (got "{size[:20]}")'
    if int(match[1]) * _SIZES[match[2].lower()] > heap_bytes // _MEBIBYTE * _MEBIBYTE:
        return f"must not be larger than the maximum heap of {heap_bytes // _MEBIBYTE} MiB: Java doesn't start then"
    return None


_JAVA_17_OPENED_PACKAGES = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.ref",
    "java.base/java.lang.reflect",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.security",
    "java.base/java.text",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.util.regex",
    "java.base/javax.security.auth",
    "java.base/javax.security.auth.login",
    "java.base/jdk.internal.loader",
    "java.base/sun.security.action",
    "java.security.jgss/sun.security.krb5",
)
"""Packages that Presto and its connectors access by reflection, which Java 17 denies by default (Presto's deployment
documentation for Java 17)."""


def jvm_config(
    *, heap_bytes: int, java: JavaVersion, extra_arguments: Sequence[str], heap_dump_path: str | None = None
) -> str:
    """The text of jvm.config for a Presto server.

    Args:
        heap_bytes: the maximum heap size, rounded down to whole MiB. It is absolute rather than a share of the memory
            that the JVM detects, so that every Java release has the same heap in the same container.
        java: the Java release that the server runs on.
        extra_arguments: the user's own. They come last, because the last of two equal flags wins.
        heap_dump_path: directory for a dump of the heap when it is exhausted; no dump if None.

    The defaults are those of Presto's deployment documentation, with two changes. On heaps under 8 GiB, G1 chooses its
    region size, because 32 MB would leave too few regions to collect. An OutOfMemoryError ends the process: a Presto
    server that ran out of heap still answers its peers, but no longer does its work.
    """
    arguments = [
        "-server",
        f"-Xmx{heap_bytes // _MEBIBYTE}M",
        "-XX:+UseG1GC",
        *(["-XX:G1HeapRegionSize=32M"] if heap_bytes >= _LARGE_HEAP_BYTES else []),
        "-XX:+UseGCOverheadLimit",
        "-XX:+ExplicitGCInvokesConcurrent",
        *(["-XX:+HeapDumpOnOutOfMemoryError", f"-XX:HeapDumpPath={heap_dump_path}"] if heap_dump_path else []),
        "-XX:+ExitOnOutOfMemoryError",
        # Java 8 has no such property, and ignores it.
        "-Djdk.attach.allowAttachSelf=true",
        *([f"--add-opens={package}=ALL-UNNAMED" for package in _JAVA_17_OPENED_PACKAGES] if java >= 17 else []),
        *extra_arguments,
    ]
    return "\n".join(arguments) + "\n"
