"""The supply of a campus, and the frontier of date, cost and carbon, as text, JSON, rows and a picture."""

from __future__ import annotations

import io
import json
import math
from typing import TYPE_CHECKING, Any

from narrows.facility.supply_plan import band
from narrows.facility.supply_ways import WAY_NAMES
from narrows.figure import number
from narrows.report.chart import EDGE, FRAME, MARGIN, NIGHT, QUIET, STREAM
from narrows.report.svg import INK, legible, night_rules, path, picture, rect, words
from narrows.report.tables import Sheet
from narrows.report.words import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narrows.facility.supply_options import Choice, Frontier
    from narrows.facility.supply_plan import FirmSupply, Outage

__all__ = [
    "frontier_csv",
    "frontier_json",
    "frontier_svg",
    "frontier_text",
    "supply_csv",
    "supply_json",
    "supply_text",
]

TRACE = 1e-6  # below which nothing is built or flows
HOURS_OF_WEEK = 168
SHOWN = 0.05  # MW or percent or usd/MWh, below which a line says nothing
NAMES = {
    "grid": "grid, bought",
    "contracted": "contracts",
    "renewable": "own sun and wind",
    "pv": "photovoltaics",
    "wind": "wind",
    "ppa_pv": "contracts for sun",
    "ppa_wind": "contracts for wind",
    "ocgt": "small turbines",
    "ccgt": "combined cycle",
    "fuel_cell": "fuel cells",
    "smr": "small reactors",
    "battery": "battery",
    "inverter": "inverter",
    "wires": "wires",
}
WIDTH = 1000.0
PLOT_LEFT, PLOT_TOP, PLOT_HEIGHT = 70.0, 104.0, 300.0
ROW, BAR = 24.0, 10.0
COLUMNS = ((370.0, 530.0), (590.0, 750.0), (810.0, 940.0))
"""Left and right ends of the three columns of bars: months, cost, carbon."""
NICE = (
    1,
    2,
    3,
    5,
    7,
    10,
    12,
    18,
    24,
    36,
    48,
    60,
    70,
    100,
    120,
    150,
    200,
    300,
    500,
    700,
    1000,
    2000,
    5000,
    10_000,
)
"""Values at which a logarithmic axis may begin, end and have a line."""
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
MOST_TICKS = 6
BAND_ROW = "#f6f7f9"
EARLY, LATE = (134, 176, 220), (34, 60, 110)
"""Colour of the earliest and of the latest first power."""
BOX = (22.0, 16.0)
"""Width and height of a mark with its number."""
STEPS_ASIDE = range(-6, 7)
"""Halves of a box by which it may stand aside of its point."""
LETTERS = 104
"""Letters of a title line that fit the width of the picture."""
BESIDE = 18
"""Letters of star, month and last column of the table of supplies."""
WIDE = 130
"""Width from which intervals fit the table [character]."""


def supply_json(found: FirmSupply, ids: Sequence[str] = ()) -> str:
    """Return the answer as JSON, with the ids that `narrows why` answers."""
    content = {"command": "facility supply", **found.to_json(), "figures": list(ids)}
    return json.dumps(content, indent=2, allow_nan=False)


def supply_csv(found: FirmSupply) -> str:
    """Return one row a number."""
    rows = ["number,value"]
    content = found.to_json()
    for name in ("sources", "outages", "question"):
        del content[name]
    rows += [f"{name},{value:.9g}" for name, value in _flat(content) if not isinstance(value, str)]
    return "\n".join(rows) + "\n"


