"""The timeline of one run as an SVG: which processes and which calls ran beside which."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.measure.bench import Turn

_WIDTH, _LEFT, _ROW, _TOP = 1100, 330, 18, 56
_COLOURS = {
    "process": "#0b6fc2",
    "Entra ID": "#8a5bd1",
    "Resource Manager": "#1f9d68",
    "registry": "#d9822b",
    "other": "#6b7785",
}
_OWN = frozenset({"node", "python", "docker build"})


class _Bar(NamedTuple):
    label: str
    kind: str
    began: float
    ended: float


def draw(turn: Turn, title: str) -> str:
    """Return the picture; times are seconds since Node was started."""
    bars = sorted(_bars(turn), key=lambda bar: bar.began)
    end = max(turn.run.seconds, *(bar.ended for bar in bars))
    scale = (_WIDTH - _LEFT - 30) / end
    height = _TOP + _ROW * len(bars) + 46
    body = [*_axis(end, scale, height), *_legend(height)]
    body += [part for row, bar in enumerate(bars) for part in _drawn(bar, row, scale)]
    head = f"{' '.join(title.split())}: {turn.run.seconds:.2f} s, docker build and push alone {turn.floor:.2f} s"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"',
            ' font-family="sans-serif" font-size="11">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="12" y="24" font-size="15" font-weight="bold">One run: {escape(head)}</text>',
            *body,
            "</svg>",
            "",
        ]
    )


def _bars(turn: Turn) -> Iterator[_Bar]:
    zero = turn.started
    for life in turn.cost.lives.values():
        if life.name in _OWN:
            yield _Bar(life.name, "process", life.began - zero, life.ended - zero)
    for call in turn.calls:
        kind = _kind(call.host)
        what = call.path if kind != "registry" else f"{call.host}{call.path}"
        yield _Bar(f"{call.method} {_short(what)}", kind, call.began - zero, call.ended - zero)


def _kind(host: str) -> str:
    if host.startswith("login."):
        return "Entra ID"
    if host.startswith("management."):
        return "Resource Manager"
    return "registry" if ".azurecr." in host else "other"


def _short(path: str) -> str:
    """Return the telling end of a path."""
    return path if len(path) <= 44 else f"…{path[-43:]}"


def _drawn(bar: _Bar, row: int, scale: float) -> list[str]:
    y = _TOP + _ROW * row
    x, width = _LEFT + bar.began * scale, max(1.5, (bar.ended - bar.began) * scale)
    return [
        f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 6}" rx="2" fill="{_COLOURS[bar.kind]}"/>',
    ]


def _axis(end: float, scale: float, height: int) -> Iterator[str]:
    step = next(step for step in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0) if end / step <= 12)
    for tick in range(int(end / step) + 1):
        x = _LEFT + tick * step * scale
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{height - 34}" stroke="#dde2e7"/>'
        yield f'<text x="{x:.1f}" y="{_TOP - 10}" text-anchor="middle" fill="#6b7785">{tick * step:g} s</text>'


def _legend(height: int) -> Iterator[str]:
    for number, (name, color) in enumerate(_COLOURS.items()):
        x = _LEFT + 150 * number
        yield f'<rect x="{x}" y="{height - 24}" width="10" height="10" fill="{color}"/>'
        yield f'<text x="{x + 15}" y="{height - 15}">{name}</text>'
