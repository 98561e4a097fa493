from __future__ import annotations

import pytest

from presto_operator.objects.last_words import MOST_CHARACTERS, last_words

_FRAMES = "\n".join(
    f"\tat com.facebook.presto.server.PrestoServer.run{number}(PrestoServer.java)" for number in range(40)
)

_UNKNOWN_CONNECTOR = f"""\
2026-01-01T12:00:00.000Z\tINFO\tmain\tBootstrap\tquery.max-memory  20GB  50GB  Maximum memory of a query
2026-01-01T12:00:01.000Z\tINFO\tmain\tcom.facebook.airlift.bootstrap.LifeCycleManager\tLife cycle starting...
2026-01-01T12:00:02.000Z\tERROR\tmain\tcom.facebook.presto.server.PrestoServer\tNo factory for connector mysql
java.lang.IllegalArgumentException: No factory for connector mysql
{_FRAMES}
\t... 3 more
2026-01-01T12:00:03.000Z\tINFO\tThread-1\tcom.facebook.airlift.bootstrap.LifeCycleManager\tLife cycle stopping...
"""

_MISSPELT_PROPERTY = f"""\
com.google.inject.CreationException: Unable to create injector, see the following errors:

1) Error: Configuration property 'query.max-memry' was not used
{_FRAMES}

1 error
"""


def test_a_stack_trace_is_quoted_from_its_cause() -> None:
    words = last_words(_UNKNOWN_CONNECTOR)
    assert words.startswith("2026-01-01T12:00:02.000Z\tERROR\tmain\t")
    assert words.endswith("java.lang.IllegalArgumentException: No factory for connector mysql")
    assert "\tat " not in words


def test_a_log_whose_beginning_is_cut_off_is_quoted_from_the_cause_that_is_left() -> None:
    words = last_words(f"ctor mysql\n{_FRAMES}\nCaused by: java.io.IOException: disk full\n{_FRAMES}")
    assert words == "Caused by: java.io.IOException: disk full"


def test_a_misspelt_property_is_named() -> None:
    assert "1) Error: Configuration property 'query.max-memry' was not used" in last_words(_MISSPELT_PROPERTY)


def test_the_jvms_own_words_are_quoted_as_they_are() -> None:
    message = "Unrecognized VM option 'UseG2GC'\nError: Could not create the Java Virtual Machine."
    assert last_words(message) == message


@pytest.mark.parametrize("message", ["", "\n \n", _FRAMES])
def test_a_log_that_says_nothing_is_quoted_with_nothing(message: str) -> None:
    assert last_words(message) == ""


def test_a_long_cause_is_quoted_from_its_beginning_and_a_long_log_without_one_from_its_end() -> None:
    cause = f"Error: {'a' * 2000}"
    assert last_words(cause) == f"{cause[:MOST_CHARACTERS]} ..."
    assert last_words(f"{'a' * 2000}z") == f"... {'a' * (MOST_CHARACTERS - 1)}z"
