"""jvm.config, the JVM's command line as Presto's launcher reads it: one argument a line."""

from __future__ import annotations

from collections.abc import Sequence

_MEBIBYTE = 1024**2
_LARGE_HEAP_BYTES = 8 * 1024**3

HEAP_FLAGS = ("-Xmx", "-XX:MaxHeapSize", "-XX:MaxRAM")
"""Beginnings of the arguments that set the largest heap (MaxRAMPercentage and its like among them).

The heap is computed, so a manifest must not carry them as extra arguments.
"""


def jvm_config(*, heap_bytes: int, extra_arguments: Sequence[str]) -> str:
    """The text of jvm.config for a Presto server on Java 8 or 11.

    Args:
        heap_bytes: the largest heap, rounded down to whole MiB.
        extra_arguments: the user's own, last, because the JVM lets the last of two equal flags win.

    The defaults are those of Presto's deployment documentation, with two changes. The region size of 32 MB is
    left to G1 on heaps under 8 GiB, where it would leave too few regions to collect. An OutOfMemoryError ends
    the process: a Presto server that ran out of heap answers its peers, but no longer does its work.
    """
    arguments = [
        "-server",
        f"-Xmx{heap_bytes // _MEBIBYTE}M",
        "-XX:+UseG1GC",
        *(["-XX:G1HeapRegionSize=32M"] if heap_bytes >= _LARGE_HEAP_BYTES else []),
        "-XX:+UseGCOverheadLimit",
        "-XX:+ExplicitGCInvokesConcurrent",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djdk.attach.allowAttachSelf=true",
        *extra_arguments,
    ]
    return "\n".join(arguments) + "\n"
