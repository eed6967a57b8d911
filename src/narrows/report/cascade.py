"""The cascade for people and programs: what binds after each relief, and where it moves by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from narrows.figure import number
from narrows.report.columns import aligned, family_words, paragraph, rested, rows_csv, shortened, written
from narrows.report.words import compute, percent, printable, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from narrows.bottlenecks.migration_result import Amount, CascadeResult, CascadeStep, PhaseRow

__all__ = ["cascade_csv", "cascade_json", "cascade_text", "ending", "headline", "spoken"]

STOCK_NAME = "opening stock"
SHOWN_LAYERS, SHOWN_ORDERS, SHOWN_MOVES = 8, 6, 8
"""Rows shown of the long tables; JSON and CSV have all."""
NAME, NARROW_NAME = 28, 16
WIDE = 96
Table = list[tuple[str, ...]]
YEAR_STEP = 4
LAST_YEAR = 10.0
NONE = 0.005
OLD = "As of a past day old forecasts stand where no newer one was out. "
"""What a reader of the study's own day must know."""


def spoken(result: CascadeResult, name: str) -> str:
    """Return the name of what can bind, as it stands within a sentence."""
    return STOCK_NAME if name == "stock" else within(printable(result.names.get(name, name)))


def headline(result: CascadeResult) -> str:
    """Return what binds, what comes after each relief, and what it all gains."""
    first, last = result.steps[0], result.steps[-1]
    start = (
        f"On announced plans {spoken(result, first.binder)} most likely set the pace of {result.at} "
        f"({percent(first.binds[first.binder])} of draws)."
    )
    raised = [spoken(result, step.layer) for step in result.steps[1:]]
    if not raised:
        return f"{start} {ending(result)}"
    return (
        f"{start} If {result.quarter} decides for more of what is likeliest to bind, again and again, the "
        f"order is {', then '.join(raised)}. All together deploy {compute(last.value.mean)} H100e up to "
        f"{result.at} instead of {compute(first.value.mean)}, in the mean. {ending(result)}"
    )


def ending(result: CascadeResult) -> str:
    """Return why the cascade ends, in one sentence."""
    last = result.steps[-1]
    wanted = sum(share for name, share in last.binds.items() if result.families.get(name) == "demand")
    share = (
        f"layers at their ceilings bind in {percent(last.at_ceiling)} of draws, demand in {percent(wanted)}"
    )
    return {
        "demand": "There it ends: demand is likelier to bind than any layer that can still be raised "
        f"({share}).",
        "ceiling": f"There it ends: nothing that binds can be raised further ({share}).",
        "steps": f"More steps were not asked for ({share}).",
    }[result.ends]


