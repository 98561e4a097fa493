"""jvm.config, the JVM's command line as Presto's launcher reads it: one argument a line."""

from __future__ import annotations

from collections.abc import Sequence

from presto_operator.presto.versions import JavaVersion

_MEBIBYTE = 1024**2
_LARGE_HEAP_BYTES = 8 * 1024**3

HEAP_FLAGS = ("-Xmx", "-XX:MaxHeapSize", "-XX:MaxRAM")
"""How arguments begin that set the maximum heap size, MaxRAMPercentage and its like among them.

The heap size is computed, so a manifest must not have them as extra arguments.
"""


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
