"""The front of latency and cost as a picture: every configuration faint, the simulated ones, the front."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from narrows.report.search import NAMES, deployment_words, search_text, shown_front
from narrows.report.svg import INK, night_rules, path, picture, rect, words
from narrows.report.words import folded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from narrows.inference.search import Found, Search

__all__ = ["pareto_svg"]

# All lengths are in pixels of the picture.
WIDTH, HEIGHT = 1000.0, 640.0
MARGIN, LEFT, RIGHT, TOP, BOTTOM = 28.0, 84.0, 150.0, 128.0, 76.0
TITLE_LETTERS, LINE_LETTERS = 96, 140
GRAIN = 5.0
"""One faint dot at most in a square of this size, for each chip."""
ROOM = 1.12
"""Factor left free beyond the outermost point."""
LETTER, LINE = 6.1, 13.0
"""Width of a letter and height of a line of a label."""
LABEL_LETTERS = 32
TICKS = (1, 2, 5)
QUIET, GRID = "#4a5564", "#dbe1e9"
COLOURS = (
    "#2f6fb0", "#c0562f", "#2e8b6f", "#8a5bb5", "#b8860b", "#c2447c", "#4f7d1f", "#5f7486",
    "#9c4a4a", "#1f8fa8",
)  # fmt: skip
"""One a chip, in the order searched; middle tones that stand out on white and on the dark ground."""
NIGHT = {
    "#ffffff": "#10151c",
    INK: "#e8edf3",
    QUIET: "#a9b5c2",
    GRID: "#2c3744",
    **dict(
        zip(
            COLOURS,
            (
                "#6aa7e0",
                "#e58a66",
                "#5cc2a3",
                "#b793dd",
                "#dcb14a",
                "#ea7fae",
                "#8fbf5a",
                "#9fb3c4",
                "#d58a8a",
                "#62c4d8",
            ),
            strict=True,
        )
    ),
}


def pareto_svg(result: Search) -> str:
    """Return latency against cost as one SVG document, both axes logarithmic.

    Parameters
    ----------
    result
        The answer of `narrows.inference.search.search`.

    Returns
    -------
    str
        Faint: configurations of the closed form. Dots: simulated, one colour a chip. Line: the front of
        latency and cost, labelled at its ends and at its knee. The same answer gives the same bytes.
    """
    places = shown_front(result, rows=10**6)
    line = [result.found[place] for place in places]
    box = _Box(line, result)
    marks: list[str] = []
    title = _title(result, line)
    y = 36.0
    for text in folded(title, TITLE_LETTERS):
        marks.append(words(MARGIN, y, text, 15, font_weight="bold"))
        y += 21
    told = search_text(result).split("\n")[:2]
    for text in folded(f"{told[0]}. {told[1]}.", LINE_LETTERS):
        marks.append(words(MARGIN, y, text, 11, fill=QUIET))
        y += 16
    box.axes(result, marks)
    colours = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(result.chips)}
    _cloud(result, box, colours, marks)
    _dots(result, box, colours, marks)
    _front(line, box, colours, marks)
    _key(result, box, colours, marks)
    return picture(WIDTH, HEIGHT, title, search_text(result), marks, style=night_rules(NIGHT))


def _title(result: Search, line: list[Found]) -> str:
    if not line:
        return f"{result.model}: nothing was simulated"
    first, last = line[0], line[-1]
    times = " to ".join(_time(one.latency_s) for one in (first, last))
    money = " to ".join(_usd(one.usd_per_million) for one in (first, last))
    return f"{result.model}: {NAMES[result.latency]} from {times} costs {money} $ a million output tokens"


def _time(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _usd(value: float) -> str:
    return f"{value:.2g}" if value < 1 else f"{value:.3g}"


class _Box:
    """The two logarithmic axes."""

    def __init__(self, line: list[Found], result: Search) -> None:
        points = [(one.latency_s, one.usd_per_million) for one in (line or result.found)] or [(0.01, 1.0)]
        x, y = np.array(points).T
        self.x = (float(x.min()) / ROOM, float(x.max()) * 1.6)
        self.y = (float(y.min()) / 1.25, float(y.max()) * ROOM**2)
        self.left, self.right = LEFT, WIDTH - RIGHT
        self.top, self.bottom = TOP, HEIGHT - BOTTOM

    def at(self, latency: float, usd: float) -> tuple[float, float]:
        """Return the place of a point."""
        across = math.log(latency / self.x[0]) / math.log(self.x[1] / self.x[0])
        up = math.log(usd / self.y[0]) / math.log(self.y[1] / self.y[0])
        return self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)

    def holds(self, latency: float, usd: float) -> bool:
        """Return whether a point is in the picture."""
        return self.x[0] <= latency <= self.x[1] and self.y[0] <= usd <= self.y[1]

    def axes(self, result: Search, marks: list[str]) -> None:
        """Draw grid, ticks and names."""
        for value in _ticks(*self.x):
            x, _ = self.at(value, self.y[0])
            marks.append(path(f"M{x:.1f},{self.top:.1f} V{self.bottom:.1f}", stroke=GRID))
            marks.append(words(x, self.bottom + 16, _time(value), 10.5, text_anchor="middle", fill=QUIET))
        for value in _ticks(*self.y):
            _, y = self.at(self.x[0], value)
            marks.append(path(f"M{self.left:.1f},{y:.1f} H{self.right:.1f}", stroke=GRID))
            marks.append(words(self.left - 8, y + 4, f"{value:g}", 10.5, text_anchor="end", fill=QUIET))
        name = f"{NAMES[result.latency]}, {100 * result.objective.at:g} % of the requests are below"
        marks.append(words((self.left + self.right) / 2, self.bottom + 36, name, 11, text_anchor="middle"))
        marks.append(words(self.left, self.top - 10, "$ a million output tokens", 11, text_anchor="start"))


def _ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [step * 10.0**decade for decade in decades for step in TICKS]
    return [float(f"{value:.6g}") for value in found if low <= value <= high]


def _cloud(result: Search, box: _Box, colours: dict[str, str], marks: list[str]) -> None:
    """Draw configurations of the closed form, one a small square and chip."""
    seen: set[tuple[int, int, int]] = set()
    dots: dict[int, list[str]] = {}
    for latency, usd, chip in result.cloud:
        if not box.holds(latency, usd):
            continue
        x, y = box.at(latency, usd)
        cell = (int(x / GRAIN), int(y / GRAIN), int(chip))
        if cell not in seen:
            seen.add(cell)
            dots.setdefault(int(chip), []).append(f"M{x:.0f},{y:.0f}h0")
    for chip, steps in sorted(dots.items()):
        style = {"stroke_width": "2.2", "stroke_linecap": "round", "opacity": "0.22", "fill": "none"}
        marks.append(path("".join(steps), stroke=colours[result.chips[chip]], **style))


def _dots(result: Search, box: _Box, colours: dict[str, str], marks: list[str]) -> None:
    for one in result.found:
        if box.holds(one.latency_s, one.usd_per_million):
            x, y = box.at(one.latency_s, one.usd_per_million)
            marks.append(_dot(x, y, 2.4, colours[one.deployment.card.id]))


def _dot(x: float, y: float, half: float, colour: str, **style: str) -> str:
    return rect(x - half, y - half, 2 * half, 2 * half, fill=colour, rx=f"{half:g}", **style)


def _front(line: list[Found], box: _Box, colours: dict[str, str], marks: list[str]) -> None:
    if not line:
        return
    points = [box.at(one.latency_s, one.usd_per_million) for one in line]
    steps = " ".join(f"{'L' if k else 'M'}{x:.1f},{y:.1f}" for k, (x, y) in enumerate(points))
    marks.append(path(steps, fill="none", stroke=INK, stroke_width="1.6", stroke_linejoin="round"))
    for one, (x, y) in zip(line, points, strict=True):
        marks.append(_dot(x, y, 4, colours[one.deployment.card.id], stroke="#ffffff", stroke_width="1"))
    curve = np.array(
        [
            (np.interp(part, (0, 1), (first[0], last[0])), np.interp(part, (0, 1), (first[1], last[1])))
            for first, last in pairwise(points)
            for part in np.linspace(0, 1, 20)
        ]
        or points
    )
    for k in dict.fromkeys((0, _knee(points), len(line) - 1)):
        _label(line[k], points[k], box, curve, marks)
        marks.append(
            _dot(*points[k], 5.5, colours[line[k].deployment.card.id], stroke=INK, stroke_width="1.4")
        )


def _knee(points: list[tuple[float, float]]) -> int:
    """Return the place farthest from the straight line between the ends."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    away = [abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) for x, y in points]
    return int(np.argmax(away))