def cascade_text(result: CascadeResult, width: int) -> str:
    """Return the cascade as text.

    Parameters
    ----------
    result
        The answer of `narrows.cascade`.
    width
        Greatest length of a paragraph's line [character].
    """
    name = NAME if width >= WIDE else NARROW_NAME
    parts = [
        paragraph(headline(result), width),
        _lines(_steps(result, name)),
        _lines(_own(result, name)),
        _lines(_orders(result)),
        _lines(_natural(result, name)),
        _lines(_families(result)),
        _lines(_moves(result)),
        *(_phases(result, width)),
        _lines(_alone(result, name)),
        paragraph(_meaning(result), width),
        paragraph(f"{rested(result.meta)} {_ask(result)}", width),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(lines: list[str]) -> str:
    return "\n".join(lines)


def _whole(share: float) -> str:
    return f"{100 * share:.0f}" if share >= NONE else ""


def _steps(result: CascadeResult, name: int) -> list[str]:
    rows: Table = [("raised", "arrives", "in time", "gain", "deployed", "then binds", "%", "stuck %")]
    rows += [_step(result, step, name) for step in result.steps]
    told = f"The cascade, {result.quarter} to {result.at}: mean gain and compute deployed [H100e]"
    return [
        told,
        *aligned(rows, right=(2, 3, 4, 6, 7), gap=2 if name == NAME else 1),
        "* raised already, at its ceiling",
    ]


def _step(result: CascadeResult, step: CascadeStep, name: int) -> tuple[str, ...]:
    binder = shortened(printable(result.names.get(step.binder, STOCK_NAME)), name - 2)
    if step.binder in {other.layer for other in result.steps[: step.number + 1]}:
        binder += " *"
    share = f"{100 * step.binds[step.binder]:.0f}"
    if not step.number:
        return ("announced plans"[:name], "", "", "", compute(step.value.mean), binder, share, "")
    return (
        shortened(printable(result.names[step.layer]), name),
        step.arrives,
        percent(step.in_time),
        f"+{compute(step.gain.mean)}",
        compute(step.value.mean),
        binder,
        share,
        f"{100 * step.at_ceiling:.0f}",
    )


def _own(result: CascadeResult, name: int) -> list[str]:
    """Draw by draw: which layer each draw raises in each step, and where it ends."""
    steps = result.own
    layers = sorted(result.names, key=lambda layer: -max(step.relieved.get(layer, 0.0) for step in steps))
    rows = [("each draw raises its own binder", *(f"step {step.number}" for step in steps))]
    rows += [
        (
            f"  {shortened(printable(result.names[layer]), name)}",
            *(_whole(step.relieved[layer]) for step in steps),
        )
        for layer in layers[:SHOWN_LAYERS]
    ]
    words = {
        "demand": "ended: demand binds",
        "ceiling": "ended: at its ceiling",
        "stock": "ended: opening stock",
    }
    rows += [
        (f"  {words[reason]}", *(_whole(step.ended[reason]) for step in steps))
        for reason in words
        if max(step.ended[reason] for step in steps) >= NONE
    ]
    rows.append(("  deployed [H100e], mean", *(compute(step.value.mean) for step in steps)))
    return ["Draw by draw [% of draws]", *aligned(rows, right=range(1, len(rows[0])))]


def _orders(result: CascadeResult) -> list[str]:
    rows = [
        (f"  {percent(order.share)}", ", then ".join(_placed(result, layer) for layer in order.layers))
        for order in result.orders[:SHOWN_ORDERS]
    ]
    return ["Likeliest orders of the first three", *aligned(rows, right=(0,))]


def _placed(result: CascadeResult, name: str) -> str:
    ends = {"demand": "demand binds", "ceiling": "stuck at a ceiling", "stock": f"{STOCK_NAME} lasts"}
    return ends.get(name) or spoken(result, name)


def _natural(result: CascadeResult, name: int) -> list[str]:
    rows: Table = [("quarter", "likeliest layer", "%", "likeliest family", "%")]
    for column in range(0, len(result.quarters), YEAR_STEP):
        layer = max(result.binds, key=lambda key: result.binds[key][column])
        shares = family_shares(result, column)
        family = max(shares, key=lambda key: shares[key])
        rows.append(
            (
                result.quarters[column],
                shortened(printable(result.names.get(layer, STOCK_NAME)), name),
                f"{100 * result.binds[layer][column]:.0f}",
                family_words(family),
                f"{100 * shares[family]:.0f}",
            )
        )
    return ["With no decision: who binds, year by year", *aligned(rows, right=(2, 4))]


def family_shares(result: CascadeResult, column: int) -> dict[str, float]:
    """Return the probability that each family binds a quarter, in flow order.

    Parameters
    ----------
    result
        The answer of `narrows.cascade`.
    column
        Place of the quarter.
    """
    found: dict[str, float] = {}
    for name, series in result.binds.items():
        family = result.families.get(name, "stock")
        found[family] = found.get(family, 0.0) + series[column]
    return found


def _families(result: CascadeResult) -> list[str]:
    rows: Table = [("family", "in 10 years", "median", "10-90 %")]
    rows += [
        (
            family_words(first.family),
            percent(first.ever),
            _years(first.p50),
            f"{_years(first.p10)} to {_years(first.p90)}",
        )
        for first in sorted(result.firsts, key=lambda first: -first.ever)
        if first.ever >= NONE
    ]
    return [f"Years from {result.quarter} until a family first binds", *aligned(rows, right=(1, 2))]


def _years(years: float) -> str:
    if years <= 0:
        return "now"
    return ">10" if years > LAST_YEAR else f"{years:.1f}"


def _moves(result: CascadeResult) -> list[str]:
    rows: Table = [("from", "to", "1 year", "2", "5", "10")]
    rows += [
        (
            family_words(move.before),
            family_words(move.after),
            *(_whole(share) for share in move.by),
        )
        for move in result.moves[:SHOWN_MOVES]
    ]
    return ["Who after whom: the binder passes from one family to another within [% of draws]",
            *aligned(rows, right=(2, 3, 4, 5))]  # fmt: skip


def _phases(result: CascadeResult, width: int) -> Iterator[str]:
    """Return the study's phases, from today and from its own day."""
    then = result.meta.get("study_date")
    for rows, told in (
        (result.phases, f"The study's four phases, from {result.quarter} on"),
        (result.phases_then, f"The same from the study's own quarter, as known on {then}"),
    ):
        if rows:
            cells: Table = [("phase", "window", "named families", "%", "likeliest", "%", "verdict")]
            cells += [_phase(row) for row in rows]
            yield _lines([told, *aligned(cells, right=(3, 5), gap=2 if width >= WIDE else 1)])
    caveats = " ".join(row.caveat for row in result.phases if row.caveat)
    yield paragraph(
        "A phase is supported where the families that it names bind in half of the draws or more, mean over "
        "its quarters; mixed from a quarter on; else not supported. Now is read as the first year. "
        f"{OLD if result.phases_then else ''}"
        f"{caveats}",
        width,
    )


def _phase(row: PhaseRow) -> tuple[str, ...]:
    return (
        f"{row.number} {row.name}",
        f"{row.quarters[0]}-{row.quarters[1]}",
        ", ".join(_brief(family) for family in row.families),
        f"{100 * row.share:.0f}",
        _brief(row.likeliest),
        f"{100 * row.likeliest_share:.0f}",
        row.verdict,
    )


def _brief(family: str) -> str:
    return {"space_power": "power"}.get(family, family_words(family))


def _alone(result: CascadeResult, name: int) -> list[str]:
    if not result.alone:
        return []
    labels = result.alone[0].quarters
    rows = [("layer alone", *labels, "at ceiling:", *labels[1:])]
    rows += [
        (
            shortened(printable(result.names[row.layer]), name),
            *(_times(amount) for amount in row.headroom),
            "",
            *(_times(amount) for amount in row.headroom_raised[1:]),
        )
        for row in result.alone
    ]
    told = "Headroom (median): what a layer alone would permit over what is deployed"
    return [told, *aligned(rows, right=range(1, len(rows[0])), gap=1)]


def _times(amount: Amount) -> str:
    return "none" if amount.p50 == float("inf") else f"{number(amount.p50, 2)}x"


def _meaning(result: CascadeResult) -> str:
    return (
        f"A ceiling is what a layer could make if {result.quarter} decided for more: announced plans until "
        "its lead time has passed, then the fastest growth that it can keep up, in its own units. Demand is "
        "never raised. The headline raises one layer in every draw, though another may bind there; draw "
        "by draw each raises its own. `Stuck` is the share of draws in which what binds was raised "
        "already: more of it cannot come sooner. Beyond the last anchors (2027 to 2030) growth is constant "
        "and the mix of designs is flat after 2028; ten years at the fastest pace is an upper bound, not "
        "a plan."
    )


def _ask(result: CascadeResult) -> str:
    ends = f"{result.quarter}.{result.at}"
    layer = result.steps[1].layer if len(result.steps) > 1 else next(iter(result.names))
    family = result.families[layer]
    return (
        f"ask: narrows why cascade.gain.1.{ends}; likewise cascade.value.1, deployed.1, at_ceiling.1, "
        f"binds.1.{layer}, in_time.{layer}, relieved.1.{layer}, ended.1.demand, own_value.1, "
        f"order.{layer}.ceiling, "
        f"moves.{family}.demand, headroom.{layer}, headroom_raised.{layer}, alone.{layer}, layer.{layer}, "
        f"family.{family} with two quarters; arrives.{layer}, first.{family}, ever.{family}, phase.1, "
        "phase_likeliest.1, phase_then.1 and phase_then_likeliest.1 with the first."
    )


def cascade_json(result: CascadeResult) -> str:
    """Return the cascade as one JSON object, its parts those of `CascadeResult`.

    Parameters
    ----------
    result
        The answer of `narrows.cascade`.
    """
    return written(result)


COLUMNS = ("part", "name", "step", "quarter", "unit", "mean", "p05", "p50", "p95")


def cascade_csv(result: CascadeResult) -> str:
    """Return the cascade as CSV in long form: one row a number.

    Parameters
    ----------
    result
        The answer of `narrows.cascade`.
    """
    return rows_csv(COLUMNS, _rows(result))


Row = tuple[float | str | None, ...]


def _rows(result: CascadeResult) -> Iterator[Row]:
    yield from _headline_rows(result)
    yield from _own_rows(result)
    yield from _alone_rows(result)
    yield from _natural_rows(result)
    yield from _phase_rows(result)


def _share(part: str, name: str, step: str, quarter: str, value: float) -> Row:
    return part, name, step, quarter, "share", value, None, None, None


def _band(part: str, name: str, step: str, quarter: str, found: Amount) -> Row:
    return part, name, step, quarter, found.unit, found.mean, found.p05, found.p50, found.p95


def _headline_rows(result: CascadeResult) -> Iterator[Row]:
    for step in result.steps:
        place = str(step.number)
        for part, found in (("value", step.value), ("gain", step.gain), ("deployed", step.deployed)):
            yield _band(part, step.layer, place, result.at, found)
        yield _share("in_time", step.layer, place, step.arrives, step.in_time)
        yield _share("at_ceiling", step.layer, place, result.at, step.at_ceiling)
        for name, value in step.binds.items():
            yield _share("binds", name, place, result.at, value)


def _own_rows(result: CascadeResult) -> Iterator[Row]:
    for own in result.own:
        place = str(own.number)
        yield _band("own_value", "", place, result.at, own.value)
        for part, shares in (("relieved", own.relieved), ("ended", own.ended)):
            for name, value in shares.items():
                yield _share(part, name, place, result.at, value)
    for order in result.orders:
        yield _share("order", ".".join(order.layers), "", result.at, order.share)


def _alone_rows(result: CascadeResult) -> Iterator[Row]:
    for row in result.alone:
        for part, series in (
            ("alone", row.announced),
            ("alone_raised", row.raised),
            ("headroom", row.headroom),
            ("headroom_raised", row.headroom_raised),
        ):
            for quarter, found in zip(row.quarters, series, strict=True):
                yield _band(part, row.layer, "", quarter, found)


def _natural_rows(result: CascadeResult) -> Iterator[Row]:
    for name, series in result.binds.items():
        for quarter, value in zip(result.quarters, series, strict=True):
            yield _share("layer", name, "", quarter, value)
    for first in result.firsts:
        yield _share("ever", first.family, "", result.quarter, first.ever)
        for level, years in (("p10", first.p10), ("p50", first.p50), ("p90", first.p90)):
            yield "first", first.family, level, result.quarter, "year", years, None, None, None
    for move in result.moves:
        for limit, value in zip((1, 2, 5, 10), move.by, strict=True):
            yield _share("moves", f"{move.before}.{move.after}", f"{limit} years", result.quarter, value)


def _phase_rows(result: CascadeResult) -> Iterator[Row]:
    for part, phases in (("phase", result.phases), ("phase_then", result.phases_then)):
        for phase in phases:
            first, verdict = phase.quarters[0], phase.verdict
            yield _share(part, phase.name, verdict, first, phase.share)
            yield _share(f"{part}_likeliest", phase.likeliest, verdict, first, phase.likeliest_share)
