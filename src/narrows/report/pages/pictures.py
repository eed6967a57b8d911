"""Pictures of the rooms on a page: their own colours by day and by night, bars and bands drawn here."""

from __future__ import annotations

import html
import io
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from narrows.report.pages.parts import Export, Picture
from narrows.report.svg import INK, escaped, night_rules, path, picture, rect, words
from narrows.report.tables import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.report.pages.parts import Table
    from narrows.report.pages.study import Study

__all__ = ["band_svg", "bars_svg", "shown_picture", "taken", "themed", "twin_csv", "twin_json"]

STREAM, LINE, QUIET, EDGE, MARK = "#86b0dc", "#2f6fb0", "#4a5564", "#7d8897", "#b3211b"
NIGHT = {
    "#ffffff": "#10151c",
    INK: "#e8edf3",
    STREAM: "#3f6f9f",
    LINE: "#86b0dc",
    QUIET: "#a9b5c2",
    EDGE: "#8693a3",
    MARK: "#ff8a7d",
}
PLAIN = NIGHT | {"#5c6672": "#a9b5c2", "#8a5a44": "#c08a70", "#c4503a": "#e58a74", "#5b7fa6": "#86b0dc"}
"""The night of a picture that has none of its own: ink and marks legible on a dark ground."""
WIDTH, MARGIN = 860.0, 16.0
NAMES, ENDS = 250.0, 120.0
ROW, BAR = 28.0, 15.0
LETTERS = 36
BAND_HEIGHT, BAND_LEFT, BAND_RIGHT = 300.0, 74.0, 120.0
MOST_TICKS = 5
_STYLE = re.compile(r"<style>(.*?)</style>\s*", re.DOTALL)
_NIGHT = re.compile(r'\.narrows \[(fill|stroke)="([^"]+)"\]\{(?:fill|stroke):([^}]+)\}')
_HEAD = re.compile(r"<svg [^>]*>")
_TITLE = re.compile(r'<title id="title">(.*?)</title>\s*<desc id="desc">(.*?)</desc>\s*', re.DOTALL)
_BOX = re.compile(r'viewBox="[^"]*"')
_COLOUR = re.compile(r'(fill|stroke)="(#[0-9a-fA-F]{3,6})"')
_TAGS = re.compile(r"<[^>]*>")
_CLASSED = re.compile(r'<text [^>]*class="(pale|black)"[^>]*>')
_ON_DARK = {"pale": "#ffffff", "black": "#000000"}


def themed(svg: str) -> Markup:
    """Return a picture of a room as it stands on a page: no style of its own, each colour by day and night.

    Parameters
    ----------
    svg
        A whole SVG of `narrows.report.svg.picture`.

    Notes
    -----
    A page allows no style but its own. The rules for the night are read from the picture and written into
    the marks, as the pair of a colour by day and one by night.

    Examples
    --------
    >>> shown = themed(bars_svg("Rate", "Tflop/s", [("H100", 989.0, "989")]))
    >>> "<style>" in shown, 'aria-label="Rate' in shown
    (False, True)
    """
    style = _STYLE.search(svg)
    own = {(kind, light): dark for kind, light, dark in _NIGHT.findall(style[1] if style else "")}
    night = own or {(kind, light): dark for light, dark in PLAIN.items() for kind in ("fill", "stroke")}
    title = _TITLE.search(svg)
    box = _BOX.search(svg)
    body = _TITLE.sub("", _STYLE.sub("", svg), count=1)
    body = re.sub(r'<rect x="0.0" y="0.0"[^>]*fill="#ffffff"[^>]*/>', "", body, count=1)

    def classed(match: re.Match[str]) -> str:
        dark = _ON_DARK[match[1]]
        return re.sub(r'fill="(#\w+)"', rf'fill="light-dark(\1,{dark})"', match[0])

    def paired(match: re.Match[str]) -> str:
        dark = night.get((match[1], match[2]))
        return f'{match[1]}="light-dark({match[2]},{dark})"' if dark else match[0]

    body = _COLOUR.sub(paired, _CLASSED.sub(classed, body))
    label = f"{title[1]}: {title[2]}" if title and title[2] else title[1] if title else ""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="room" {box[0] if box else ""} role="img" '
        f'aria-label="{escaped(html.unescape(label))}">'
    )
    return Markup(_HEAD.sub(lambda _: head, body, count=1).strip())  # noqa: S704 - our own picture, escaped there


