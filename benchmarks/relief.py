"""What resolves it: the sweep over all layers, and the split of a budget."""

from __future__ import annotations

import resource
import time

from benchmarks import Row, benchmark
from narrows.bottlenecks.portfolio import Splitter
from narrows.bottlenecks.sweep import SHARE, Question
from narrows.bottlenecks.told import Asked

DRAWS, SWEEP_S, BUDGET_USD, GAP = 20_000, 8.0, 20e9, 0.05


def _seconds() -> tuple[float, float]:
    """Return wall and CPU time so far [s]."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


@benchmark("relief")
def relief() -> list[Row]:
    """Time the relaxation of every layer, finite and without limit, then one budget with its certificate."""
    asked = Asked(draws=DRAWS, seed=1, as_of="2026-06-30")
    question = Question.of(asked, "2026Q4", SHARE, None)
    begin, spent = _seconds()
    layers = len(question.sweep(question.parts))
    wall, cpu = (after - before for after, before in zip(_seconds(), (begin, spent), strict=True))
    begin = time.perf_counter()
    (part, _), *_ = Splitter(question).split([BUDGET_USD])
    split = time.perf_counter() - begin
    name = f"{layers} layers relaxed, {DRAWS} draws"
    return [
        Row(f"{name}, wall", wall, None, "s", None, f"<= {SWEEP_S:g} s", wall <= SWEEP_S),
        Row(f"{name}, CPU", cpu, None, "s", None, "", None),
        Row("a budget split over the layers, wall", split, None, "s", None, "", None),
        Row(
            "bound over gain of that split, less 1",
            part.gap,
            None,
            "share",
            None,
            f"<= {GAP:g}",
            part.gap <= GAP,
        ),
    ]
