"""Plans and searches of training runs as text, JSON, CSV and a picture."""

from __future__ import annotations

import io
import json
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from narrows.figure import number
from narrows.report.svg import INK, night_rules, picture, rect, words
from narrows.report.tables import Sheet
from narrows.training.memory import BUCKETS, fullest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from narrows.training.executions import Execution, Found
    from narrows.training.layout import Layout
    from narrows.training.memory import Stage
    from narrows.training.plan import Plan
    from narrows.training.search import Laid, Layouts

__all__ = [
    "executions_csv",
    "executions_json",
    "executions_text",
    "layouts_csv",
    "layouts_json",
    "layouts_text",
    "plan_json",
    "plan_svg",
    "plan_text",
]

GIB = 2.0**30
BAR, WIDE = 40, 100
WIDTHS = (
    ("chips", "chips"), ("tensor", "TP"), ("stages", "PP"), ("context", "CP"), ("experts", "EP"),
    ("data", "DP"), ("shard", "shard"), ("interleave", "VP"), ("micro_batch", "MBS"),
    ("recompute", "recompute"),
)  # fmt: skip
"""Widths of a layout, and what the trade calls them."""
PAGE, LEFT, RIGHT, ROW, TOP = 860.0, 190.0, 740.0, 24.0, 84.0
BLUE, RED, GREY = "#33658a", "#c4503a", "#5b6673"
NIGHT = {INK: "#e6e9ed", "#ffffff": "#141a21", BLUE: "#7fb2d9", RED: "#e58a74", GREY: "#a8b2bd"}


def _words(layout: Layout) -> str:
    """Return a layout in the words of the trade; what is 1 or none is left out but for TP, PP and DP."""
    parts = []
    for name, short in WIDTHS[1:-1]:
        value = float(getattr(layout, name))
        if name in {"tensor", "stages", "data"} or value > 1:
            parts.append(f"{short}{value:g}" if short.isupper() else f"{short} {value:g}")
    return f"{' '.join(parts)}, recompute {layout.recompute}"


def plan_text(found: Plan) -> str:
    """Return a plan as text.

    Parameters
    ----------
    found
        The plan.
    """
    step, layout = found.step, found.layout
    lines = [
        (
            f"{found.model} on {layout.chips:,.0f} {found.chip}, {layout.batch:,.0f} sequences of "
            f"{layout.sequence:,.0f} tokens, {layout.precision}"
        ),
        f"  layout           {_words(layout)}{' (the fastest that fits)' if found.searched else ''}",
        (
            f"  step             {number(step.seconds.value)} s, 90 % within {number(step.seconds.low)} to "
            f"{number(step.seconds.high)} s ({_known(step.known)})"
        ),
        f"  tokens           {number(step.tokens_per_s)}/s, {number(step.tokens)} a step",
        (
            f"  MFU              {step.mfu.value:.1%} of the bf16 peak "
            f"({step.mfu.low:.1%} to {step.mfu.high:.1%}), "
            f"{step.share_of_rate:.1%} of the {layout.precision} rate"
        ),
        *_knob_lines(found),
        "",
        "Where the time of the step goes:",
    ]
    most = max(step.waterfall.values())
    for name, share in sorted(step.waterfall.items(), key=lambda item: -item[1]):
        if share > 0:
            lines.append(f"  {name:<17}{share:>6.1%}  {'█' * max(1, round(BAR * share / most))}")
    lines += ["", *_memory_lines(found), "", *_run_lines(found)]
    last = "days" if found.tokens is not None else "step"
    others = ", ".join(OTHERS)
    lines += [
        "",
        f"The chain behind a figure: narrows why ID (or {others})",
        f"{PLAN}{last}.{found.question}",
    ]
    return "\n".join(lines)


def _known(kind: str) -> str:
    return "model, machine and software measured" if kind == "seen" else f"no run of this {kind} was measured"


def _knob_lines(found: Plan) -> list[str]:
    knobs = found.knobs
    if knobs is None:
        return []
    names = ", ".join(name.replace("_", "-") for name in knobs.names)
    head = f"  left out         {names}: {knobs.tried} values fit,"
    lines = [f"{head} {number(knobs.fastest.seconds)} to {number(knobs.slowest.seconds)} s a step"]
    lines.append(f"    fastest        {number(knobs.fastest.seconds)} s: {_words(knobs.fastest.layout)}")
    refused = "" if knobs.default_fits else f", does not fit ({knobs.default.memory_bytes / GIB:.1f} GiB)"
    told = f"{number(knobs.default.seconds)} s: {_words(knobs.default.layout)}{refused}"
    return [*lines, f"    default        {told}"]