def shown_picture(
    study: Study,
    name: str,
    title: str,
    svg: str,
    *,
    twin: Table,
    source: str | Markup,
    inner: str = "",
) -> Picture:
    """Return a picture with its table, source line and the forms in which it can be taken away.

    Parameters
    ----------
    study
        The study.
    name
        Name of the picture in addresses, such as ``day-9-time``.
    title
        Its heading.
    svg
        The picture as a whole document.
    twin
        The same numbers as a table.
    source
        Where it comes from.
    inner
        The picture as it stands below the heading of the page; the whole one if left out.
    """
    forms = ("SVG", "CSV", "JSON") if study.static else ("SVG", "PNG", "CSV", "JSON")
    exports = tuple(Export(form, f"/picture/{quote(name, safe='')}.{form.lower()}") for form in forms)
    study.pictures[name] = (svg, twin)
    return Picture(title, themed(inner or svg), source, twin, exports=exports, id=name, wide=True)


def taken(svg: str, twin: Table, form: str) -> bytes:
    """Return a picture or its numbers in the form in which they are taken away.

    Parameters
    ----------
    svg, twin
        The picture as a whole document, and the same numbers.
    form
        ``svg``, ``png``, ``csv`` or ``json``.

    Raises
    ------
    DataError
        If a PNG is asked for and no rasteriser is installed.
    """
    if form == "png":
        from narrows.report.chart import png

        return png(svg)
    return {"svg": lambda: svg, "csv": lambda: twin_csv(twin), "json": lambda: twin_json(twin)}[
        form
    ]().encode()


def twin_csv(table: Table) -> str:
    """Return a table as CSV, text that a spreadsheet could read as a formula set apart.

    Examples
    --------
    >>> from narrows.report.pages.parts import Table
    >>> twin_csv(Table("Rates", ("Chip", "Rate"), [["=H100", "989"]])).splitlines()
    ['Chip,Rate', "'=H100,989"]
    """
    out = io.StringIO()
    writer = Sheet(out, shown=True)
    writer.writerow(table.head)
    for row in table.rows:
        writer.writerow(_plain(cell) for cell in row)
    return out.getvalue()


def twin_json(table: Table) -> str:
    """Return a table as JSON: one object a row, as shown."""
    rows = [{name: _plain(cell) for name, cell in zip(table.head, row, strict=True)} for row in table.rows]
    return json.dumps({"caption": table.caption, "rows": rows}, ensure_ascii=False, indent=1) + "\n"


def _plain(cell: str | Markup) -> str:
    return html.unescape(_TAGS.sub("", str(cell))) if isinstance(cell, Markup) else str(cell)


def bars_svg(title: str, unit: str, rows: Sequence[tuple[str, float, str]], *, headed: bool = True) -> str:
    """Return bars, one a row, as SVG.

    Parameters
    ----------
    title, unit
        What is shown, and its unit.
    rows
        Name, length in any unit, and the number as written.
    headed
        Whether the title stands above; not on a page, whose heading it is.
    """
    longest = max((abs(value) for _, value, _ in rows), default=1.0) or 1.0
    top = 44.0 if headed else 8.0
    room = WIDTH - NAMES - ENDS - MARGIN
    height = top + ROW * len(rows) + 12
    marks = [words(MARGIN, 24, title, 14.5, font_weight="bold")] if headed else []
    for place, (name, value, text) in enumerate(rows):
        y = top + ROW * place
        wide = room * abs(value) / longest
        short = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
        marks.append(words(NAMES - 10, y + 12.5, short, 12.5, text_anchor="end"))
        marks.append(rect(NAMES, y + 1, max(wide, 1.0), BAR, fill=STREAM, rx="2"))
        marks.append(words(NAMES + max(wide, 1.0) + 8, y + 12.5, text, 12.5, fill=QUIET))
    return picture(WIDTH, height, title, unit, marks, style=night_rules(NIGHT))


