"""Who makes the stack, as text, JSON and CSV."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import TYPE_CHECKING

from narrows.bottlenecks.concentration_result import DESIGNS, OTHERS, READINGS, Spread
from narrows.figure import number
from narrows.report.tables import Sheet, _cells, _value, _written
from narrows.report.text import _aligned, _counted, _wrapped
from narrows.report.words import percent, printable

if TYPE_CHECKING:
    from narrows.bottlenecks.concentration_result import (
        CompanyThread,
        ConcentrationResult,
        LayerConcentration,
        LossRow,
        Reported,
    )

__all__ = ["COLUMNS", "makers_csv", "makers_json", "makers_text"]

COLUMNS = ("figure", "unit", "mean", "p05", "p50", "p95")
WIDE = 108
"""Characters from which a table shows names and intervals."""
WIDEST = 136
"""Characters from which it also shows all that binds."""
YEARS_SHOWN = (2022, 2028)
Table = list[tuple[str, ...]]


def makers_json(result: ConcentrationResult) -> str:
    """Return the answer as one JSON object, every figure also by its id under ``figures``.

    Parameters
    ----------
    result
        The answer of `narrows.makers`.

    Examples
    --------
    >>> import json
    >>> from narrows.bottlenecks import makers
    >>> answer = json.loads(makers_json(makers("euv", draws=50)))
    >>> answer["layers"][0]["makers"][0]["id"], answer["figures"]["makers.hhi.euv"]["mean"]
    ('asml', 10000.0)
    """
    figures = {
        name: asdict(value) if isinstance(value, Spread) else value
        for name, value in result.figures().items()
    }
    return _written(_value(asdict(result) | {"figures": figures}))


def makers_csv(result: ConcentrationResult) -> str:
    """Return every figure of the answer as CSV, one line a figure with its id for `narrows why`.

    Parameters
    ----------
    result
        The answer of `narrows.makers`.

    Examples
    --------
    >>> from narrows.bottlenecks import makers
    >>> makers_csv(makers("euv", draws=50)).splitlines()[0]
    'figure,unit,mean,p05,p50,p95'
    """
    file = io.StringIO()
    writer = Sheet(file)
    writer.writerow(COLUMNS)
    for name, value in result.figures().items():
        if isinstance(value, Spread):
            writer.writerow(_cells(name, value.unit, value.mean, value.p05, value.p50, value.p95))
        else:
            unit = "share" if ".single." in name else "quarter"
            writer.writerow(_cells(name, unit, value, None, None, None))
    return file.getvalue()


def makers_text(result: ConcentrationResult, width: int) -> str:
    """Return the answer as text: all layers, one layer, or one company through all layers.

    Parameters
    ----------
    result
        The answer of `narrows.makers`.
    width
        Greatest length of a line [character].
    """
    if result.company is not None:
        parts = _company(result, result.company, width)
    elif result.asked:
        parts = _layer(result, result.layers[0], width)
    else:
        parts = _layers(result, width)
    return "\n\n".join([*(part for part in parts if part), _footer(result, width)]) + "\n"


# --- all layers ---------------------------------------------------------------------------------


def _layers(result: ConcentrationResult, width: int) -> list[str]:
    ranking = result.ranking
    named = {layer.id: layer for layer in result.layers}
    first = [_missed(result, row, named[row.layer].name) for row in ranking[:2]]
    single = [layer for layer in result.layers if layer.single_supplier]
    held = ", ".join(f"{layer.name} ({layer.makers[0].name})" for layer in single) or "none"
    limit = percent(result.meta["single_supplier_share"])
    have = "has" if len(single) == 1 else "have"
    told = f"{len(single)} of {len(result.layers)} layers {have} a single supplier ({limit} or more): {held}."
    return [
        _wrapped(" ".join([*first, told]), width),
        "\n".join(
            [_wrapped(_title(result), width), *_aligned(_table(result, width), width, (2, 3, 4, 5, 6, 7))]
        ),
        _wrapped(_meaning(result), width),
        _unknown(result, width),
    ]


def _missed(result: ConcentrationResult, row: LossRow, layer: str) -> str:
    loss = row.readings["loss"]
    what = f"{row.name}'s designs were gone" if row.layer == DESIGNS else f"{row.name} stopped in {layer}"
    lost, whole = _million(loss.h100e.mean), _million(result.deployed.mean)
    return (
        f"If {what} from {result.quarter} until others have taken its place, {lost} M of the {whole} M H100e "
        f"that would be deployed by {result.last} would not be ({percent(loss.part.mean)})."
    )


def _title(
    result: ConcentrationResult, makers: str = "Largest maker of each layer", which: str = "it"
) -> str:
    return (
        f"{makers}, and compute not deployed from {result.quarter} to {result.last} if {which} stops: "
        "until the rest has rebuilt, for one year, for good [%]"
    )


def _table(result: ConcentrationResult, width: int) -> Table:
    wide = width >= WIDE
    head = ("layer", "largest maker", "share", "HHI", "rebuilt", "1 year", "good")
    rows: Table = [(*head, *(("M H100e", "5 to 95 %") if wide else ()), *_also(width, "binds then"))]
    named = {layer.id: layer for layer in result.layers}
    for row in result.ranking:
        layer = named[row.layer]
        loss = row.readings["loss"]
        cells = (
            layer.name if wide else layer.id,
            row.name.partition(" (")[0] if wide else row.maker,
            percent(layer.makers[0].share.mean) + ("*" if layer.single_supplier else " "),
            _hhi(layer),
            *(percent(row.readings[word].part.mean) for word in READINGS),
        )
        more = (_million(loss.h100e.mean), _span(loss.part)) if wide else ()
        rows.append((*cells, *more, *_also(width, _binds(row))))
    return rows


def _hhi(layer: LayerConcentration) -> str:
    low, high = round(layer.hhi.mean), round(layer.hhi_most.mean)
    return str(high) if low == high else f"{low}-{high}"


def _also(width: int, text: str) -> tuple[str, ...]:
    return (text,) if width >= WIDEST else ()


def _effective(layer: LayerConcentration) -> str:
    low, high = number(layer.effective.mean, 2), number(layer.effective_most.mean, 2)
    return low if low == high else f"{low} to {high}"


def _binds(row: LossRow) -> str:
    return row.binders[0][0] if row.binders else "-"


def _meaning(result: ConcentrationResult) -> str:
    return (
        "* single supplier. HHI: sum of squared shares, 10,000 for one maker; from the others as many small "
        "ones to the others as one. A maker stops without warning; its share of the layer is gone, what is "
        "under way and in stock is used up, and no one hurries. ASML's scanners run on: only growth and "
        "service stop. Where a designer is gone, the other designers deploy what they would have deployed. "
        "Losses of layers do not add: the same compute can be missed twice. Counted over "
        f"{result.meta['window_quarters']} quarters."
    )


def _unknown(result: ConcentrationResult, width: int) -> str:
    if not result.unknown:
        return ""
    names = ", ".join(result.unknown)
    return _wrapped(f"Nothing was known then about the makers of: {names}.", width)


# --- one layer ----------------------------------------------------------------------------------


def _layer(result: ConcentrationResult, layer: LayerConcentration, width: int) -> list[str]:
    losses = {row.maker: row for row in layer.losses}
    top = layer.makers[0]
    first = (
        f"{top.name} holds {percent(top.share.mean)} of {layer.name} in {result.quarter}: "
        + (
            "a single supplier. "
            if layer.single_supplier
            else f"as concentrated as {_effective(layer)} makers of equal size. "
        )
        + _missed(result, layer.losses[0], layer.name)
    )
    head = ("maker", "share", "5 to 95 %", "rebuilt", "5 to 95 %", "1 year", "good", "M H100e")
    rows: Table = [(*head, *_also(width, "binds then [quarters]"))]
    none = ("-",) * 5
    for maker in layer.makers:
        share = (
            maker.name.partition(" (")[0] if maker.id != OTHERS else "others (many)",
            percent(maker.share.mean),
            _span(maker.share),
        )
        row = losses.get(maker.id)
        if row is None:
            rows.append((*share, *none, *_also(width, "")))
            continue
        lost = [row.readings[word].part for word in READINGS]
        cells = (percent(lost[0].mean), _span(lost[0]), percent(lost[1].mean), percent(lost[2].mean))
        bound = ", ".join(f"{name} {number(quarters, 2)}" for name, quarters in row.binders)
        rows.append((*share, *cells, _million(row.readings["loss"].h100e.mean), *_also(width, bound)))
    lead = layer.lead_quarters
    time = (
        "not known"
        if lead is None
        else f"{number(lead[1])} quarters ({number(lead[0])} to {number(lead[2])})"
    )
    told = (
        f"HHI {number(layer.hhi.mean)} with the others as many ({_points(layer.hhi)}), "
        f"{number(layer.hhi_most.mean)} with the others as one ({_points(layer.hhi_most)}). One maker holds "
        f"{percent(result.meta['single_supplier_share'])} or more in {percent(layer.single)} of the draws. "
        f"Lead time of the layer: {time}."
    )
    return [
        _wrapped(first, width),
        "\n".join(
            [
                _wrapped(_title(result, f"Makers of {layer.name}", "one"), width),
                *_aligned(rows, width, (1, 2, 3, 4, 5, 6, 7)),
            ]
        ),
        _wrapped(told, width),
        _wrapped(_meaning(result).removeprefix("* single supplier. "), width),
    ]


# --- one company --------------------------------------------------------------------------------


def _company(result: ConcentrationResult, company: CompanyThread, width: int) -> list[str]:
    return [
        _wrapped(_first(result, company), width),
        _rows(result, company, width),
        _together(result, company, width),
        _roles(company, width),
        _designers(result, width) if any(row.takes for row in company.rows) else "",
        _stated(company, width),
        _wrapped(_meaning(result).removeprefix("* single supplier. "), width),
        _unknown(result, width),
    ]


def _first(result: ConcentrationResult, company: CompanyThread) -> str:
    if company.at_once is None:
        stated = [
            f"{percent(report.value)} of {report.of}" for row in company.rows for report in row.reported
        ]
        said = f" Sources give it {', '.join(stated)}." if stated else ""
        return f"{company.name} makes no layer of the map and designs nothing that is deployed.{said}"
    designs = next((row.takes for row in company.rows if row.id == DESIGNS), None)
    told = []
    if designs is not None:
        told = [
            f"{percent(designs.mean)} of the compute added in {result.quarter} is of {company.name}'s designs"
        ]
    held = [f"{percent(row.makes.mean)} of {row.name}" for row in company.rows if row.makes is not None]
    if held:
        told.append(f"{company.name} makes {', '.join(held)}")
    loss = company.at_once.readings["loss"]
    told.append(
        f"if it stopped everywhere at once, {_million(loss.h100e.mean)} M of "
        f"{_million(result.deployed.mean)} M H100e ({percent(loss.part.mean)}, {_span(loss.part)}) would not "
        f"be deployed from {result.quarter} to {result.last}"
    )
    return "; ".join(told) + "."


def _rows(result: ConcentrationResult, company: CompanyThread, width: int) -> str:
    wide = width >= WIDE
    takes = any(row.takes is not None for row in company.rows)
    head = ("day", "layer", "makes", *(("its designs take",) if takes else ()), "lost alone", "M H100e")
    rows: Table = [head]
    for row in company.rows:
        loss = row.loss.readings["loss"] if row.loss else None
        rows.append(
            (
                str(row.day),
                row.name if wide else row.id,
                _share(row.makes, wide=wide),
                *((_share(row.takes, wide=wide),) if takes else ()),
                percent(loss.part.mean) if loss else "-",
                _million(loss.h100e.mean) if loss else "-",
            )
        )
    title = (
        f"{company.name} through the stack in {result.quarter}: what it makes, what goes into its designs, "
        "and what is lost if it stops in one layer alone until the rest has rebuilt"
    )
    lines = [_wrapped(title, width), *_aligned(rows, width, (0, 2, 3, 4, 5))]
    said = [
        f"{percent(report.value)} of {report.of} ({report.fact})"
        for row in company.rows
        for report in row.reported
    ]
    return "\n".join([*lines, *([_wrapped(f"Sources say: {', '.join(said)}.", width)] if said else [])])


def _share(spread: Spread | None, *, wide: bool) -> str:
    if spread is None:
        return "-"
    return f"{percent(spread.mean)} ({_span(spread)})" if wide else percent(spread.mean)


def _together(result: ConcentrationResult, company: CompanyThread, width: int) -> str:
    if company.at_once is None:
        return ""
    rows: Table = [("all layers at once", "M H100e", "5 to 95 %", "part", "sum of the layers alone")]
    words = {"loss": "until the rest has rebuilt", "loss_year": "for one year", "loss_good": "for good"}
    for word, text in words.items():
        loss = company.at_once.readings[word]
        spread = f"{_million(loss.h100e.p05)} to {_million(loss.h100e.p95)}"
        alone = company.alone[word]
        rows.append(
            (text, _million(loss.h100e.mean), spread, percent(loss.part.mean), f"{_million(alone.mean)} M")
        )
    bound = ", ".join(f"{name} {number(quarters, 2)}" for name, quarters in company.at_once.binders)
    told = f"What binds then, in quarters of {result.meta['window_quarters']}: {bound}."
    return "\n".join([*_aligned(rows, width, (1, 2, 3, 4)), _wrapped(told, width)])


def _roles(company: CompanyThread, width: int) -> str:
    if not company.roles:
        return ""
    lines = [f"Roles of {company.name}, who could take them, and the figures beside them"]
    for role in company.roles:
        figures = "; ".join(
            f"{verb} {percent(share.mean)} of {what}" for _, verb, what, share in role.figures
        )
        head = f"  {role.part:<11}"
        blank = " " * len(head)
        lines += [
            _wrapped(role.role, width, head),
            _wrapped(f"threat: {role.threat}", width, blank),
            _wrapped(figures or "the map counts no software", width, blank),
        ]
    return "\n".join(lines)


def _designers(result: ConcentrationResult, width: int) -> str:
    first, last = YEARS_SHOWN
    years = [year for year in result.designers if first <= year.year <= last]
    names = dict.fromkeys(name for year in years for name in year.shares)
    rows: Table = [("compute added", *(str(year.year) for year in years))]
    for name in names:
        shares = (year.shares.get(name) for year in years)
        rows.append((name, *("-" if share is None else percent(share.mean) for share in shares)))
    rows.append(("HHI", *(str(round(year.hhi.mean)) for year in years)))
    title = "Whose designs the compute added is, and the concentration of designers"
    return "\n".join([_wrapped(title, width), *_aligned(rows, width, tuple(range(1, len(years) + 1)))])


def _stated(company: CompanyThread, width: int) -> str:
    if not company.commitments:
        return ""
    told = [
        f"{number(report.value)} {report.unit} at {report.about} ({_series(report)})"
        for report in _picked(company.commitments)
    ]
    return _wrapped(
        f"Promised to buy: {', '.join(told)}. All statements: narrows facts {company.id} obligations", width
    )


def _picked(reports: tuple[Reported, ...]) -> list[Reported]:
    """Return the first and the last of each series."""
    found: dict[str, list[Reported]] = {}
    for report in reports:
        found.setdefault(_series(report), []).append(report)
    return [report for series in found.values() for report in dict.fromkeys((series[0], series[-1]))]


def _series(report: Reported) -> str:
    return report.fact.split(".")[1].replace("_", " ")


# --- everywhere ---------------------------------------------------------------------------------


def _million(value: float) -> str:
    return number(value / 1e6, 2)


def _span(spread: Spread) -> str:
    low, high = percent(spread.p05), percent(spread.p95)
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def _points(spread: Spread) -> str:
    return f"{number(spread.p05)} to {number(spread.p95)}"


def _footer(result: ConcentrationResult, width: int) -> str:
    meta = result.meta
    if result.company is not None:
        made = next((row.id for row in result.company.rows if row.loss is not None), "")
        asked = [f"share.{made}.{result.company.id}"] if made else []
        asked += ["loss.all." + result.company.id] if made else ["hhi.cowos"]
    else:
        row = result.layers[0].losses[0] if result.asked else result.ranking[min(1, len(result.ranking) - 1)]
        asked = [f"hhi.{row.layer}", f"loss.{row.layer}.{row.maker}"]
    tail = f" --as-of {meta['as_of']}" if meta["as_of"] else ""
    tail += " --scenario FILE" if meta["scenario"] else ""
    ask = "; ".join(f"narrows why {result.figure(*name.split('.'))}{tail}" for name in asked)
    share = percent(meta["assumptions"] / meta["facts"] if meta["facts"] else 0)
    facts = _counted(meta["facts"], "fact")
    lines = (
        f"{meta['draws']:,} draws, seed {meta['seed']}; {facts} of {meta['vintage']}, {share} assumptions.",
        f"ask: {printable(ask)}",
        "one layer or company: narrows makers cowos, narrows makers nvidia",
    )
    return "\n".join(_wrapped(line, width) for line in lines)