def _memory_lines(found: Plan) -> list[str]:
    place, full = fullest(found.stages)
    spare = (found.room_bytes - full.total) / GIB
    state = f"fits, {spare:.1f} GiB to spare" if spare >= 0 else f"does not fit, {-spare:.1f} GiB too much"
    lines = [
        (
            f"Memory of a chip [GiB]: {state} of {found.room_bytes / GIB:.1f} that a job can allocate "
            f"({found.capacity_bytes / GIB:.1f} in all)"
        ),
        f"  {'stage':<12}" + "".join(f"{name:>13}" for name in ("layers", *BUCKETS, "total")),
    ]
    for first, last, stage in _alike(found.stages):
        name = f"{first + 1}" if first == last else f"{first + 1} to {last + 1}"
        mark = " fullest" if first <= place <= last else ""
        cells = [f"{getattr(stage, bucket) / GIB:.1f}" for bucket in BUCKETS]
        row = [f"{stage.layers}", *cells, f"{stage.total / GIB:.1f}"]
        lines.append(f"  {name:<12}" + "".join(f"{cell:>13}" for cell in row) + mark)
    if spare < 0:
        told = "; ".join(f"{change} ({held / GIB:.1f} GiB)" for change, held in found.remedies)
        lines.append(f"  What would make it fit: {told or 'no single change of the layout'}")
    return lines


SHOWN = 8
PLAN = "training.plan."
OTHERS = ("step", "mfu", "memory", "useful", "usd", "mwh")
"""Other figures that an id may name."""


def _alike(stages: Sequence[Stage]) -> list[tuple[int, int, Stage]]:
    """Return the stages to show: all, or the first few, the last, and the fullest."""
    places = range(len(stages))
    if len(stages) > SHOWN:
        places = sorted({*range(SHOWN - 2), fullest(stages)[0], len(stages) - 1})  # type: ignore[assignment]
    return [(place, place, stages[place]) for place in places]


def _run_lines(found: Plan) -> list[str]:
    stated, low, _, high = found.useful
    lines = [f"Useful time {stated:.1%} (p05 {low:.1%}, p95 {high:.1%}): failures, checkpoints, restarts"]
    hour = found.hour
    each = "no price is known" if hour.usd is None else f"{number(hour.usd)} usd ({hour.basis})"
    lines.append(f"A chip-hour: {each}, {number(hour.kwh)} kWh")
    if found.usd_per_million is not None:
        lines[-1] += (
            f"; a million tokens {number(found.usd_per_million)} usd, {number(found.kwh_per_million)} kWh"
        )
    if found.tokens is None:
        return lines
    lines += ["", f"{number(found.tokens)} tokens{'':<19}{'stated':>10}{'p05':>10}{'p50':>10}{'p95':>10}"]
    names = {
        "days": "days", "chip_hours": "chip-hours", "usd": "usd, this run alone",
        "usd_with_all": "usd, failed runs and staff too", "mwh": "electricity, MWh",
    }  # fmt: skip
    for name, label in names.items():
        if name in found.stated:
            cells = [number(value) for value in (found.stated[name], *found.bands[name])]
            lines.append(f"  {label:<32}" + "".join(f"{cell:>10}" for cell in cells))
    if found.finish:
        days = [day.isoformat() for day in found.finish]
        lines.append(f"  from {found.start}: done {days[0]}; 90 % within {days[1]} to {days[3]}")
    if found.split:
        parameters, tokens = (number(found.split[name]) for name in ("parameters", "tokens"))
        lines.append(
            f"  The same operations reach the least loss with {parameters} parameters and {tokens} tokens"
        )
    return lines


def _layout_row(layout: Layout) -> dict[str, Any]:
    row: dict[str, Any] = {name: int(getattr(layout, name)) for name, _ in WIDTHS[:-1]}
    whole = {"batch": int(layout.batch), "sequence": int(layout.sequence)}
    return row | whole | {"recompute": layout.recompute, "precision": layout.precision}


def _laid_row(one: Laid) -> dict[str, Any]:
    return _layout_row(one.layout) | {
        "seconds": one.seconds,
        "low": one.low,
        "high": one.high,
        "tokens_per_s": one.tokens_per_s,
        "mfu_of_bf16": one.mfu,
        "memory_bytes": one.memory_bytes,
        "usd_per_million_tokens": one.usd_per_million,
        "kwh_per_million_tokens": one.kwh_per_million,
    }


