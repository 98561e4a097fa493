from __future__ import annotations

import pytest

from presto_operator.presto import java_regex_error


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "etl.*",
        "(?i)abc",
        "a(?i:b)c",
        r"(?<tool>\w+)-\k<tool>",
        r"\p{L}+\P{Lu}",
        "[a-z&&[^b]]",
        "a++b*+",
        "(?>a)",
        r"\Qa(\E",
        "(?<=a+)b",
        r"\h\R\z",
        "x{2,3}",
    ],
)
def test_what_java_compiles_passes(pattern: str) -> None:
    assert java_regex_error(pattern) is None


@pytest.mark.parametrize(
    "pattern", ["etl.(", ")", "*a", "[a", "a{3,2}", "\\", "a**", "(?<x>a", "(" * 800 + ")" * 800, "a{9999999999}"]
)
def test_what_java_refuses_is_refused(pattern: str) -> None:
    assert java_regex_error(pattern)
