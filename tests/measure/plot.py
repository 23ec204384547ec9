"""The figures of a bench as an SVG: what the task adds to build and push, and how far its verdict follows "ready"."""

from __future__ import annotations

from html import escape
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WIDTH, _LEFT, _ROW, _HEAD = 760, 210, 22, 46
_BAR, _SPREAD, _GRAY, _BUDGET = "#0b6fc2", "#0b2f52", "#6b7785", "#c4314b"


class Panel(NamedTuple):
    """One part of the plot: a title, the seconds of each row's turns, and the budget of some rows."""

    title: str
    rows: Mapping[str, Sequence[float]]
    budgets: Mapping[str, float]


def plot(panels: Sequence[Panel], note: str) -> str:
    """Return the picture: a bar to each row's median, a line from its least to its most, a tick at its budget."""
    heights = [_HEAD + _ROW * len(panel.rows) + 14 for panel in panels]
    height = sum(heights) + 30
    body = [
        part for number, panel in enumerate(panels) for part in _panel(panel, sum(heights[:number]), _end_of(panel))
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"',
            ' font-family="Segoe UI, sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="white"/>',
            *body,
            f'<text x="12" y="{height - 12}" font-size="11" fill="{_GRAY}">{escape(note)}</text>',
            "</svg>",
            "",
        ]
    )


def _end_of(panel: Panel) -> float:
    return max([0.1, *panel.budgets.values(), *(second for row in panel.rows.values() for second in row)])


def _panel(panel: Panel, top: int, end: float) -> Iterator[str]:
    scale = (_WIDTH - _LEFT - 90) / end
    yield f'<text x="12" y="{top + 24}" font-size="14" font-weight="bold">{escape(panel.title)}</text>'
    for number, (name, seconds) in enumerate(panel.rows.items()):
        yield from _row(name, seconds, panel.budgets.get(name), top + _HEAD + _ROW * number, scale)


def _row(name: str, seconds: Sequence[float], budget: float | None, y: int, scale: float) -> Iterator[str]:
    middle, least, most = median(seconds), max(0.0, min(seconds)), max(seconds)
    yield f'<text x="{_LEFT - 10}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect x="{_LEFT}" y="{y}" width="{max(1.0, middle * scale):.1f}" height="14" fill="{_BAR}"/>'
    yield _line(_LEFT + least * scale, _LEFT + most * scale, y + 7, y + 7, _SPREAD)
    if budget is not None:
        yield _line(_LEFT + budget * scale, _LEFT + budget * scale, y - 3, y + 17, _BUDGET)
    x = _LEFT + max(most, budget or 0.0) * scale + 8
    yield f'<text x="{x:.1f}" y="{y + 11}">{middle:.2f} s</text>'


def _line(x1: float, x2: float, y1: float, y2: float, color: str) -> str:
    return f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1}" y2="{y2}" stroke="{color}" stroke-width="2"/>'