def _flat(content: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found = []
    for name, value in content.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return found


def supply_text(found: FirmSupply, width: int, ids: Sequence[str] = ()) -> str:
    """Return the page of a supply.

    Parameters
    ----------
    found
        The answer.
    width
        Width to write for [character].
    ids
        Figures that `narrows why` answers.
    """
    built, campus = found.built, found.built.campus
    low, middle, high = found.cost
    of_grid = f"grid {campus.grid:g} MW" if campus.grid > 0 else "no grid"
    lines = [
        f"{campus.load:g} MW in every hour at {found.place}, {of_grid}: {built.cost:.1f} usd/MWh at stated",
        f"costs; draws of all costs say {middle:.1f} ({low:.1f} to {high:.1f}).",
        "",
        f"{'built':<28}{'MW':>10}",
    ]
    for name, size in built.capacity.items():
        if size > SHOWN:
            unit = "  MWh" if name == "battery" else ""
            spare = f"  with a spare of {found.spare[1]:.0f}" if name == found.spare[0] else ""
            lines.append(f"  {NAMES[name]:<26}{size:>10.1f}{unit}{spare}")
    if not any(size > SHOWN for size in built.capacity.values()):
        lines.append("  nothing on the site")
    lines += ["", f"{'energy':<28}{'%':>10}"]
    lines += [
        f"  {NAMES[name]:<26}{100 * share:>10.1f}"
        for name, share in built.shares.items()
        if abs(100 * share) > SHOWN
    ]
    if built.curtailed > TRACE:
        lines.append(f"  {'of sun and wind unused':<26}{100 * built.curtailed:>10.1f}")
    lines += ["", f"{'cost':<28}{'usd/MWh':>10}"]
    for name, cost in built.cost_parts.items():
        part, _, rest = name.partition(" ")
        if abs(cost) > SHOWN:
            lines.append(f"  {f'{NAMES[part]} {rest}'.strip():<26}{cost:>10.1f}")
    lines += ["", f"{'carbon dioxide, g/kWh':<28}{'P10':>10}{'P50':>10}{'P90':>10}"]
    for scope, values in found.priced.carbon.items():
        lines.append(f"  {scope:<26}" + "".join(f"{value:>10.0f}" for value in band(values)))
    if found.months:
        lines += ["", f"{'months to first power':<28}{'P10':>10}{'P50':>10}{'P90':>10}"]
        for way, span in found.months.items():
            lines.append(f"  {WAY_NAMES[way]:<26}" + "".join(f"{value:>10.1f}" for value in span))
    return "\n".join([*lines, "", *_remarks(found, width), *(f"ask: narrows why {id_}" for id_ in ids[:1])])


def _remarks(found: FirmSupply, width: int) -> list[str]:
    built, campus = found.built, found.built.campus
    said = [f"One more MW of load costs {built.one_more:.1f} usd/MWh."]
    if built.grid_value > TRACE:
        said.append(f"One more MW of grid saves {number(built.grid_value)} usd a year.")
    hours, energy = built.both_ways
    if hours > 0:
        said.append(
            f"The battery charges and discharges at once in {hours:.0f} hours, {energy:.0f} MWh: negative "
            "prices pay for its losses."
        )
    said += [_outage(outage, campus.load) for outage in found.outages]
    if built.hours.size < campus.price.size:
        said.append(
            f"Solved by {built.hours.size // HOURS_OF_WEEK} weeks that stand for the year; outages are "
            "judged where all hours are solved."
        )
    if found.left_out:
        late = ", ".join(WAY_NAMES[way] for way in found.left_out)
        said.append(f"Not in time: {late}.")
    return [line for text in said for line in folded(text, width)]


def _outage(outage: Outage, load: float) -> str:
    what = f"With {_unit(outage.what)} out for {outage.hours} hours ({outage.lost:.0f} MW)"
    if outage.worst <= TRACE * load:
        return f"{what}, every hour is served."
    told = (
        f"{what}, {outage.mean:.0f} MWh are short on average and {outage.worst:.0f} at worst "
        f"(from hour {outage.hour})"
    )
    if outage.what == "the grid":
        return f"{told}: what the standby generators of the halls must carry."
    return f"{told}."


def _unit(what: str) -> str:
    part = what.removeprefix("one unit of ")
    return f"one unit of {NAMES[part]}" if part != what else what


def frontier_json(found: Frontier, ids: Sequence[str] = ()) -> str:
    """Return the frontier as JSON, with the ids that `narrows why` answers."""
    content = {"command": "facility frontier", **found.to_json(), "figures": list(ids)}
    return json.dumps(content, indent=2, allow_nan=False)


def frontier_csv(found: Frontier) -> str:
    """Return one row a supply."""
    head = [
        f"{name}_{level}"
        for name in ("months", "usd_per_mwh", "g_per_kwh")
        for level in ("p10", "p50", "p90")
    ]
    sheet = io.StringIO()
    table = Sheet(sheet, shown=True)
    table.writerow(["id", "supply", "planned_at_usd_per_t", *head, "on_frontier", "on_frontier_share"])
    for row in found.choices:
        spans = [f"{value:.6g}" for values in (row.months, row.cost, row.carbon) for value in band(values)]
        told = [row.id, row.name, f"{row.carbon_price:g}", *spans, str(row.best).lower(), f"{row.often:.3f}"]
        table.writerow(told)
    return sheet.getvalue()


def _headline(found: Frontier) -> str:
    of_grid = "" if found.grid_mw == found.mw else f" (grid {found.grid_mw:g} MW)"
    kept = sum(row.best for row in found.choices)
    return (
        f"{found.mw:g} MW at {found.place}{of_grid}, first works {found.start}: {kept} of "
        f"{len(found.choices)} supplies are not beaten in date, cost and carbon together"
    )


def _named(row: Choice) -> str:
    return row.name if row.carbon_price == 0 else f"{row.name}, low carbon"


def frontier_text(found: Frontier, width: int, ids: Sequence[str] = ()) -> str:
    """Return the table of supplies, the earliest first.

    Parameters
    ----------
    found
        The answer.
    width
        Width to write for [character].
    ids
        Figures that `narrows why` answers.
    """
    whole = width >= WIDE
    column = 20 if whole else 9
    name = min(max(len(_named(row)) for row in found.choices), width - 3 * column - BESIDE)
    heads = "".join(f"{text:>{column}}" for text in ("months", "usd/MWh", "g/kWh"))
    lines = [*folded(_headline(found) + ".", width), "", f"  {'':<{name}}  {'power':>7}{heads}{'best':>7}"]
    for row in found.choices:
        bands = [band(values) for values in (row.months, row.cost, row.carbon)]
        told = [_span(span) if whole else f"{span[1]:.0f}" for span in bands]
        spans = "".join(f"{text:>{column}}" for text in told)
        day = str(found.day(bands[0][1]))[:7]
        lines.append(
            f"{'*' if row.best else ' '} {_cut(_named(row), name):<{name}}  {day}{spans}{row.often:>7.0%}"
        )
    shown = "P50 (P10 to P90)" if whole else "P50"
    said = [
        (
            f"Month of first power, and {shown}. A star marks a supply that no other beats in all three "
            "medians; the last column is the share of draws in which none does. Cost holds no carbon price; "
            "carbon is that of scopes 1 and 2. Low carbon: planned as if a tonne cost 200 usd."
        )
    ]
    said += [f"{name} cannot serve: {reason}" for name, reason in found.failed.items()]
    said += [f"ask: narrows why {id_}" for id_ in ids[:1]]
    return "\n".join([*lines, "", *(line for text in said for line in folded(text, width))])


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _span(span: tuple[float, float, float]) -> str:
    low, middle, high = span
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def frontier_svg(found: Frontier) -> str:
    """Return the picture: carbon over cost, colour by date; below, the three measures of every supply.

    Parameters
    ----------
    found
        The answer.

    Returns
    -------
    str
        Crosses run from P10 to P90, numbered boxes stand at P50; those with a red frame are not beaten.
        Cost and months have logarithmic axes.
    """
    rows = found.choices
    spans = [[band(values) for values in (row.months, row.cost, row.carbon)] for row in rows]
    marks: list[str] = []
    for place, line in enumerate(folded(_headline(found), LETTERS)):
        marks.append(words(MARGIN, 32 + 20 * place, line, 14.5, font_weight="bold"))
    note = (
        "Carbon dioxide of scopes 1 and 2 [g/kWh] over cost [usd/MWh]: lines P10 to P90, box at P50; "
        "red frame: no other supply is better; darker: later first power"
    )
    marks.append(words(MARGIN, 78, note, 11.5, fill=QUIET))
    _plot(rows, spans, marks)
    top = PLOT_TOP + PLOT_HEIGHT + 74
    axes = [_log_axis([span[0] for span in spans]), _log_axis([span[1] for span in spans])]
    heads = (
        f"months, {axes[0][0]:g} to {axes[0][1]:g}",
        f"usd/MWh, {axes[1][0]:g} to {axes[1][1]:g}",
        f"g/kWh, 0 to {_ceiling(spans):g}",
    )
    marks += [
        rect(MARGIN / 2, top + ROW * place, WIDTH - MARGIN, ROW, fill=BAND_ROW)
        for place in range(1, len(rows), 2)
    ]
    for column, ((left, right), head) in enumerate(zip(COLUMNS, heads, strict=True)):
        marks.append(words(left, top - 8, head, 11.5, fill=QUIET))
        for place, span in enumerate(spans):
            shares = [
                value / _ceiling(spans) if column == len(axes) else _log_share(value, axes[column])
                for value in span[column]
            ]
            low, middle, high = (left + (right - left) * share for share in shares)
            y = top + ROW * place + (ROW - BAR) / 2
            marks.append(rect(low, y, max(high - low, 1.0), BAR, fill=STREAM))
            marks.append(rect(middle - 1.5, y - 3, 3, BAR + 6, fill=INK))
            marks.append(words(high + 6, y + BAR - 1, f"{span[column][1]:.0f}", 11, fill=QUIET))
    for place, row in enumerate(rows):
        y = top + ROW * place + ROW / 2 + 4
        style = {"font_weight": "bold"} if row.best else {}
        marks.append(words(MARGIN, y, f"{place + 1}", 11.5, **style))
        marks.append(words(MARGIN + 24, y, _named(row), 11.5, **style))
    rules = night_rules(NIGHT | {BAND_ROW: "#1b232d"})
    told = frontier_text(found, LETTERS)
    return picture(WIDTH, top + ROW * len(rows) + 24, _headline(found), told, marks, style=rules)


def _plot(rows: Sequence[Choice], spans: list[list[tuple[float, float, float]]], marks: list[str]) -> None:
    """Draw carbon over cost."""
    right, bottom = WIDTH - 40.0, PLOT_TOP + PLOT_HEIGHT
    across, high = _log_axis([span[1] for span in spans]), _ceiling(spans)
    months = [span[0][1] for span in spans]
    soon, late = math.log(min(months)), math.log(max(months))

    def x_of(cost: float) -> float:
        return PLOT_LEFT + _log_share(cost, across) * (right - PLOT_LEFT)

    def y_of(carbon: float) -> float:
        return bottom - carbon / high * PLOT_HEIGHT

    step = next((step for step in STEPS if high / step <= MOST_TICKS), STEPS[-1])
    for place in range(int(high / step) + 1):
        y = y_of(step * place)
        marks.append(path(f"M{PLOT_LEFT:.1f} {y:.1f}H{right:.1f}", stroke=EDGE, stroke_width="0.4"))
        marks.append(words(PLOT_LEFT - 8, y + 4, f"{step * place:g}", text_anchor="end", fill=QUIET))
    for tick in (tick for tick in NICE if across[0] <= tick <= across[1]):
        x = x_of(tick)
        marks.append(path(f"M{x:.1f} {PLOT_TOP:.1f}V{bottom:.1f}", stroke=EDGE, stroke_width="0.4"))
        marks.append(words(x, bottom + 24, f"{tick:g}", text_anchor="middle", fill=QUIET))
    middle = (PLOT_LEFT + right) / 2
    marks.append(words(middle, bottom + 42, "usd/MWh, logarithmic", text_anchor="middle", fill=QUIET))
    taken: list[tuple[float, float]] = []
    for span in spans:
        (cheap, cost, dear), (clean, carbon, dirty) = span[1], span[2]
        line = {"stroke": STREAM, "stroke_width": "1"}
        marks.append(path(f"M{x_of(cheap):.1f} {y_of(carbon):.1f}H{x_of(dear):.1f}", **line))
        marks.append(path(f"M{x_of(cost):.1f} {y_of(clean):.1f}V{y_of(dirty):.1f}", **line))
    wide, tall = BOX
    for place, (row, span) in enumerate(zip(rows, spans, strict=True), start=1):
        true_x, true_y = x_of(span[1][1]), y_of(span[2][1])
        x, y = _free(true_x, true_y, taken)
        if (x, y) != (true_x, true_y):
            marks.append(path(f"M{true_x:.1f} {true_y:.1f}L{x:.1f} {y:.1f}", stroke=INK, stroke_width="1"))
            marks.append(rect(true_x - 2, true_y - 2, 4, 4, fill=INK))
        frame = (
            {"stroke": FRAME, "stroke_width": "2.5"} if row.best else {"stroke": EDGE, "stroke_width": "1"}
        )
        dark = (math.log(span[0][1]) - soon) / max(late - soon, TRACE)
        colour = "#" + "".join(f"{round(a + dark * (b - a)):02x}" for a, b in zip(EARLY, LATE, strict=True))
        marks.append(rect(x - wide / 2, y - tall / 2, wide, tall, fill=colour, **frame))
        style = {"text_anchor": "middle", "font_weight": "bold", "fill": legible(colour)}
        marks.append(words(x, y + 4, str(place), 11.5, **style))


def _free(x: float, y: float, taken: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the nearest place for a box on which no other box stands."""
    wide, tall = BOX
    steps = [(x + wide * across / 2, y + tall * down / 2) for across in STEPS_ASIDE for down in STEPS_ASIDE]
    steps.sort(key=lambda place: (abs(place[0] - x) + abs(place[1] - y), place))
    free = (
        place
        for place in steps
        if not any(abs(place[0] - at) < wide and abs(place[1] - level) < tall for at, level in taken)
    )
    found = next(free, (x, y))
    taken.append(found)
    return found


def _log_axis(spans: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Return where a logarithmic axis that holds all spans begins and ends."""
    low, high = min(span[0] for span in spans), max(span[2] for span in spans)
    begin = max((tick for tick in NICE if tick <= low), default=low)
    return begin, min((tick for tick in NICE if tick >= high), default=high)


def _log_share(value: float, axis: tuple[float, float]) -> float:
    return math.log(value / axis[0]) / math.log(axis[1] / axis[0])


def _ceiling(spans: list[list[tuple[float, float, float]]]) -> float:
    """Return where the axis of carbon ends [g/kWh]."""
    most = max(1.0, *(span[2][2] for span in spans))
    step = next((step for step in STEPS if most / step <= MOST_TICKS), STEPS[-1])
    return float(math.ceil(most / step) * step)