def plan_json(found: Plan) -> str:
    """Return a plan as JSON.

    Parameters
    ----------
    found
        The plan.
    """
    step, knobs = found.step, found.knobs
    useful = dict(zip(("stated", "p05", "p50", "p95"), found.useful, strict=True))
    finish = [day.isoformat() for day in found.finish]
    table = {
        "model": found.model,
        "chip": found.chip,
        "layout": _layout_row(found.layout),
        "searched": found.searched,
        "step": {
            "seconds": step.seconds.value,
            "low": step.seconds.low,
            "high": step.seconds.high,
            "known": step.known,
            "tokens": step.tokens,
            "tokens_per_s": step.tokens_per_s,
            "flop_per_token": step.flops_per_token,
            "mfu_of_bf16": {"value": step.mfu.value, "low": step.mfu.low, "high": step.mfu.high},
            "share_of_rate": step.share_of_rate,
            "waterfall": step.waterfall,
        },
        "memory": {
            "capacity_bytes": found.capacity_bytes,
            "room_bytes": found.room_bytes,
            "fits": found.fits,
            "stages": [
                {"layers": stage.layers, "total": stage.total}
                | {bucket: getattr(stage, bucket) for bucket in BUCKETS}
                for stage in found.stages
            ],
            "remedies": [{"change": change, "bytes": held} for change, held in found.remedies],
        },
        "left_out": None
        if knobs is None
        else {
            "names": list(knobs.names),
            "tried": knobs.tried,
            "fastest": _laid_row(knobs.fastest),
            "slowest": _laid_row(knobs.slowest),
            "default": _laid_row(knobs.default),
            "default_fits": knobs.default_fits,
        },
        "useful": useful,
        "chip_hour": {"usd": found.hour.usd, "kwh": found.hour.kwh, "basis": found.hour.basis},
        "usd_per_million_tokens": found.usd_per_million,
        "kwh_per_million_tokens": found.kwh_per_million,
        "tokens": found.tokens,
        "split": found.split,
        "stated": found.stated,
        "bands": {
            name: dict(zip(("p05", "p50", "p95"), values, strict=True))
            for name, values in found.bands.items()
        },
        "start": None if found.start is None else found.start.isoformat(),
        "finish": dict(zip(("stated", "p05", "p50", "p95"), finish, strict=True)) if finish else None,
        "sources": list(found.reads),
    }
    return _json("training plan", table)


def _json(command: str, table: Mapping[str, Any]) -> str:
    return json.dumps({"command": command, **table}, indent=2, allow_nan=False)


def plan_svg(found: Plan) -> str:
    """Return where the time of the step goes as SVG: from useful operations to the whole step.

    Parameters
    ----------
    found
        The plan.
    """
    step = found.step
    parts = [(name, share) for name, share in step.waterfall.items() if share > 0]
    height = TOP + ROW * (len(parts) + 2) + 30
    layout = found.layout
    title = f"A training step: {found.model}, {layout.chips:,.0f} {found.chip}"
    told = (
        f"{number(step.seconds.value)} s (90 % {number(step.seconds.low)} to {number(step.seconds.high)} s), "
        f"MFU {step.mfu.value:.1%} of the bf16 peak"
    )
    marks = [
        words(24, 30, title, 16, font_weight="bold"),
        words(24, 50, told, 12, fill=GREY),
        words(24, 66, _words(layout), 12, fill=GREY),
    ]
    scale, begin = RIGHT - LEFT, 0.0
    for place, (name, share) in enumerate(parts):
        y = TOP + ROW * place
        marks += [
            words(LEFT - 10, y + 13, name, 12, text_anchor="end"),
            rect(LEFT + begin * scale, y, max(share * scale, 1.0), 16, fill=BLUE),
            words(
                LEFT + (begin + share) * scale + 6,
                y + 13,
                f"{number(share * step.seconds.value)} s, {share:.1%}",
                11,
                fill=GREY,
            ),
        ]
        begin += share
    y = TOP + ROW * len(parts)
    marks += [
        words(LEFT - 10, y + 13, "whole step", 12, text_anchor="end", font_weight="bold"),
        rect(LEFT, y, scale, 16, fill=RED),
        words(RIGHT + 6, y + 13, f"{number(step.seconds.value)} s", 11, fill=GREY),
        words(LEFT - 10, y + ROW + 13, f"at the {layout.precision} rate", 12, text_anchor="end"),
        rect(LEFT, y + ROW, step.share_of_rate * scale, 16, fill=GREY),
        words(
            LEFT + step.share_of_rate * scale + 6,
            y + ROW + 13,
            f"{step.share_of_rate:.1%}: operations of the model, none computed again",
            11,
            fill=GREY,
        ),
    ]
    return picture(PAGE, height, title, told, marks, style=night_rules(NIGHT))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    sizes = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  " + "  ".join(f"{cell:>{size}}" for cell, size in zip(row, sizes, strict=True))
        for row in (head, *rows)
    ]


