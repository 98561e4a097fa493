"""The failed queries of each fault as a picture: the operator's Presto beside the plain one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bench.faults.result import Result
from bench.faults.scenario import Keeper

_LEFT, _WIDTH, _BAR, _GAP = 320, 360, 14, 14
_COLOURS = {Keeper.OPERATOR.value: "#2f7d4f", Keeper.NOBODY.value: "#b3452c"}


def picture(results: Sequence[Result]) -> str:
    """An SVG: a pair of bars for each fault that both Prestos had, as long as the share of queries that failed."""
    pairs = _pairs(results)
    longest = max((_share(each) for pair in pairs for each in pair), default=0) or 1
    lines: list[str] = []
    top = 40
    for pair in pairs:
        lines.append(_text(0, top + _BAR + 4, pair[0].what))
        for each in pair:
            length = round(_share(each) / longest * _WIDTH)
            lines.append(_bar(top, max(length, 1), _COLOURS[each.keeper]))
            told = f"{each.queries.failures} of {each.queries.queries}"
            lines.append(_text(_LEFT + length + 8, top + _BAR - 2, told))
            top += _BAR + 2
        top += _GAP
    size = f'width="{_LEFT + _WIDTH + 120}" height="{top}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">',
        '<rect width="100%" height="100%" fill="white"/>',
        _text(0, 18, "Failed queries", weight="bold"),
        _text(_LEFT, 18, "with the operator", fill=_COLOURS[Keeper.OPERATOR.value]),
        _text(_LEFT + 140, 18, "plain Deployments", fill=_COLOURS[Keeper.NOBODY.value]),
    ]
    return "\n".join([*head, *lines, "</svg>"]) + "\n"


def _pairs(results: Sequence[Result]) -> list[tuple[Result, Result]]:
    by_keeper = {keeper: {each.what: each for each in results if each.keeper == keeper.value} for keeper in Keeper}
    plain = by_keeper[Keeper.NOBODY]
    return [(each, plain[what]) for what, each in by_keeper[Keeper.OPERATOR].items() if what in plain]


def _share(each: Result) -> float:
    return each.queries.failures / each.queries.queries if each.queries.queries else 0.0


def _bar(top: int, length: int, colour: str) -> str:
    return f'<rect x="{_LEFT}" y="{top}" width="{length}" height="{_BAR}" fill="{colour}"/>'


def _text(x: int, y: int, text: str, *, fill: str = "#222", weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" font-size="13" fill="{fill}" font-weight="{weight}">{escape(text)}</text>'
