"""Draw the icons: a container, an arrow and a check mark. `python -m dev.icons` writes them.

Both have the same shapes, on a field of 32 x 32 units: 32 pixels for the task, and 128 for the store's page.
"""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
ICONS = {ROOT / "task" / "icon.png": 32, ROOT / "images" / "extension-icon.png": 128}
FIELD = 32
SAMPLES = 8
"""Samples per pixel in each direction, for smooth edges."""

Point = tuple[float, float]
Color = tuple[int, int, int]
BLUE, LIGHT, WHITE, GREEN = (0, 99, 177), (125, 190, 240), (255, 255, 255), (16, 137, 62)


def box(left: float, top: float, right: float, bottom: float, radius: float) -> Callable[[Point], bool]:
    """Return a rectangle with round corners."""

    def covers(point: Point) -> bool:
        x = min(max(point[0], left + radius), right - radius)
        y = min(max(point[1], top + radius), bottom - radius)
        return (point[0] - x) ** 2 + (point[1] - y) ** 2 <= radius**2

    return covers


def disc(x: float, y: float, radius: float) -> Callable[[Point], bool]:
    """Return a disc."""
    return lambda point: (point[0] - x) ** 2 + (point[1] - y) ** 2 <= radius**2


def stroke(*points: Point, width: float) -> Callable[[Point], bool]:
    """Return a line through points, with round ends."""

    def near(point: Point, start: Point, end: Point) -> bool:
        along = (end[0] - start[0], end[1] - start[1])
        length = along[0] ** 2 + along[1] ** 2
        part = ((point[0] - start[0]) * along[0] + (point[1] - start[1]) * along[1]) / length
        part = min(1.0, max(0.0, part))
        foot = (start[0] + part * along[0], start[1] + part * along[1])
        return (point[0] - foot[0]) ** 2 + (point[1] - foot[1]) ** 2 <= (width / 2) ** 2

    return lambda point: any(near(point, start, end) for start, end in pairwise(points))


SHAPES: tuple[tuple[Callable[[Point], bool], Color | None], ...] = (
    (box(1, 13, 31, 29, 2.5), BLUE),
    *((box(x, 16.6, x + 1.8, 25.4, 0.9), LIGHT) for x in (4.6, 8.4, 21.8, 25.6)),
    (stroke((16, 22.5), (16, 5), width=6.8), None),
    (stroke((16, 22.4), (16, 3.2), width=3.4), BLUE),
    (stroke((9.4, 9.6), (16, 3), (22.6, 9.6), width=3.4), BLUE),
    (disc(25.4, 25.4, 7.6), None),
    (disc(25.4, 25.4, 6.4), GREEN),
    (stroke((22.5, 25.6), (24.6, 27.7), (28.4, 23.4), width=1.8), WHITE),
)
"""From the back to the front; a shape without color cuts a hole."""


def pixel(x: int, y: int, size: int) -> bytes:
    """Return red, green, blue and opacity of one pixel."""
    steps = [(step + 0.5) / SAMPLES for step in range(SAMPLES)]
    points = [((x + across) * FIELD / size, (y + down) * FIELD / size) for across in steps for down in steps]
    colors = [color for color in map(color_at, points) if color]
    if not colors:
        return bytes(4)
    mean = (round(sum(part) / len(colors)) for part in zip(*colors, strict=True))
    return bytes([*mean, round(255 * len(colors) / len(points))])


def color_at(point: Point) -> Color | None:
    """Return the color of the frontmost shape."""
    return next((color for covers, color in reversed(SHAPES) if covers(point)), None)


def png(size: int) -> bytes:
    """Return the picture. https://www.w3.org/TR/png-3/."""
    rows = b"".join(b"\0" + b"".join(pixel(x, y, size) for x in range(size)) for y in range(size))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 9))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunks([*chunks, (b"IEND", b"")]))


def _chunks(parts: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for kind, data in parts:
        yield struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    for path, size in ICONS.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(size))