def band_svg(
    title: str,
    unit: str,
    columns: Sequence[str],
    band: tuple[Sequence[float], Sequence[float], Sequence[float]],
    other: tuple[str, Sequence[float]] | None = None,
) -> str:
    """Return a quantity over quarters: median as a line, 5 to 95 % as a band, another line beside it.

    Parameters
    ----------
    title, unit
        What is shown, and its unit.
    columns
        Labels of the quarters.
    band
        5 %, 50 %, 95 %, each over the quarters.
    other
        Name and values of a second line.
    """
    from narrows.figure import number

    low, middle, high = band
    most = max([*high, *(other[1] if other else ())], default=1.0) or 1.0
    step = _step(most / MOST_TICKS)
    top_value = step * int(-(-most // step))
    top, bottom = 56.0, BAND_HEIGHT - 34.0
    wide = (WIDTH - BAND_LEFT - BAND_RIGHT) / max(len(columns) - 1, 1)

    def at(place: int, value: float) -> str:
        return f"{BAND_LEFT + wide * place:.1f} {bottom - (bottom - top) * value / top_value:.1f}"

    def line(values: Sequence[float]) -> str:
        return "M" + "L".join(at(place, value) for place, value in enumerate(values))

    marks = [
        words(MARGIN, 24, title, 14.5, font_weight="bold"),
        words(MARGIN, 42, f"{unit}; band 5 to 95 % of draws", 12, fill=QUIET),
    ]
    tick = 0.0
    while tick <= top_value * (1 + 1e-9):
        y = bottom - (bottom - top) * tick / top_value
        marks.append(
            path(f"M{BAND_LEFT:.1f} {y:.1f}H{WIDTH - BAND_RIGHT:.1f}", stroke=EDGE, stroke_width="0.4")
        )
        marks.append(words(BAND_LEFT - 8, y + 4, number(tick), 11.5, fill=QUIET, text_anchor="end"))
        tick += step
    edge = "L".join(at(place, value) for place, value in reversed(list(enumerate(low))))
    marks.append(path(f"{line(high)}L{edge}Z", fill=STREAM, fill_opacity="0.45"))
    marks.append(path(line(middle), fill="none", stroke=LINE, stroke_width="2.4"))
    ends = [(middle[-1], "alone", INK)]
    if other:
        marks.append(
            path(line(other[1]), fill="none", stroke=MARK, stroke_width="2.2", stroke_dasharray="6 4")
        )
        ends.append((other[1][-1], other[0], MARK))
    last = -1e9
    for value, name, colour in sorted(ends, key=lambda end: -end[0]):
        y = max(bottom - (bottom - top) * value / top_value + 4, last + 15)
        last = y
        marks.append(words(WIDTH - BAND_RIGHT + 8, y, name, 12, fill=colour))
    for place, label in enumerate(columns):
        if label.endswith(("Q4", "Q2")) or len(columns) < 2 * MOST_TICKS:
            x = BAND_LEFT + wide * place
            marks.append(words(x, bottom + 20, label, 11, fill=QUIET, text_anchor="middle"))
    return picture(WIDTH, BAND_HEIGHT, title, unit, marks, style=night_rules(NIGHT))


def _step(least: float) -> float:
    """Return the next round number: 1, 2 or 5 times a power of ten."""
    power = 1.0
    while power > least:
        power /= 10
    while power * 10 <= least:
        power *= 10
    return next(power * size for size in (1, 2, 5, 10) if power * size >= least * (1 - 1e-9))
