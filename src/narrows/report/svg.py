"""Marks of a picture as SVG text, and the colours that stay legible."""

from __future__ import annotations

import html
from itertools import pairwise
from typing import TYPE_CHECKING

from narrows.report.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["contrast", "escaped", "legible", "night_rules", "path", "picture", "rect", "shade", "words"]

FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
INK = "#1a2330"
RAMP = (
    (0.0, (246, 247, 249)),
    (0.05, (250, 228, 219)),
    (0.2, (238, 170, 146)),
    (0.5, (196, 80, 58)),
    (1.0, (105, 18, 18)),
)
"""Colour at a share: each darker than the one before, so that it reads without colour too."""
NIGHT_RAMP = (
    (0.0, (24, 31, 40)),
    (0.05, (54, 36, 38)),
    (0.2, (104, 46, 42)),
    (0.5, (205, 92, 70)),
    (1.0, (255, 205, 186)),
)
"""The same on a dark ground: each lighter than the one before."""


def escaped(text: str) -> str:
    """Return text that can stand in SVG, control characters as spaces.

    Examples
    --------
    >>> escaped('<a "b">')
    '&lt;a &quot;b&quot;&gt;'
    """
    return html.escape(printable(text))


def shade(share: float, ramp: Sequence[tuple[float, tuple[int, int, int]]] = RAMP) -> str:
    """Return the colour of a share, 0 to 1.

    Examples
    --------
    >>> shade(0.0), shade(1.0)
    ('#f6f7f9', '#691212')
    """
    place = min(max(share, 0.0), 1.0)
    for (low, first), (high, second) in pairwise(ramp):
        if place <= high:
            part = (place - low) / (high - low)
            return _hex(round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return _hex(ramp[-1][1])


def _hex(channels: Iterable[int]) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, 1 to 21.

    Notes
    -----
    (L1 + 0.05) / (L2 + 0.05), L = 0.2126 R + 0.7152 G + 0.0722 B on linear channels.

    Source
    ------
    WCAG 2.2, definition of contrast ratio.

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 (sRGB)
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def legible(back: str) -> str:
    """Return black or white, whichever stands out more.

    Examples
    --------
    >>> legible("#f6f7f9"), legible("#691212")
    ('#000000', '#ffffff')
    """
    return max(("#000000", "#ffffff"), key=lambda colour: contrast(colour, back))


def words(x: float, y: float, text: str, size: float = 11, **style: str) -> str:
    """Return text at a place; underscores in the names of a style become hyphens."""
    marks = {"fill": INK} | style
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{_style(marks)}>{escaped(text)}</text>'


def rect(x: float, y: float, width: float, height: float, **style: str) -> str:
    """Return a rectangle."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f"<rect {place}{_style(style)}/>"


def path(steps: str, **style: str) -> str:
    """Return a path."""
    return f'<path d="{steps}"{_style(style)}/>'


def _style(style: dict[str, str]) -> str:
    return "".join(f' {name.replace("_", "-")}="{escaped(value)}"' for name, value in style.items())


def night_rules(colours: Mapping[str, str]) -> str:
    """Return the style that replaces colours where the reader asks for a dark page.

    Parameters
    ----------
    colours
        The dark colour of each light one. Text on a mark whose colour changes says with its class
        which text it needs in the dark: ``pale`` or ``black``.

    Notes
    -----
    Every rule is kept to the picture's own class, so that it cannot reach a page around it.
    """
    rules = [
        f'.narrows [{name}="{light}"]{{{name}:{dark}}}'
        for light, dark in colours.items()
        for name in ("fill", "stroke")
    ]
    rules += [".narrows .pale{fill:#ffffff}", ".narrows .black{fill:#000000}"]
    return "@media screen and (prefers-color-scheme:dark){" + "".join(rules) + "}"


def picture(
    width: float, height: float, title: str, description: str, marks: Iterable[str], *, style: str = ""
) -> str:
    """Return a whole SVG document on white: no script, no link, nothing fetched."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" class="narrows" role="img" aria-labelledby="title desc" '
        f'font-family="{FONT}">'
    )
    told = f'<title id="title">{escaped(title)}</title>\n<desc id="desc">{escaped(description)}</desc>'
    ground = rect(0, 0, width, height, fill="#ffffff")
    rules = [f"<style>{style}</style>"] if style else []
    return "\n".join([head, told, *rules, ground, *marks, "</svg>"]) + "\n"
