"""What is quoted of servers that ended. `logs/` has what Kubernetes keeps of the log of a real Presto 0.287 each."""

from __future__ import annotations

from pathlib import Path

import pytest

from presto_operator.presto.last_words import MAX_CHARACTERS, last_words

_LOGS = Path(__file__).parent / "logs"

_WORDS = {
    "access-control": "Access control no-such is not registered",
    "bad-env": "Invalid configuration property node.environment: is malformed",
    "bad-value": (
        "Could not coerce value 'lots' to io.airlift.units.DataSize (property 'query.max-memory'); "
        "Configuration property 'query.max-memory' was not used"
    ),
    "catalog-misspelt": "Configuration property 'hive.metastre-timeout' was not used",
    "catalog-no-uri": "Invalid configuration property hive.metastore.uri: may not be null",
    "event-listener": "Event listener no-such is not registered",
    "heap-exhausted": "Terminating due to java.lang.OutOfMemoryError: Java heap space",
    "heap-too-small": "Error occurred during initialization of VM; Too small maximum heap",
    "jvm-flag": "Unrecognized VM option 'UseG2GC'",
    "jvm-option": "Unrecognized option: --no-such-option",
    "jvm-value": "Improperly specified VM option 'MaxGCPauseMillis=abc'",
    "memory": (
        "IllegalArgumentException: Invalid memory configuration. The sum of max total query memory per node "
        "(2147483648) and heap headroom (161061273) cannot be larger than the available heap memory (536870912)"
    ),
    "misspelt-property": "Configuration property 'query.max-memry' was not used",
    "no-connector-name": (
        "Catalog configuration /var/lib/presto/etc/catalog/x.properties does not contain connector.name"
    ),
    "password": "FileNotFoundException: /nowhere.jks (No such file or directory)",
    "resource-groups": (
        "JsonEOFException: Unexpected end-of-input: expected close marker for Object "
        '(start marker at [Source: (byte[])"{"; line: 1, column: 1])'
    ),
    "two-misspelt": (
        "Configuration property 'query.max-memry' was not used; Configuration property 'task.concurency' was not used"
    ),
    "unknown-connector": "No factory for connector mysqll",
}


def test_there_are_words_for_every_log() -> None:
    assert {file.stem for file in _LOGS.iterdir()} == set(_WORDS)


@pytest.mark.parametrize(("name", "words"), _WORDS.items(), ids=_WORDS.keys())
def test_the_cause_is_quoted(name: str, words: str) -> None:
    assert last_words((_LOGS / f"{name}.log").read_text()) == words


_ERROR = "2026-01-01T00:00:00.000Z\tERROR\tmain\tcom.facebook.presto.server.PrestoServer\t"
_INFO = "2026-01-01T00:00:00.000Z\tINFO\tThread-80\tcom.facebook.airlift.bootstrap.LifeCycleManager\t"
_CAUSES = """\
Caused by: java.io.IOException: Can't read
	... 9 more
Caused by: java.nio.file.AccessDeniedException: /etc/x
	... 11 more
"""


@pytest.mark.parametrize(
    ("log", "words"),
    [
        # What a JVM says of its own end weighs more than what Presto has logged before.
        (
            f"{_ERROR}Query failed\nTerminating due to java.lang.OutOfMemoryError: Java heap space\n",
            "Terminating due to java.lang.OutOfMemoryError: Java heap space",
        ),
        (
            "#\n# A fatal error has been detected\n#\n#  SIGSEGV (0xb) at pc=0x00007f, pid=1, tid=9\n#\n",
            "SIGSEGV (0xb) at pc=0x00007f, pid=1, tid=9",
        ),
        (
            f"{_ERROR}The node is gone\njava.lang.RuntimeException: The node is gone\n\tat a.B.c(B.java:1)\n",
            "The node is gone",
        ),
        (f"{_ERROR}First\n\n{_ERROR}Last\n{_INFO}Life cycle stopping...\n", "Last"),
        (
            f"{_ERROR}Can't start\njava.lang.RuntimeException: Can't start\n\tat a.B.c(B.java:1)\n{_CAUSES}",
            "Can't start; AccessDeniedException: /etc/x",
        ),
        (
            'Exception in thread "main" java.lang.UnsupportedClassVersionError: a/B: major version 61\n\tat a.B\n',
            "UnsupportedClassVersionError: a/B: major version 61",
        ),
        ("Caused by: java.lang.NullPointerException\n\tat a.B.c(B.java:1)\n", "NullPointerException"),
        ("presto-operator: plugins.udfs: can't be fetched\n", "presto-operator: plugins.udfs: can't be fetched"),
        ("one\n  two\n\nthree\n", "one; two; three"),
        # Killed, without a word.
        (f"{_INFO}Life cycle starting...\n{_INFO}Life cycle started\n", f"{_INFO}Life cycle started"),
        ("jdbc:postgresql://db/hive?user=hive&password=s3cret\n", "jdbc:postgresql://db/hive?user=hive&password=..."),
        ("", ""),
        ("\n \n", ""),
    ],
)
def test_of_what_else_a_log_ends_with(log: str, words: str) -> None:
    assert last_words(log) == words


@pytest.mark.parametrize("line", ["the cause", f"{_ERROR}the cause"])
def test_a_quote_is_bounded(line: str) -> None:
    long = last_words(f"{line}{' and more' * 1000}")
    assert len(long) <= MAX_CHARACTERS


def test_of_words_without_an_error_the_end_is_quoted() -> None:
    words = last_words("a word " * 1000 + "the cause")
    assert words.endswith("the cause")
    assert words.startswith("... ")


def test_of_errors_the_beginning_is_quoted() -> None:
    assert last_words(f"{_ERROR}the cause{' and more' * 1000}").startswith("the cause and more")


def test_a_line_that_kubernetes_has_cut_is_left_out() -> None:
    cut = "or: half a line\n" + "Too small maximum heap\n" * 100
    assert "half a line" not in last_words(cut[:2048])
    assert last_words("or: a line\nToo small maximum heap\n") == "or: a line; Too small maximum heap"