def _label(
    one: Found, place: tuple[float, float], box: _Box, curve: NDArray[np.float64], marks: list[str]
) -> None:
    """Write what a point is where the front does not run: above the last, right of the first, else below."""
    parts = deployment_words(one.deployment).split(", ")
    lines = [f"{_time(one.latency_s)}, {_usd(one.usd_per_million)} $/M", *_packed(parts)]
    wide, high = max(map(len, lines)) * LETTER, LINE * len(lines)
    x, y = place
    if x >= curve[:, 0].max() and len(curve) > 1:
        x = min(x - wide / 2, WIDTH - 12 - wide)
        across = (curve[:, 0] > x - 8) & (curve[:, 0] < x + wide + 8)
        y = float(curve[across, 1].min()) - high - 14
    elif x <= curve[:, 0].min():
        down = (curve[:, 1] > y - 8) & (curve[:, 1] < y + high + 8)
        x = float(curve[down, 0].max()) + 14
    else:
        left = max(box.left + 6, x - wide - 12)
        across = (curve[:, 0] > left - 8) & (curve[:, 0] < left + wide + 8)
        below = float(curve[across, 1].max()) + 10
        x, y = (left, below) if below + high < box.bottom - 4 else (x + 12, y - high - 8)
    side = x - 4 if x > place[0] else x + wide + 4 if x + wide < place[0] else place[0]
    end = min(max(place[1], y), y + high)
    marks.append(
        path(f"M{place[0]:.1f},{place[1]:.1f} L{side:.1f},{end:.1f}", stroke=QUIET, stroke_width="0.8")
    )
    marks.append(rect(x - 4, y - 2, wide + 8, high + 6, fill="#ffffff", opacity="0.85", rx="3"))
    for k, text in enumerate(lines):
        style = {"font_weight": "bold"} if k == 0 else {}
        marks.append(words(x, y + 10 + LINE * k, text, 10.5, **style))


def _packed(parts: list[str]) -> list[str]:
    """Return parts in few lines, commas between them."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) <= LABEL_LETTERS:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return lines


def _key(result: Search, box: _Box, colours: dict[str, str], marks: list[str]) -> None:
    """Name the chips beside the plot, cheapest last, and say what the marks are."""
    x, y = box.right + 16, box.top + 6
    used = {one.deployment.card.id for one in result.found} | {
        result.chips[int(chip)] for chip in set(result.cloud[:, 2].tolist())
    }
    for name in result.chips:
        if name in used:
            marks.append(_dot(x + 4, y, 4, colours[name]))
            marks.append(
                words(
                    x + 14,
                    y + 4,
                    name.removesuffix("_sxm").removesuffix("_server"),
                    11,
                    fill=colours[name],
                    font_weight="bold",
                )
            )
            y += 18
    y += 8
    for text in ("line: the front", "dots: simulated", "faint: closed form"):
        marks.append(words(x, y + 4, text, 10, fill=QUIET))
        y += 15