def layouts_text(found: Layouts) -> str:
    """Return a search of layouts as text.

    Parameters
    ----------
    found
        The answer.
    """
    space = found.space
    lines = [
        (
            f"{found.model} on {', '.join(f'{count:,}' for count in space.chips)} {found.chip}, "
            f"{space.batch:,} sequences of {space.sequence:,} tokens, {space.precision}"
        ),
        (
            f"{found.priced:,} layouts divide, {found.fitting:,} fit the {found.room_bytes / GIB:.1f} GiB "
            f"that a job can allocate"
        ),
    ]
    if not found.best:
        if np.isfinite(found.least_bytes):
            lines.append(
                f"The least of them needs {found.least_bytes / GIB:.1f} GiB a chip. Give more chips."
            )
        return "\n".join(lines)
    for title, rows in (
        ("Fastest", found.best),
        ("Front of time, dollars, electricity and memory", found.front[: len(found.best)]),
    ):
        head = (*(short for _, short in WIDTHS), "s a step", "90 % within", "MFU", "GiB", "usd/M", "kWh/M")
        cells = []
        for one in rows:
            widths = [f"{float(getattr(one.layout, name)):g}" for name, _ in WIDTHS[:-1]]
            usd = "-" if one.usd_per_million is None else number(one.usd_per_million)
            numbers = [
                number(one.seconds, 4),
                f"{number(one.low)} to {number(one.high)}",
                f"{one.mfu:.1%}",
                f"{one.memory_bytes / GIB:.1f}",
                usd,
                number(one.kwh_per_million),
            ]
            cells.append([*widths, one.layout.recompute, *numbers])
        lines += ["", f"{title}:", *_table(head, cells)]
    lines += ["", "MFU is of the bf16 peak. usd and kWh are of a million tokens while the run works."]
    return "\n".join(lines)


def layouts_json(found: Layouts) -> str:
    """Return a search of layouts as JSON.

    Parameters
    ----------
    found
        The answer.
    """
    table = {
        "model": found.model,
        "chip": found.chip,
        "chips": list(found.space.chips),
        "priced": found.priced,
        "fitting": found.fitting,
        "room_bytes": found.room_bytes,
        "least_bytes": found.least_bytes if np.isfinite(found.least_bytes) else None,
        "basis": found.hour.basis,
        "interrupted": found.interrupted,
        "best": [_laid_row(one) for one in found.best],
        "front": [_laid_row(one) for one in found.front],
    }
    return _json("training search", table)


def layouts_csv(found: Layouts) -> str:
    """Return a search of layouts as CSV: the fastest, then the rest of the front.

    Parameters
    ----------
    found
        The answer.
    """
    front = set(map(id, found.front))
    rest = [one for one in found.front if id(one) not in set(map(id, found.best))]
    return _csv([_laid_row(one) | {"front": int(id(one) in front)} for one in (*found.best, *rest)])


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    if rows:
        table = Sheet(text)
        table.writerow(rows[0])
        table.writerows(row.values() for row in rows)
    return text.getvalue().rstrip("\n")


def _execution_row(one: Execution) -> dict[str, Any]:
    widths = {"tensor": one.tensor, "stages": one.stages, "data": one.data, "batch": one.batch}
    numbers = {
        "seconds": one.seconds,
        "sequences_per_s": one.sequences_per_s,
        "memory_bytes": one.memory_bytes,
    }
    return widths | one.choices | numbers


def executions_text(found: Found) -> str:
    """Return a search of executions as text.

    Parameters
    ----------
    found
        The answer.
    """
    lines = [f"{found.executions:,} executions priced, {found.fitting:,} fit", ""]
    for place, one in enumerate(found.best, 1):
        choices = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in one.choices.items())
        lines += [
            (
                f"{place:>3}. {number(one.sequences_per_s, 4)} sequences/s, "
                f"{number(one.seconds, 4)} s a step of {one.batch:,}, {one.memory_bytes / GIB:.1f} GiB: "
                f"TP{one.tensor} PP{one.stages} DP{one.data}"
            ),
            *wrap(choices, WIDE, initial_indent="     ", subsequent_indent="     "),
        ]
    return "\n".join(lines)


def executions_json(found: Found) -> str:
    """Return a search of executions as JSON.

    Parameters
    ----------
    found
        The answer.
    """
    table = {
        "executions": found.executions,
        "fitting": found.fitting,
        "interrupted": found.interrupted,
        "best": [_execution_row(one) for one in found.best],
    }
    return _json("training search", table)


def executions_csv(found: Found) -> str:
    """Return a search of executions as CSV.

    Parameters
    ----------
    found
        The answer.
    """
    return _csv([_execution_row(one) for one in found.best])
